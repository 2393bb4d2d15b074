//! The command line, as types. No logic.

#[cfg(feature = "tools")]
pub(crate) mod tools;

use std::{ffi::OsString, net::IpAddr, path::PathBuf, time::Duration};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

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
    /// The definition of the hub; may be repeated, later files win [default: ./hub.yaml, else a built-in demo]
    #[cfg(feature = "tools")]
    #[arg(short = 'f', long, global = true, value_name = "FILE", env = environment::DEFINITION, value_delimiter = ',')]
    pub(crate) definition: Vec<PathBuf>,
    /// Take the overlay of this environment too: hub.NAME.yaml beside hub.yaml
    #[cfg(feature = "tools")]
    #[arg(long, global = true, value_name = "NAME", env = environment::ENVIRONMENT)]
    pub(crate) environment: Option<String>,
    /// Set one value of the definition (repeatable), like sizing.paymentsPerSecond=500
    #[cfg(feature = "tools")]
    #[arg(long, global = true, value_name = "PATH=VALUE", env = environment::SET, value_delimiter = '\n')]
    pub(crate) set: Vec<String>,
    /// Which one: several can run side by side (a harness with --port-offset)
    #[arg(long, global = true, env = environment::NAME, default_value = "default")]
    pub(crate) name: String,
    /// Where data are kept [default: the user's data folder, mojaloop/NAME in it]
    #[arg(long, global = true, value_name = "DIR", env = environment::DATA_DIR)]
    pub(crate) data_dir: Option<PathBuf>,
    /// How long to wait for something to become ready or to end, in seconds
    /// [default: 30; 300 for what is built, pulled or installed; 3600 for infrastructure]
    #[arg(long, global = true, value_name = "SECONDS", env = environment::TIMEOUT)]
    pub(crate) timeout: Option<u64>,
    /// Answer every question with yes
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    /// Show no progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// Reads the command line. Wrong usage is said, and ends the process with 2.
pub(crate) fn read() -> Arguments {
    let matches = command().get_matches();
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command line. Tools share their verbs' types; the examples name the tool that was asked.
pub(crate) fn command() -> clap::Command {
    let mut command = Arguments::command();
    if command.find_subcommand("harness").is_some() {
        // `logs -f` follows, as everywhere; a definition is only `--definition` there.
        let definition = clap::Arg::new("definition").long("definition").action(clap::ArgAction::Append).hide(true);
        let definition = definition.value_parser(clap::value_parser!(PathBuf));
        command =
            command.mut_subcommand("harness", |harness| harness.mut_subcommand("logs", |logs| logs.arg(definition)));
    }
    for tool in ["miniloop", "helm"] {
        if command.find_subcommand(tool).is_some() {
            command = command.mut_subcommand(tool, |command| {
                command.mut_subcommands(|verb| match verb.get_before_help().map(ToString::to_string) {
                    Some(example) => verb.before_help(example.replace("{tool}", tool)),
                    None => verb,
                })
            });
        }
    }
    command
}

impl Global {
    /// How long to wait: what was said, else this many seconds.
    pub(crate) fn timeout_or(&self, seconds: u64) -> Duration {
        Duration::from_secs(self.timeout.unwrap_or(seconds))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Core Test Harness: a whole hub on this machine, for developing and testing
    #[cfg(feature = "tools")]
    #[command(subcommand, before_help = "Example: mojaloop harness up --detach && mojaloop harness status")]
    Harness(tools::HarnessCommand),
    /// Miniloop: a hub on any Kubernetes, for evaluating
    #[cfg(feature = "tools")]
    #[command(before_help = "Example: mojaloop miniloop up --kubeconfig ~/.kube/config")]
    Miniloop(tools::ClusterTool),
    /// HELM Deploy: a hub on a hardened Kubernetes cluster, for production
    #[cfg(feature = "tools")]
    #[command(before_help = "Example: mojaloop helm doctor --context production --namespace mojaloop")]
    Helm(tools::ClusterTool),
    /// Infrastructure as Code: what a hub stands on, in a cloud or on machines of one's own
    #[cfg(feature = "tools")]
    #[command(before_help = "Example: mojaloop iac render --out infrastructure")]
    Iac(tools::IacTool),
    /// The definition of a hub: hub.yaml
    #[cfg(feature = "tools")]
    #[command(subcommand, before_help = "Example: mojaloop definition init --yes > hub.yaml")]
    Definition(crate::commands::definition::DefinitionCommand),
    /// Make the image of the hub, from a checkout, or of a part beside it
    #[cfg(feature = "tools")]
    #[command(before_help = "Example: mojaloop image --out mojaloop-hub.tar && docker load -i mojaloop-hub.tar")]
    Image(tools::ImageArguments),
    /// The scheme of a hub: participants, limits, funds, oracles
    #[command(subcommand, before_help = "Example: mojaloop scheme plan --file scheme.json")]
    Scheme(crate::commands::scheme::SchemeCommand),
    /// Whether something answers: the health check inside containers
    #[command(before_help = "Example: mojaloop health --url http://127.0.0.1:9100/ready")]
    Health(crate::commands::health::HealthArguments),
    /// The hub itself, as containers run it
    #[command(subcommand, before_help = "Example: mojaloop hub serve --store sqlite:hub.sqlite")]
    Hub(HubCommand),
    /// Simulated FSPs that answer and pay
    #[command(
        before_help = "Example: mojaloop simulator --fsp payerfsp --fsp payeefsp=MSISDN/27713803912 --hub http://127.0.0.1:3000"
    )]
    Simulator(crate::commands::simulator::SimulatorArguments),
    /// Make one payment and show its legs as they happen
    #[command(
        before_help = "Example: mojaloop transfer --from payerfsp --to MSISDN/27713803912 --amount 10 --currency USD"
    )]
    Transfer(TransferArguments),
    /// Tell the story of a payment, where it stands and why
    #[command(before_help = "Example: mojaloop trace 01JD8ZC3V4M5N6P7Q8R9S0T1V2")]
    Trace(TraceArguments),
    /// Look whether the books are in order, while the hub works
    #[command(before_help = "Example: mojaloop audit --hub http://127.0.0.1:3001 -o json")]
    Audit(AuditArguments),
    /// Measure a hub under load: latencies, processor time, losses
    #[command(before_help = "Example: mojaloop bench --rate 200 --duration 20s --report bench.html")]
    Bench(Box<crate::commands::bench::BenchArguments>),
    /// Measure whether the performance promise is kept, and certify it
    #[command(before_help = "Example: mojaloop certify --store postgres://hub@127.0.0.1:5432/hub --out .")]
    Certify(Box<crate::commands::certify::CertifyArguments>),
    /// Write completions for a shell
    #[command(before_help = "Example: mojaloop completions bash > ~/.local/share/bash-completion/completions/mojaloop")]
    Completions(CompletionsArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum HubCommand {
    /// Run a hub until it is told to stop (SIGTERM, Ctrl-C)
    #[command(before_help = "Example: mojaloop hub serve --store sqlite:hub.sqlite --listen-address 127.0.0.1")]
    Serve(Box<ServeArguments>),
    /// Let the successor of a hub take over: the program that its --successor names
    #[command(before_help = "Example: mojaloop hub replace --process 1")]
    Replace(ReplaceArguments),
    /// Bring a store to this program's schema version
    #[command(before_help = "Example: mojaloop hub migrate --store sqlite:hub.sqlite")]
    Migrate(MigrateArguments),
    /// Move old days of a PostgreSQL store into files, once these are verified
    #[command(
        before_help = "Example: mojaloop hub archive --store postgres://hub@127.0.0.1:5432/hub --keep 90d --out archive"
    )]
    Archive(Box<crate::commands::archive::ArchiveArguments>),
    /// Make a key that signs: the private half into a file, the public half to standard output
    #[command(before_help = "Example: mojaloop hub jws-key --out hub.pem > hub-public.pem")]
    JwsKey(crate::commands::jws::JwsKeyArguments),
    /// Print the OpenAPI document of one of the hub's APIs
    #[command(before_help = "Example: mojaloop hub openapi ledger > ledger.json")]
    Openapi(OpenapiArguments),
}

