//! The variables of `compose.yaml`: what they are for, their values, and where each value comes from.

use std::collections::BTreeSet;

use operations::{Failure, Folder};
use serde::Serialize;

use super::ports::{self, PublishedPort};

/// What docker itself reads from the environment and from `.env`.
const OF_DOCKER: [&str; 4] = ["COMPOSE_", "DOCKER_", "BUILDKIT_", "BUILDX_"];
/// Files of the user in which variables of their own may be used.
const OVERRIDES: [&str; 2] = ["compose.override.yaml", "compose.override.yml"];

/// A variable.
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) default: String,
    pub(super) about: String,
}

/// A setting of the containers with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What holds.
    pub value: String,
    /// Where that was said: `the environment`, `.env:3`, the engine's own file, or `default`.
    pub origin: String,
    /// What it is for.
    pub about: String,
}

/// Variables beside the ports: name, default, what it is for.
const SETTINGS: [(&str, &str, &str); 31] = [
    ("COMPOSE_PROFILES", "core,simulators", "What is started; `mojaloop harness profiles` explains the names."),
    (
        "HUB_IMAGE",
        concat!("mojaloop-hub:", env!("CARGO_PKG_VERSION")),
        "The hub's image: `mojaloop image --out FILE` makes it from the sources.",
    ),
    ("POSTGRES_IMAGE", "postgres:17", "The database's image: the official one, or one with its interface."),
    ("TTK_IMAGE", "mojaloop-testing-toolkit:18.19.2", "The Testing Toolkit's image: `mojaloop harness up` makes it."),
    ("PROMETHEUS_IMAGE", "prom/prometheus:v3.5.0", "Prometheus's image: the official one, or one with its interface."),
    ("CONSOLE_IMAGE", "adminer:5", "The image of the database's console: the official one, or one with its interface."),
    ("BIND_ADDRESS", "127.0.0.1", "The address of this machine that the ports are published on."),
    ("LOG", "info", "What is logged: trace, debug, info, warn or error."),
    ("CALLBACK_POLICY", "open", "Which URLs participants may register: open, not-link-local, or host names."),
    ("CAPTURE", "true", "Whether the hub keeps its last messages for pages and `mojaloop harness capture`."),
    ("HUB_MEMORY", "512m", "The most memory that the hub may take."),
    ("HUB_CPUS", "2", "The most cores that the hub, or a node of it, may use."),
    ("NODE_MEMORY", "256m", "The most memory that a node with one role may take."),
    ("POSTGRES_MEMORY", "512m", "The most memory that the database may take."),
    ("POSTGRES_CPUS", "2", "The most cores that the database may use."),
    ("POSTGRES_SHARED_BUFFERS", "64MB", "What the database keeps in memory for all connections."),
    ("POSTGRES_PASSWORD", "mojaloop", "The database's password; no port of this machine leads to it."),
    ("PROVISIONING_MEMORY", "64m", "The most memory that the provisioning may take."),
    ("SIMULATORS_MEMORY", "128m", "The most memory that the simulated FSPs may take."),
    (
        "MOJALOOP_TTK",
        "./ttk",
        "The folder with the Testing Toolkit's collections; docs/conformance.md says where they are.",
    ),
    ("TTK_MEMORY", "768m", "The most memory that the Testing Toolkit may take."),
    ("TTK_RUN_MEMORY", "384m", "The most memory that a run of its collections may take."),
    ("TTK_CPUS", "2", "The most cores that the Testing Toolkit, or a run of its collections, may use."),
    ("PROMETHEUS_MEMORY", "256m", "The most memory that Prometheus may take."),
    ("PROMETHEUS_RETENTION", "15d", "How long Prometheus keeps what it has read."),
    ("CONSOLE_MEMORY", "128m", "The most memory that the database's console may take."),
    ("LOAD_RATE", "50", "The profile load: payments a second."),
    ("LOAD_DURATION", "60s", "The profile load: for how long."),
    ("LOAD_WARMUP", "5s", "The profile load: how long before that, which counts in no figure."),
    ("LOAD_MEMORY", "512m", "The profile load: the most memory that it may take."),
    ("LOAD_CPUS", "1", "The profile load: the most cores that it may use."),
];

