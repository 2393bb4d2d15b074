//! The command line, as types. No logic.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{environment, logging::LogFormat, printer::Output};

/// A Mojaloop-compatible payment hub, and the tools that put it where it runs.
#[derive(Debug, Parser)]
#[command(
    name = "mojaloop",
    version,
    before_help = "Example: mojaloop harness up --once    (a hub, two FSPs and a first payment, on this machine)"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// In which form results are written to standard output
    #[arg(short, long, global = true, value_name = "FORM", env = environment::OUTPUT, default_value = "table")]
    pub(crate) output: Output,
    /// Which harness: several can run side by side (with --port-offset)
    #[arg(long, global = true, env = environment::NAME, default_value = "default")]
    pub(crate) name: String,
    /// Where data are kept [default: the user's data folder, mojaloop/NAME in it]
    #[arg(long, global = true, value_name = "DIR", env = environment::DATA_DIR)]
    pub(crate) data_dir: Option<PathBuf>,
    /// How long to wait for something to become ready or to end, in seconds
    #[arg(long, global = true, value_name = "SECONDS", env = environment::TIMEOUT, default_value_t = 30)]
    pub(crate) timeout: u64,
    /// Answer every question with yes
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    /// Show no progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Core Test Harness: a whole hub on this machine, for developing and testing
    #[command(subcommand, before_help = "Example: mojaloop harness up --detach && mojaloop harness status")]
    Harness(HarnessCommand),
    /// The hub itself, as containers run it
    #[command(subcommand, before_help = "Example: mojaloop hub serve --store sqlite:hub.sqlite")]
    Hub(HubCommand),
    /// Simulated FSPs that answer and pay
    #[command(
        before_help = "Example: mojaloop simulator --fsp payerfsp --fsp payeefsp=MSISDN/27713803912 --hub http://127.0.0.1:3000"
    )]
    Simulator(SimulatorArguments),
    /// Make one payment and show its legs as they happen
    #[command(
        before_help = "Example: mojaloop transfer --from payerfsp --to MSISDN/27713803912 --amount 10 --currency USD"
    )]
    Transfer(TransferArguments),
    /// Write completions for a shell
    #[command(before_help = "Example: mojaloop completions bash > ~/.local/share/bash-completion/completions/mojaloop")]
    Completions(CompletionsArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum HarnessCommand {
    /// Start a hub, by default with simulated FSPs, and make a first payment
    #[command(before_help = "Example: mojaloop harness up --once -o json")]
    Up(UpArguments),
    /// Say what runs, and where
    #[command(before_help = "Example: mojaloop harness status -o json")]
    Status,
    /// Show the log of a detached harness
    #[command(before_help = "Example: mojaloop harness logs --follow")]
    Logs(LogsArguments),
    /// Stop the harness; its data stay
    #[command(before_help = "Example: mojaloop harness down")]
    Down(DownArguments),
    /// Delete the harness's data, so that the next start begins with an empty hub
    #[command(before_help = "Example: mojaloop harness reset --yes")]
    Reset,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UpArguments {
    /// Inside this process, or in containers
    #[arg(long, default_value = "embedded")]
    pub(crate) engine: Engine,
    /// What to start: core (the hub alone), simulators (FSPs, onboarded and funded) [default: core,simulators]
    #[arg(long, value_name = "PROFILE", value_delimiter = ',')]
    pub(crate) profile: Vec<Profile>,
    /// End after the first payment
    #[arg(long, conflicts_with = "detach")]
    pub(crate) once: bool,
    /// Run in the background; return when it is ready
    #[arg(long)]
    pub(crate) detach: bool,
    /// Keep all files in a temporary folder that is deleted at the end
    #[arg(long, conflicts_with = "data_dir")]
    pub(crate) ephemeral: bool,
    /// Add this to every port
    #[arg(long, value_name = "N", env = environment::PORT_OFFSET, default_value_t = 0)]
    pub(crate) port_offset: u16,
    /// This process is the background half of `up --detach`.
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// One process on this machine, without containers
    Embedded,
    /// Containers of their own, by docker compose (not available yet)
    Compose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The hub alone, without participants
    Core,
    /// Simulated FSPs, onboarded and funded
    Simulators,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// Go on as more is written
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    /// Delete the data, too
    #[arg(long)]
    pub(crate) volumes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HubCommand {
    /// Run a hub until it is told to stop (SIGTERM, Ctrl-C)
    #[command(before_help = "Example: mojaloop hub serve --store sqlite:hub.sqlite --listen-address 127.0.0.1")]
    Serve(ServeArguments),
    /// Bring a store to this program's schema version
    #[command(before_help = "Example: mojaloop hub migrate --store sqlite:hub.sqlite")]
    Migrate(MigrateArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArguments {
    /// Where the hub keeps its data: sqlite:FILE
    #[arg(long, value_name = "STORE", env = environment::STORE, hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// The name in FSPIOP-Source of messages that the hub makes itself; fixed when the store is made
    #[arg(long, value_name = "NAME", env = environment::HUB_NAME)]
    pub(crate) hub_name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", env = environment::LISTEN_ADDRESS)]
    pub(crate) listen_address: Option<IpAddr>,
    /// Add this to every port
    #[arg(long, value_name = "N", env = environment::PORT_OFFSET, default_value_t = 0)]
    pub(crate) port_offset: u16,
    /// Which URLs FSPs may register: open, not-link-local, or host names separated by commas [default: not-link-local]
    #[arg(long, value_name = "POLICY", env = environment::CALLBACK_POLICY)]
    pub(crate) callback_policy: Option<String>,
    /// Who may use the admin APIs: open lets everybody; it must be said when they are not on a loopback address
    #[arg(long, value_name = "WHO", env = environment::ADMIN)]
    pub(crate) admin: Option<Admin>,
    /// In which form logs are written [default: text on a terminal, else json]
    #[arg(long, value_name = "FORM", env = environment::LOG_FORMAT)]
    pub(crate) log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Admin {
    /// Everybody who can reach them
    Open,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SimulatorArguments {
    /// An FSP to play, with the party that it serves (repeatable): NAME[=TYPE/ID]
    #[arg(long = "fsp", value_name = "NAME[=PARTY]", required = true)]
    pub(crate) fsps: Vec<String>,
    /// How an FSP misbehaves (repeatable): delay-ms=N, silent, error=CODE, wrong-fulfilment, reject, copies=N, status=N,
    /// reserve; several with commas. For rules by phase, party or amount: PUT /fsps/NAME/script at the control address
    #[arg(long = "script", value_name = "NAME=BEHAVIOUR")]
    pub(crate) scripts: Vec<String>,
    /// Where the hub takes FSPIOP
    #[arg(long, value_name = "URL", env = environment::HUB, default_value = "http://127.0.0.1:3000")]
    pub(crate) hub: String,
    /// Where the FSPs listen for the hub
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
    /// Where the simulators are controlled
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9101")]
    pub(crate) control: std::net::SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArguments {
    /// Who pays: an FSP of the simulator
    #[arg(long, value_name = "FSP")]
    pub(crate) from: String,
    /// Who is paid: TYPE/IDENTIFIER[/SUB-IDENTIFIER]
    #[arg(long, value_name = "PARTY")]
    pub(crate) to: String,
    /// How much, like 10 or 12.5
    #[arg(long)]
    pub(crate) amount: String,
    /// In which currency
    #[arg(long)]
    pub(crate) currency: String,
    /// The hub that the payment goes through, to be checked first (http://HOST:PORT)
    #[arg(long, value_name = "URL", env = environment::HUB)]
    pub(crate) hub: Option<String>,
    /// Where the payer's simulator is controlled
    #[arg(long, value_name = "URL", env = environment::SIMULATOR, default_value = "http://127.0.0.1:9101")]
    pub(crate) simulator: String,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}