#[derive(Debug, Args)]
pub(crate) struct OpenapiArguments {
    /// Which API: what FSPs use, what operators of the ledger use, what operators of oracles use
    #[arg(value_name = "API", value_enum)]
    pub(crate) api: Api,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Api {
    Fspiop,
    Ledger,
    Oracles,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArguments {
    /// Where the hub keeps its data: sqlite:FILE or postgres://USER@HOST:PORT/DATABASE (its password: MOJALOOP_STORE_PASSWORD or MOJALOOP_STORE_PASSWORD_FILE)
    #[arg(long, value_name = "STORE", env = environment::STORE, hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// Certificates (a PEM file) that the database's is checked against [default: those of the system]
    #[arg(long, value_name = "FILE", env = environment::STORE_CERTIFICATES)]
    pub(crate) store_certificates: Option<PathBuf>,
    /// The name of this node, which no other node of the hub on the same database has [default: this machine's name, with --port-offset if there is one]
    #[arg(long, value_name = "NAME", env = environment::NODE)]
    pub(crate) node: Option<String>,
    /// The name in FSPIOP-Source of messages that the hub makes itself; fixed when the store is made
    #[arg(long, value_name = "NAME", env = environment::HUB_NAME)]
    pub(crate) hub_name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// A file with settings, named as these flags are: `store: sqlite:hub.sqlite`; flags and variables win
    #[arg(long, value_name = "FILE", env = environment::SETTINGS_FILE)]
    pub(crate) settings: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// What this node does (repeatable): lookup, agreement, clearing, settlement, admin, portal; nodes on one PostgreSQL database share the work [default: all of it]
    #[arg(long, value_name = "ROLE", value_delimiter = ',', env = environment::ROLE)]
    pub(crate) role: Vec<String>,
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", env = environment::LISTEN_ADDRESS)]
    pub(crate) listen_address: Option<IpAddr>,
    /// Add this to every port
    #[arg(long, value_name = "N", env = environment::PORT_OFFSET)]
    pub(crate) port_offset: Option<u16>,
    /// Whether a participant may pay itself (on-us transfers) [default: false]
    #[arg(long, value_name = "BOOLEAN", env = environment::ON_US_TRANSFERS)]
    pub(crate) on_us_transfers: Option<bool>,
    /// Whether the last messages are kept in memory and shown, on pages of their own port (8080) and at /messages of the operations port: they hold personal data, so not in production [default: false]
    #[arg(long, value_name = "BOOLEAN", env = environment::CAPTURE)]
    pub(crate) capture: Option<bool>,
    /// Keep what another node captures, too (repeatable): the URL of its operations port; with --capture true
    #[arg(long, value_name = "URL", value_delimiter = ',', env = environment::CAPTURE_FROM)]
    pub(crate) capture_from: Vec<String>,
    /// Which URLs FSPs may register: open, not-link-local, or host names separated by commas [default: not-link-local]
    #[arg(long, value_name = "POLICY", env = environment::CALLBACK_POLICY)]
    pub(crate) callback_policy: Option<String>,
    /// Whose signatures are checked: none, per-participant (of those who have registered a key), or all [default: none]
    #[arg(long, value_name = "WHOSE", env = environment::JWS_VALIDATE)]
    pub(crate) jws_validate: Option<String>,
    /// The private RSA key (a PEM file) that signs what the hub says itself (MOJALOOP_JWS_SIGN_KEY_FILE, or the key itself in MOJALOOP_JWS_SIGN_KEY) [default: nothing is signed]
    #[arg(long, value_name = "FILE")]
    pub(crate) jws_sign_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tls: TlsArguments,
    /// Who may use the admin APIs: open lets everybody; it must be said when they are not on a loopback address
    #[arg(long, value_name = "WHO", env = environment::ADMIN)]
    pub(crate) admin: Option<Admin>,
    /// In which form logs are written [default: text on a terminal, else json]
    #[arg(long, value_name = "FORM", env = environment::LOG_FORMAT)]
    pub(crate) log_format: Option<LogFormat>,
    /// For developing: let the program in this file take over when `mojaloop hub replace` asks for it, while connections wait [default: no]
    #[arg(long, value_name = "FILE", env = environment::SUCCESSOR)]
    pub(crate) successor: Option<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplaceArguments {
    /// The process of `mojaloop hub serve --successor`; the first one of a container is 1
    #[arg(long, value_name = "PID", default_value_t = 1)]
    pub(crate) process: u32,
}

/// TLS from and to FSPs. All files are PEM; renewed ones are taken up within seconds.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TlsArguments {
    /// The certificate that FSPs see, those between it and its authority after it (PEM): FSPIOP is TLS then, on all its ports. The admin APIs and the operations port stay plain HTTP: keep them among operators. Renewed files are taken up within seconds [default: plain HTTP]
    #[arg(long, value_name = "FILE", env = environment::TLS_CERTIFICATE)]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key, without a passphrase (PEM)
    #[arg(long, value_name = "FILE", env = environment::TLS_KEY)]
    pub(crate) tls_key: Option<PathBuf>,
    /// Authorities of FSPs (PEM): who shows no certificate of theirs is refused in the handshake (mutual TLS) [default: everybody may connect]
    #[arg(long, value_name = "FILE", env = environment::TLS_CLIENT_AUTHORITIES)]
    pub(crate) tls_client_authorities: Option<PathBuf>,
    /// Authorities (PEM) that must vouch for what the hub calls at https:// [default: those that the machine trusts]
    #[arg(long, value_name = "FILE", env = environment::CALLBACK_AUTHORITIES)]
    pub(crate) callback_authorities: Option<PathBuf>,
    /// The certificate that the hub shows to FSPs and oracles that ask for one (PEM) [default: none]
    #[arg(long, value_name = "FILE", env = environment::CALLBACK_CERTIFICATE)]
    pub(crate) callback_certificate: Option<PathBuf>,
    /// Its private key, without a passphrase (PEM)
    #[arg(long, value_name = "FILE", env = environment::CALLBACK_KEY)]
    pub(crate) callback_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// Where the payer's simulator is controlled [default: that of the harness under --name, else http://127.0.0.1:9101]
    #[arg(long, value_name = "URL", env = environment::SIMULATOR)]
    pub(crate) simulator: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArguments {
    /// The id of a transfer, of its quote or its transaction, or of a movement of funds
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

/// Where what happened is read.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReadingArguments {
    /// The ledger admin URL of the hub to ask [default: that of the harness under --name, else http://127.0.0.1:3001]
    #[arg(long, value_name = "URL", env = environment::LEDGER_ADMIN)]
    pub(crate) hub: Option<String>,
    /// The hub is on this machine, its ports moved by this
    #[arg(long, value_name = "N", env = environment::PORT_OFFSET)]
    pub(crate) port_offset: Option<u16>,
    /// Read the store itself, without asking a hub: sqlite:FILE or postgres://USER@HOST:PORT/DATABASE. Nothing is written
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// Certificates (a PEM file) that the database's is checked against [default: those of the system]
    #[arg(long, value_name = "FILE", env = environment::STORE_CERTIFICATES)]
    pub(crate) store_certificates: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}
