//! `mojaloop definition …`: the definition of a hub, `hub.yaml`.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use definition::{Answers, Hub, InfrastructureRoot, Loaded, Origin, Problem, Problems, Size, Sources};
use serde::Serialize;

use crate::{
    arguments::Global,
    exit::Failure,
    printer::{self, Output},
};

#[derive(Debug, Subcommand)]
pub(crate) enum DefinitionCommand {
    /// Write a first definition, with comments
    #[command(
        before_help = "Example: mojaloop definition init --currency USD --participant bank1 --participant bank2 --out hub.yaml"
    )]
    Init(InitArguments),
    /// Say everything that is wrong with the definition
    #[command(before_help = "Example: mojaloop definition validate -f hub.yaml --environment production")]
    Validate,
    /// Show the whole definition, with its defaults
    #[command(before_help = "Example: mojaloop definition show --origin")]
    Show(ShowArguments),
    /// Write the JSON Schema of definitions
    #[command(before_help = "Example: mojaloop definition schema > hub.schema.json")]
    Schema,
    /// Show how large everything must be, and why
    #[command(before_help = "Example: mojaloop definition sizing --set sizing.paymentsPerSecond=1000")]
    Sizing,
}

/// The hub's own name is the global flag --name.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Write to this file, which must not be there yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A currency of the scheme (repeatable) [default: USD, KES]
    #[arg(long = "currency", value_name = "CODE", value_delimiter = ',')]
    currencies: Vec<String>,
    /// A participant (repeatable) [default: payerfsp, payeefsp]
    #[arg(long = "participant", value_name = "NAME", value_delimiter = ',')]
    participants: Vec<String>,
    /// Payments in the busiest second [default: 100]
    #[arg(long, value_name = "N")]
    payments_per_second: Option<u32>,
    /// What the hub is to stand on, for `mojaloop iac`
    #[arg(long)]
    root: Option<Root>,
    /// The region, for --root aws [default: eu-west-1]
    #[arg(long, requires = "root")]
    region: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Root {
    /// Network, EKS and Aurora on AWS
    Aws,
    /// Machines of your own
    OnPremises,
    /// A cluster and a database that are there
    Managed,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Say of each value where it was written
    #[arg(long)]
    origin: bool,
}

pub(crate) fn run(command: DefinitionCommand, global: &Global) -> Result<(), Failure> {
    match command {
        DefinitionCommand::Init(arguments) => init(arguments, global),
        DefinitionCommand::Validate => validate(global),
        DefinitionCommand::Show(arguments) => show(&arguments, global),
        DefinitionCommand::Schema => schema(global),
        DefinitionCommand::Sizing => sizing(global),
    }
}

/// Where the definition comes from that the global flags name.
pub(crate) fn sources(global: &Global) -> Sources {
    Sources { files: global.definition.clone(), environment: global.environment.clone(), sets: global.set.clone() }
}

/// The definition that the global flags name, with its warnings told on standard error.
pub(crate) fn load(global: &Global) -> Result<Loaded, Failure> {
    load_for(global, Loaded::warnings)
}

/// The same for the embedded engine, which can do what containers can't yet.
pub(crate) fn load_embedded(global: &Global) -> Result<Loaded, Failure> {
    load_for(global, Loaded::warnings_embedded)
}

/// The same for docker compose.
pub(crate) fn load_compose(global: &Global) -> Result<Loaded, Failure> {
    load_for(global, Loaded::warnings_compose)
}

fn load_for(global: &Global, warnings: fn(&Loaded) -> Vec<Problem>) -> Result<Loaded, Failure> {
    let loaded = definition::load(&sources(global)).map_err(|problems| refusal(&problems))?;
    warn(&warnings(&loaded));
    Ok(loaded)
}

fn warn(warnings: &[Problem]) {
    for problem in warnings {
        anstream::eprintln!("{} {problem}", printer::bold("warning:"));
    }
}

fn refusal(problems: &Problems) -> Failure {
    let count = problems.0.len();
    let what = if count == 1 { "one problem".to_owned() } else { format!("{count} problems") };
    Failure::failed(format!("the definition has {what}\n{problems}"))
        .hint("mojaloop definition schema says what may be written")
}

/// The result of `definition validate`.
#[derive(Serialize)]
struct Validation<'a> {
    valid: bool,
    problems: &'a [Problem],
    warnings: &'a [Problem],
}

fn validate(global: &Global) -> Result<(), Failure> {
    let loaded = definition::load(&sources(global));
    let (problems, warnings) = match &loaded {
        Ok(loaded) => (&[][..], loaded.warnings()),
        Err(problems) => (problems.0.as_slice(), Vec::new()),
    };
    let validation = Validation { valid: loaded.is_ok(), problems, warnings: &warnings };
    match loaded {
        Ok(ref loaded) => {
            warn(&warnings);
            printer::print(global.output, "Validation", &validation, |validation| told(loaded, validation.warnings))
        }
        Err(ref problems) => {
            if global.output != Output::Table {
                printer::print(global.output, "Validation", &validation, |_| String::new())?;
            }
            Err(refusal(problems))
        }
    }
}

fn told(loaded: &Loaded, warnings: &[Problem]) -> String {
    let source = match loaded.origins.of("metadata.name") {
        Origin::File { path, .. } => path.display().to_string(),
        origin => origin.to_string(),
    };
    let warned = match warnings.len() {
        0 => String::new(),
        1 => ", with one warning".to_owned(),
        count => format!(", with {count} warnings"),
    };
    format!("valid: {} ({source}){warned}", loaded.hub.metadata.name)
}

/// The result of `definition show`.
#[derive(Serialize)]
struct Shown<'a> {
    definition: &'a Hub,
    #[serde(skip_serializing_if = "Option::is_none")]
    origins: Option<BTreeMap<String, Origin>>,
}

