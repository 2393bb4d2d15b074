//! The command lines of the deployment tools. Their verbs are the same everywhere.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::environment;

#[derive(Debug, Subcommand)]
pub(crate) enum HarnessCommand {
    /// Look at everything that `up` needs; change nothing
    #[command(before_help = "Example: mojaloop harness doctor --engine compose")]
    Doctor(EngineArguments),
    /// Write the files for docker compose, for a team to own
    #[command(before_help = "Example: mojaloop harness render --out harness && cd harness && docker compose up --wait")]
    Render(HarnessRenderArguments),
    /// Say what `up` would change, and how risky that is
    #[command(before_help = "Example: mojaloop harness plan -f hub.yaml")]
    Plan(EngineArguments),
    /// Start a hub, by default with simulated FSPs, and make a first payment
    #[command(before_help = "Example: mojaloop harness up --once -o json")]
    Up(UpArguments),
    /// Say what runs, and where
    #[command(before_help = "Example: mojaloop harness status -o json")]
    Status,
    /// Prove that it works: its health, its scheme, a payment
    #[command(before_help = "Example: mojaloop harness verify")]
    Verify(EngineArguments),
    /// Rebuild and replace the hub whenever a file is saved, without a refused request
    #[command(before_help = "Example: mojaloop harness watch -f hub.yaml")]
    Watch(WatchArguments),
    /// Show the log of a harness that runs in the background or in containers
    #[command(before_help = "Example: mojaloop harness logs --follow")]
    Logs(LogsArguments),
    /// Show the definition and the variables that hold
    #[command(before_help = "Example: mojaloop harness config --show-origin --engine compose")]
    Config(crate::commands::harness::ConfigArguments),
    /// Explain what can be started: the profiles, and upstream's names for them
    #[command(before_help = "Example: mojaloop harness profiles --set store.kind=postgres")]
    Profiles,
    /// Run tests: end-to-end ones, built-in or your own, and those of other levels
    #[command(before_help = "Example: mojaloop harness test payments.yaml --junit results.xml --html results.html")]
    Test(crate::commands::harness::TestArguments),
    /// Open psql on the harness's database
    #[command(before_help = "Example: mojaloop harness psql -c 'SELECT count(*) FROM transfer'")]
    Psql(PsqlArguments),
    /// Open a page of the harness in the browser
    #[command(before_help = "Example: mojaloop harness open metrics --print")]
    Open(OpenArguments),
    /// Show every FSPIOP message between the FSPs and the hub, as far back as it is kept
    #[command(before_help = "Example: mojaloop harness capture --follow")]
    Capture(CaptureArguments),
    /// Stop the harness; its data stay
    #[command(before_help = "Example: mojaloop harness down")]
    Down(DownArguments),
    /// Delete the harness's data, so that the next start begins with an empty hub
    #[command(before_help = "Example: mojaloop harness reset --yes")]
    Reset,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct EngineArguments {
    /// Inside one process, or in containers [default: what runs under this name, else embedded]
    #[arg(long)]
    pub(crate) engine: Option<Engine>,
    /// What to start; `mojaloop harness profiles` explains the names [default: core,simulators]
    #[arg(long, value_name = "PROFILE", value_delimiter = ',', value_parser = profiles(), hide_possible_values = true)]
    pub(crate) profile: Vec<String>,
    /// Add this to every port [default: as it was started under this name, else 0]
    #[arg(long, value_name = "N", env = environment::PORT_OFFSET)]
    pub(crate) port_offset: Option<u16>,
    /// The hub's image, for containers [default: built from this checkout]
    #[arg(long, value_name = "REFERENCE", env = environment::IMAGE)]
    pub(crate) image: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct HarnessRenderArguments {
    /// The folder to write to; files of yours in it stay
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
    /// End after the first payment
    #[arg(long, conflicts_with = "detach")]
    pub(crate) once: bool,
    /// Run in the background; return when it is ready
    #[arg(long)]
    pub(crate) detach: bool,
    /// Keep all files in a temporary folder that is deleted at the end
    #[arg(long, conflicts_with = "data_dir")]
    pub(crate) ephemeral: bool,
    /// This process is the background half of `up --detach`.
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WatchArguments {
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
    /// Keep the hub's data in a temporary folder that is deleted at the end; with the embedded engine
    #[arg(long)]
    pub(crate) ephemeral: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// One process on this machine, without containers
    Embedded,
    /// Containers of their own, by docker compose
    Compose,
}

/// The names of all profiles, ours and upstream's.
fn profiles() -> clap::builder::PossibleValuesParser {
    harness::Profile::names().into()
}

impl EngineArguments {
    /// The profiles that were named; none where nothing was.
    pub(crate) fn profiles(&self) -> Vec<harness::Profile> {
        let mut profiles = self.profile.iter().flat_map(|name| harness::Profile::named(name)).collect::<Vec<_>>();
        profiles.sort_unstable();
        profiles.dedup();
        profiles
    }
}

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// Go on as more is written
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArguments {
    /// Only the messages of this payment: the id of its transfer, its quote or its transaction
    #[arg(long, value_name = "ID")]
    pub(crate) payment: Option<String>,
    /// Go on as messages come, until Ctrl-C
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PsqlArguments {
    /// Run this and end; may be repeated
    #[arg(short, long = "command", value_name = "SQL")]
    pub(crate) commands: Vec<String>,
    /// What else psql is given
    #[arg(last = true, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub(crate) passed: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OpenArguments {
    /// Which one: pages, metrics, health; of containers also console (of the database), prometheus
    #[arg(value_enum, default_value_t = Page::Pages, hide_possible_values = true)]
    pub(crate) page: Page,
    /// Print its URL and open nothing, as where there is no terminal or no browser
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    /// The payments, as they happen
    Pages,
    /// What the hub measures
    Metrics,
    /// Whether it is ready
    Health,
    /// The console of the database
    Console,
    /// What Prometheus has collected
    Prometheus,
}

#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    /// Delete the data, too
    #[arg(long)]
    pub(crate) volumes: bool,
}

/// A tool whose target is a cluster.
#[derive(Debug, Args)]
pub(crate) struct ClusterTool {
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(subcommand)]
    pub(crate) verb: ClusterVerb,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ClusterArguments {
    /// The file that says how the cluster is reached [default: KUBECONFIG, else ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Which context of that file [default: its current one]
    #[arg(long, global = true, value_name = "NAME", env = environment::CONTEXT)]
    pub(crate) context: Option<String>,
    /// Which namespace [default: mojaloop]
    #[arg(long, global = true, value_name = "NAME", env = environment::NAMESPACE)]
    pub(crate) namespace: Option<String>,
    /// The hub's image [default: built from this checkout]
    #[arg(long, global = true, value_name = "REFERENCE", env = environment::IMAGE)]
    pub(crate) image: Option<String>,
    /// What puts an image on the nodes: it is run with the path of the image's archive appended
    #[arg(long, global = true, value_name = "COMMAND", env = environment::IMAGE_LOAD)]
    pub(crate) image_load: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterVerb {
    /// Look at everything that `up` needs; change nothing
    #[command(before_help = "Example: mojaloop {tool} doctor --kubeconfig FILE")]
    Doctor,
    /// Write values and manifests, for a team to own
    #[command(before_help = "Example: mojaloop {tool} render --out DIR")]
    Render(RenderArguments),
    /// Say what `up` would change, and how risky that is
    #[command(before_help = "Example: mojaloop {tool} plan -f hub.yaml")]
    Plan,
    /// Make it so: install or change the release, wait until it is ready, make a payment
    #[command(before_help = "Example: mojaloop {tool} up --namespace mojaloop")]
    Up,
    /// Say what runs, where, how healthy, and which URLs it has
    #[command(before_help = "Example: mojaloop {tool} status -o json")]
    Status,
    /// Prove that it works: workloads, DNS, service, outside port, network policies, a payment
    #[command(before_help = "Example: mojaloop {tool} verify")]
    Verify,
    /// Remove what was made here, and nothing else
    #[command(before_help = "Example: mojaloop {tool} down --yes")]
    Down(ClusterDownArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RenderArguments {
    /// The folder to write to; files of yours in it stay
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterDownArguments {
    /// Keep the hub's volume (what `helm down` does unless --destroy-data is given)
    #[arg(long, conflicts_with = "destroy_data")]
    pub(crate) keep_data: bool,
    /// Delete the hub's volume too (what `miniloop down` does unless --keep-data is given)
    #[arg(long)]
    pub(crate) destroy_data: bool,
}

/// Infrastructure as Code.
#[derive(Debug, Args)]
pub(crate) struct IacTool {
    /// Where the code is rendered to and Terraform works [default: the data folder, NAME/iac in it]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: IacVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IacVerb {
    /// Look at everything that `up` needs: terraform, credentials, quotas; change nothing
    #[command(before_help = "Example: mojaloop iac doctor -f hub.yaml")]
    Doctor,
    /// Write Terraform and CloudFormation, for a team to own
    #[command(before_help = "Example: mojaloop iac render --out infrastructure")]
    Render(RenderArguments),
    /// Say what `up` would change, and how risky that is
    #[command(before_help = "Example: mojaloop iac plan -f hub.yaml")]
    Plan,
    /// Make the infrastructure
    #[command(before_help = "Example: mojaloop iac up -f hub.yaml")]
    Up,
    /// Say what is there
    #[command(before_help = "Example: mojaloop iac status -o json")]
    Status,
    /// Prove that it is as the definition says
    #[command(before_help = "Example: mojaloop iac verify")]
    Verify,
    /// Remove the infrastructure; what holds data is protected
    #[command(before_help = "Example: mojaloop iac down --yes")]
    Down(IacDownArguments),
}

#[derive(Debug, Args)]
pub(crate) struct IacDownArguments {
    /// Lift the protection of databases, backups and keys, and delete them too: this can't be taken back
    #[arg(long)]
    pub(crate) destroy_data: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    /// Whose image to make; others than the hub's are made of packages of Debian or Ubuntu, and of npm
    #[arg(long, value_name = "PART", default_value = "hub")]
    pub(crate) of: ImageOf,
    /// The archive to write
    #[arg(long, value_name = "FILE.tar")]
    pub(crate) out: PathBuf,
    /// Also write the list of what is in it (CycloneDX)
    #[arg(long, value_name = "FILE.json")]
    pub(crate) sbom: Option<PathBuf>,
}

/// What `mojaloop image` makes an image of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImageOf {
    /// The hub, from this checkout
    Hub,
    /// PostgreSQL
    Postgres,
    /// Mojaloop's Testing Toolkit
    TestingToolkit,
    /// Prometheus
    Prometheus,
    /// Adminer, a console for databases
    Console,
}