/// All variables, in the order in which they are explained.
pub(super) fn all() -> Vec<Variable> {
    let setting = |(name, default, about): (&'static str, &str, &str)| Variable {
        name,
        default: default.into(),
        about: about.into(),
    };
    let port = |port: &PublishedPort| Variable {
        name: port.variable,
        default: port.port.to_string(),
        about: format!("Port: {}.", port.serves),
    };
    SETTINGS.into_iter().map(setting).chain(ports::all().map(port)).collect()
}

/// What is decided for an engine, where it is not the default.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    /// Added to every port.
    pub(super) offset: u16,
    /// What is started.
    pub(super) profiles: Vec<String>,
    /// Whether only parts of the hub run: they have its ports then.
    pub(super) apart: bool,
    /// Images, by their variables.
    pub(super) images: Vec<(&'static str, String)>,
}

impl Chosen {
    /// The port on this machine.
    pub(super) fn port(&self, port: &PublishedPort) -> u16 {
        let here = if self.apart { port.alone() } else { port.port };
        ports::moved(here, self.offset).unwrap_or(here)
    }

    fn value(&self, name: &str) -> Option<String> {
        let image = self.images.iter().find(|(variable, _)| *variable == name).map(|(_, image)| image.clone());
        let port = ports::all().find(|port| port.variable == name).map(|port| self.port(port).to_string());
        let profiles = (name == "COMPOSE_PROFILES" && !self.profiles.is_empty()).then(|| self.profiles.join(","));
        image.or(port).or(profiles)
    }

    /// In the form of `.env`.
    pub(super) fn as_file(&self) -> String {
        let mut text = String::from(
            "# Variables of compose.yaml. Copy this to .env and change what you need; rendering again leaves .env alone.\n\n",
        );
        for Variable { name, default, about } in all() {
            text += &format!("# {about}\n{name}={}\n", self.value(name).unwrap_or(default));
        }
        text
    }
}

/// What a variable of [`SETTINGS`] is unless it is set.
pub(super) fn default_of(name: &str) -> String {
    let setting = SETTINGS.iter().find(|(other, ..)| *other == name);
    setting.map(|(_, default, _)| (*default).to_owned()).unwrap_or_default()
}

/// The variables that name images.
pub(super) fn of_images() -> impl Iterator<Item = &'static str> {
    SETTINGS.into_iter().map(|(name, ..)| name).filter(|name| name.ends_with("_IMAGE"))
}

/// What the engine's own file says of a variable.
pub(super) fn noted(folder: &Folder, name: &str) -> Result<Option<String>, Failure> {
    let engine = folder.read("engine.env")?.unwrap_or_default();
    Ok(value_in(&engine, name).map(|(value, _)| value))
}

/// What the environment or `.env` says of a variable.
pub(super) fn own(folder: &Folder, name: &str) -> Option<String> {
    let written = || folder.read(".env").ok().flatten().and_then(|text| Some(value_in(&text, name)?.0));
    std::env::var(name).ok().or_else(written)
}

/// What the environment, `.env`, or the engine's own file says of a variable.
pub(super) fn said(folder: &Folder, name: &str) -> Result<Option<String>, Failure> {
    Ok(match own(folder, name) {
        Some(own) => Some(own),
        None => noted(folder, name)?,
    })
}

