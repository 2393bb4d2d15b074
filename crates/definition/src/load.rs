//! From files to a hub that is known to be right.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    Hub, layers, meaning,
    node::{Node, View},
    origin::{Origin, Origins},
    problem::{Problem, Problems},
    read,
    schema::Schema,
    set, structure, unavailable,
};

/// The definition that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "hub.yaml";

/// What a definition is put together from, the later over the earlier: the files in their order, the environment's
/// overlays of them, the single settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Files; without any, `./hub.yaml` if it is there, else the built-in demo.
    pub files: Vec<PathBuf>,
    /// An environment: of each file `X.yaml` the overlay `X.NAME.yaml` beside it, where there is one.
    pub environment: Option<String>,
    /// Single settings: `path=value`, like `store.kind=postgres` or `scheme.currencies=[USD]`.
    pub sets: Vec<String>,
}

impl Sources {
    /// Every file that a change of would be a change of the definition, whether it is there or not.
    pub fn places(&self) -> Vec<PathBuf> {
        let default = [PathBuf::from(DEFAULT_FILE)];
        let files = if self.files.is_empty() { &default[..] } else { &self.files };
        let overlays = self.environment.iter().flat_map(|name| files.iter().map(|file| layers::overlay(file, name)));
        files.iter().cloned().chain(overlays).collect()
    }
}

/// A definition that is right.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The hub, with all defaults.
    pub hub: Hub,
    /// Where each value was written.
    pub origins: Origins,
    /// What the definition asks for that is not available yet: warnings where nothing is started.
    pub unavailable: Vec<Problem>,
    /// What works in one process on this machine and not yet in containers.
    pub unavailable_in_containers: Vec<Problem>,
    /// What works on this machine and not yet in a cluster.
    pub unavailable_in_cluster: Vec<Problem>,
    /// What works in containers and not in one process.
    pub unavailable_in_one_process: Vec<Problem>,
}

impl Loaded {
    /// Everything that is not available yet, here or there.
    pub fn warnings(&self) -> Vec<Problem> {
        [self.unavailable.as_slice(), &self.unavailable_in_containers, &self.unavailable_in_cluster].concat()
    }

    /// What the embedded engine can't do.
    pub fn warnings_embedded(&self) -> Vec<Problem> {
        [self.unavailable.as_slice(), &self.unavailable_in_one_process].concat()
    }

    /// What docker compose can't do.
    pub fn warnings_compose(&self) -> Vec<Problem> {
        [self.unavailable.as_slice(), &self.unavailable_in_containers].concat()
    }
}

/// Reads, merges and checks a definition.
///
/// # Errors
/// [`Problems`]: everything that is wrong, or, when a file cannot be read as YAML at all, why.
pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let schema = Schema::new();
    let files = match sources.files.as_slice() {
        [] if Path::new(DEFAULT_FILE).exists() => &[PathBuf::from(DEFAULT_FILE)],
        files => files,
    };
    let mut root = layers::read(files, sources.environment.as_deref(), &schema)?;
    let sets = sources.sets.iter().filter_map(|setting| set::apply(&schema, &mut root, setting).err()).collect();
    check(&schema, &root, sets)
}

/// Checks one text as if it were the file `name`, without any other layer.
///
/// # Errors
/// Those of [`load`].
pub fn load_text(name: &Path, text: &str) -> Result<Loaded, Problems> {
    let root = read::text(text, &|line| Origin::File { path: name.to_owned(), line }).map_err(Problems)?;
    check(&Schema::new(), &root, Vec::new())
}

fn check(schema: &Schema, root: &Node, mut problems: Vec<Problem>) -> Result<Loaded, Problems> {
    problems.extend(structure::check(schema, root));
    // A value whose form is wrong is told about once.
    let told: BTreeSet<String> = problems.iter().map(|problem| problem.path.clone()).collect();
    let meant = meaning::check(&View::root(root)).into_iter().filter(|problem| !told.contains(&problem.path));
    problems.extend(meant);
    // Stable, so that problems of one line stay in the order of the checks.
    problems.sort_by(|one, other| one.origin.cmp(&other.origin));
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let hub: Hub = serde_json::from_value(root.to_json())
        .map_err(|error| Problem::new("", &root.origin, format!("cannot be used: {error}")))?;
    let origins = Origins::of_tree(root);
    let unavailable = unavailable::list(&hub, &origins);
    let unavailable_in_containers = unavailable::in_containers(&hub, &origins);
    let unavailable_in_cluster = unavailable::in_cluster(&hub, &origins);
    let unavailable_in_one_process = unavailable::in_one_process(&hub, &origins);
    Ok(Loaded {
        hub,
        origins,
        unavailable,
        unavailable_in_containers,
        unavailable_in_cluster,
        unavailable_in_one_process,
    })
}

impl Loaded {
    /// The whole definition with its defaults. serde_json keeps objects sorted by key; serialise [`Loaded::hub`] itself
    /// where the order of the types is wanted.
    pub fn document(&self) -> serde_json::Value {
        serde_json::to_value(&self.hub).expect("a hub has no keys but text")
    }

    /// The whole definition with its defaults as YAML, in the order of the types. With `with_origins`, each line that
    /// holds a value ends with a comment that says where it was written.
    pub fn yaml(&self, with_origins: bool) -> String {
        let text = serde_saphyr::to_string(&self.hub).expect("a hub has no values that YAML cannot hold");
        match with_origins {
            true => self.with_origins(&text),
            false => text,
        }
    }

    /// Where each value of the whole definition was written, those with defaults too, by path.
    pub fn origins_of_all(&self) -> BTreeMap<String, Origin> {
        let text = self.yaml(false);
        let tree = read::text(&text, &|_| Origin::Default).expect("what was just written can be read");
        Origins::leaves(&tree).into_iter().map(|(path, _)| (path.clone(), self.origins.of(&path))).collect()
    }

    /// The text is read again, because that tells which value stands in which line.
    fn with_origins(&self, text: &str) -> String {
        let written = read::text(text, &|line| Origin::Demo { line }).expect("what was just written can be read");
        let mut comments = vec![None; text.lines().count()];
        for (path, place) in Origins::leaves(&written) {
            let Origin::Demo { line } = place else { continue };
            let Some(index) = usize::try_from(line).ok().and_then(|line| line.checked_sub(1)) else { continue };
            if let Some(comment) = comments.get_mut(index) {
                *comment = Some(self.origins.of(&path));
            }
        }
        let width = text.lines().map(|line| line.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
        let line = |(line, origin): (&str, Option<Origin>)| match origin {
            Some(origin) => format!("{line:width$}  # {origin}\n"),
            None => format!("{line}\n"),
        };
        text.lines().zip(comments).map(line).collect()
    }
}
