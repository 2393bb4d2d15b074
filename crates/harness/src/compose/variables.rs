//! The variables of `compose.yaml`: what they are for, their values, and where each value comes from.

use std::collections::BTreeSet;

use operations::{Failure, Folder};
use serde::Serialize;

use super::ports;

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

/// All variables, in the order in which they are explained.
pub(super) fn all() -> Vec<Variable> {
    let variable = |name, default: &str, about: &str| Variable { name, default: default.into(), about: about.into() };
    let mut all = vec![
        variable(
            "HUB_IMAGE",
            concat!("mojaloop-hub:", env!("CARGO_PKG_VERSION")),
            "The hub's image: `mojaloop image --out FILE` makes it from the sources.",
        ),
        variable("BIND_ADDRESS", "127.0.0.1", "The address of this machine that the ports are published on."),
        variable("LOG", "info", "What is logged: trace, debug, info, warn or error."),
        variable("HUB_MEMORY", "512m", "The most memory that the hub may take."),
        variable("HUB_CPUS", "2", "The most cores that the hub may use."),
    ];
    all.extend(ports::all().map(|port| Variable {
        name: port.variable,
        default: port.port.to_string(),
        about: format!("Port: {}.", port.serves),
    }));
    all
}

/// The variables in the form of `.env`, with an image and an offset of the ports.
pub(super) fn as_file(image: Option<&str>, offset: u16) -> String {
    let mut text = String::from(
        "# Variables of compose.yaml. Copy this to .env and change what you need; rendering again leaves .env alone.\n\n",
    );
    for Variable { name, default, about } in all() {
        let port = ports::all().find(|port| port.variable == name).map(|port| (port.port + offset).to_string());
        let value = match (name, image) {
            ("HUB_IMAGE", Some(image)) => image.to_owned(),
            _ => port.unwrap_or(default),
        };
        text += &format!("# {about}\n{name}={value}\n");
    }
    text
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
    for file in OVERRIDES {
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
    }
}