/// What holds in a folder: the environment wins over `.env`, that over what `up` has written for the engine, that over the
/// defaults.
///
/// # Errors
/// A file can't be read, or `.env` has a variable that neither `compose.yaml`, nor an override file, nor docker knows.
pub(super) fn effective(
    folder: &Folder,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Setting>, Failure> {
    let own = folder.read(".env")?.unwrap_or_default();
    check(folder, &own)?;
    let engine = folder.read("engine.env")?.unwrap_or_default();
    let settings = all().into_iter().map(|Variable { name, default, about }| {
        let found = environment(name).map(|value| (value, "the environment".to_owned()));
        let found = found.or_else(|| value_in(&own, name).map(|(value, line)| (value, format!(".env:{line}"))));
        let found = found.or_else(|| {
            let (value, _) = value_in(&engine, name)?;
            (value != default).then(|| (value, "mojaloop harness up".to_owned()))
        });
        let (value, origin) = found.unwrap_or_else(|| (default, "default".to_owned()));
        Setting { name: name.to_owned(), value, origin, about }
    });
    Ok(settings.collect())
}

/// A setting that was mistyped must not be passed over in silence.
pub(super) fn check(folder: &Folder, text: &str) -> Result<(), Failure> {
    let mut known: BTreeSet<String> = all().into_iter().map(|variable| variable.name.to_owned()).collect();
    let own = own(folder, "COMPOSE_FILE").unwrap_or_default();
    for file in OVERRIDES.into_iter().chain(own.split(':').filter(|file| !file.is_empty())) {
        known.extend(used_in(&folder.read(file)?.unwrap_or_default()));
    }
    for (name, _, line) in assignments(text) {
        if known.contains(name) || OF_DOCKER.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        // Names are short, and letters change places.
        let near = |other: &&String| strsim::normalized_damerau_levenshtein(other, name);
        let nearest = known.iter().max_by(|left, right| near(left).total_cmp(&near(right)));
        let nearest = nearest.map(|nearest| format!("did you mean {nearest}? ")).unwrap_or_default();
        return Err(Failure::usage(format!(
            "{}:{line}: found {name}, which no file here uses",
            folder.path().join(".env").display()
        ))
        .hint(format!(
            "{nearest}.env.example has all of compose.yaml; your own are known once compose.override.yaml uses them"
        )));
    }
    Ok(())
}

/// The last value that a file gives a variable, and its line.
fn value_in(text: &str, name: &str) -> Option<(String, usize)> {
    let found = assignments(text).filter(|(found, ..)| *found == name).last();
    found.map(|(_, value, line)| (value.to_owned(), line))
}

/// Names, values and lines of a file in the form of `.env`.
fn assignments(text: &str) -> impl Iterator<Item = (&str, &str, usize)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        Some((
            name.trim(),
            quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim_end()),
            index + 1,
        ))
    })
}

/// Variables that a compose file uses: `$NAME` and `${NAME…}`.
fn used_in(text: &str) -> Vec<String> {
    let parts = text.split('$').skip(1);
    let name = |part: &str| {
        let part = part.strip_prefix('{').unwrap_or(part);
        let end = part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(part.len());
        part[..end].to_owned()
    };
    parts.map(name).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Folder) {
        let home = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(home.path().join(name), content).unwrap();
        }
        let folder = Folder::at(home.path().to_owned());
        (home, folder)
    }

    #[track_caller]
    fn check_one(files: &[(&str, &str)], environment: Option<&str>, value: &str, origin: &str) {
        let (_home, folder) = folder(files);
        let settings = effective(&folder, |name| environment.filter(|_| name == "LOG").map(str::to_owned)).unwrap();
        let setting = settings.into_iter().find(|setting| setting.name == "LOG").unwrap();
        assert_eq!((setting.value.as_str(), setting.origin.as_str()), (value, origin));
    }

    #[test]
    fn the_last_word_has_whoever_is_nearest() {
        let (own, engine) = ((".env", "# mine\n\nexport LOG=\"debug\"\n"), ("engine.env", "LOG=warn\n"));
        check_one(&[], None, "info", "default");
        check_one(&[engine], None, "warn", "mojaloop harness up");
        check_one(&[own, engine], None, "debug", ".env:3");
        check_one(&[own, engine], Some("trace"), "trace", "the environment");
        check_one(&[(".env", "LOG=error # loud\nLOG=trace\n")], None, "trace", ".env:2");
    }

    #[test]
    fn unknown_variables_are_errors() {
        let refused = |files: &[(&str, &str)]| {
            let (_home, folder) = folder(files);
            effective(&folder, |_| None)
                .err()
                .map(|failure| format!("{} {}", failure.message, failure.hint.unwrap_or_default()))
        };
        let told = refused(&[(".env", "LOG=info\nHUB_MEMROY=1g\n")]).unwrap();
        assert!(told.contains(".env:2: found HUB_MEMROY") && told.contains("did you mean HUB_MEMORY?"), "{told}");
        assert_eq!(refused(&[(".env", "COMPOSE_PROJECT_NAME=x\nDOCKER_HOST=y\n")]), None);
        let own = ("compose.override.yaml", "services: {hub: {image: \"$MY_IMAGE\", cpus: \"${MY_CPUS:-1}\"}}");
        assert_eq!(refused(&[own, (".env", "MY_IMAGE=a\nMY_CPUS=2\n")]), None);
        let (mine, env) = (("mine.yaml", own.1), "COMPOSE_FILE=compose.yaml:mine.yaml\nMY_IMAGE=a\n");
        assert_eq!(refused(&[mine, (".env", env)]), None);
    }
}