fn show(arguments: &ShowArguments, global: &Global) -> Result<(), Failure> {
    let loaded = load(global)?;
    let origins = arguments.origin.then(|| loaded.origins_of_all());
    let shown = Shown { definition: &loaded.hub, origins };
    printer::print(global.output, "Definition", &shown, |_| loaded.yaml(arguments.origin))
}

fn schema(global: &Global) -> Result<(), Failure> {
    let schema = definition::schema();
    let text = match global.output {
        Output::Yaml => serde_saphyr::to_string(&schema).map_err(Failure::bug)?,
        Output::Table | Output::Json => serde_json::to_string_pretty(&schema).map_err(Failure::bug)?,
    };
    printer::print_text(&text)
}

fn sizing(global: &Global) -> Result<(), Failure> {
    let size = definition::size(&load(global)?.hub);
    printer::print(global.output, "Sizing", &size, size_table)
}

fn size_table(size: &Size) -> String {
    let row = |reason: &definition::Reason| vec![reason.what.to_owned(), reason.value.clone(), reason.because.clone()];
    printer::table(&["WHAT", "VALUE", "BECAUSE"], size.reasons.iter().map(row).collect(), &[1])
}

fn init(arguments: InitArguments, global: &Global) -> Result<(), Failure> {
    let out = arguments.out.clone();
    if let Some(path) = out.as_deref().filter(|path| path.exists()) {
        return Err(already_there(path));
    }
    let answers = answers(arguments, global)?;
    let text = definition::initial(&answers);
    let name = out.as_deref().unwrap_or(Path::new(definition::DEFAULT_FILE));
    definition::load_text(name, &text).map_err(|problems| wrong_answers(&problems))?;
    let Some(path) = out else { return printer::print_text(&text) };
    write_new(&path, &text)?;
    anstream::eprintln!(
        "{} is written; mojaloop definition show -f {} shows it with its defaults",
        path.display(),
        path.display()
    );
    Ok(())
}

fn already_there(path: &Path) -> Failure {
    Failure::failed(format!("{} is there already", path.display())).hint("name another file, or move it away")
}

/// Lines of a file that is not written say nothing to a person; what was found does.
fn wrong_answers(problems: &Problems) -> Failure {
    let line = |problem: &Problem| format!("{}: {}", problem.path, problem.message);
    let said: Vec<String> = problems.0.iter().map(line).collect();
    let failure = Failure::usage(said.join("\n"));
    match problems.0.iter().find_map(|problem| problem.hint.clone()) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Writes a file that is not there, without ever replacing one.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let written = std::fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => already_there(path),
        _ => Failure::failed(format!("{}: {error}", path.display())),
    })
}

/// The name that the global flag has when nobody gave it.
const NO_NAME: &str = "default";

/// What the flags say; a person is asked for the rest, unless `--yes` takes the defaults.
fn answers(arguments: InitArguments, global: &Global) -> Result<Answers, Failure> {
    let defaults = Answers::default();
    let name = (global.name != NO_NAME).then(|| global.name.clone());
    let (currencies, participants) = (given(arguments.currencies), given(arguments.participants));
    let all_said =
        name.is_some() && currencies.is_some() && participants.is_some() && arguments.payments_per_second.is_some();
    let mut asker = Asker { asks: !global.yes && !all_said };
    if asker.asks && !(printer::is_terminal() && std::io::stdin().is_terminal()) {
        return Err(Failure::usage("there are questions, and nobody can be asked without a terminal")
            .hint("--yes takes the defaults for what the flags do not say"));
    }
    Ok(Answers {
        name: asker.text(name, "Name of the hub", &defaults.name)?,
        currencies: asker.list(currencies, "Currencies", &defaults.currencies)?,
        participants: asker.list(participants, "Participants", &defaults.participants)?,
        payments_per_second: asker.number(arguments.payments_per_second, defaults.payments_per_second)?,
        root: arguments.root.map(root),
        region: arguments.region,
    })
}

fn given(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

fn root(root: Root) -> InfrastructureRoot {
    match root {
        Root::Aws => InfrastructureRoot::Aws,
        Root::OnPremises => InfrastructureRoot::OnPremises,
        Root::Managed => InfrastructureRoot::Managed,
    }
}

/// Asks for what was not said.
struct Asker {
    asks: bool,
}

impl Asker {
    fn text(&mut self, said: Option<String>, question: &str, default: &str) -> Result<String, Failure> {
        match said {
            Some(said) => Ok(said),
            None if !self.asks => Ok(default.to_owned()),
            None => ask(question, default),
        }
    }

    fn list(&mut self, said: Option<Vec<String>>, question: &str, default: &[String]) -> Result<Vec<String>, Failure> {
        let text = self.text(said.map(|said| said.join(" ")), question, &default.join(" "))?;
        Ok(text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn number(&mut self, said: Option<u32>, default: u32) -> Result<u32, Failure> {
        let said = said.map(|number| number.to_string());
        let text = self.text(said, "Payments in the busiest second", &default.to_string())?;
        text.parse().map_err(|_| Failure::usage(format!("{text:?} is no number of payments, like {default}")))
    }
}

/// Asks one question on standard error; an empty line is the default.
fn ask(question: &str, default: &str) -> Result<String, Failure> {
    anstream::eprint!("{question} [{default}]: ");
    std::io::stderr().flush().map_err(Failure::failed)?;
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer).map_err(Failure::failed)?;
    match answer.trim() {
        _ if read == 0 => Err(Failure::usage("the answers ended early").hint("--yes takes the defaults")),
        "" => Ok(default.to_owned()),
        answer => Ok(answer.to_owned()),
    }
}
