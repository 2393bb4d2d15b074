//! Sees files change. They are looked at: this works on every file system, with every editor, and a checkout has few files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// How often files are looked at. A change counts once two looks in a row saw the same: saving takes a moment.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Folders in folders; a checkout has fewer.
const DEPTH: usize = 12;

/// What a file looks like from outside: when it was saved, and its size.
type Look = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Files that are watched.
pub(super) struct Files {
    what: What,
    seen: Look,
}

enum What {
    /// The sources in a checkout.
    Sources(PathBuf),
    List(Vec<PathBuf>),
}

/// Files that have changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changed {
    /// Their names, as people know them.
    pub(super) names: Vec<String>,
    /// When the last of them was saved.
    pub(super) saved_at: SystemTime,
}

impl Files {
    /// The sources of a checkout; nothing where there is none.
    pub(super) fn of_sources(root: Option<&Path>) -> Files {
        Files::new(root.map_or_else(|| What::List(Vec::new()), |root| What::Sources(root.to_owned())))
    }

    pub(super) fn of_list(files: Vec<PathBuf>) -> Files {
        Files::new(What::List(files))
    }

    fn new(what: What) -> Files {
        let seen = what.look();
        Files { what, seen }
    }

    /// Waits until files have changed. May be dropped and called again.
    pub(super) async fn changed(&mut self) -> Changed {
        let mut before = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.what.look();
            if now == self.seen {
                before = None;
            } else if before.as_ref() == Some(&now) {
                let changed = difference(&self.seen, &now, self.what.root());
                self.seen = now;
                return changed;
            } else {
                before = Some(now);
            }
        }
    }
}

impl What {
    fn root(&self) -> &Path {
        match self {
            What::Sources(root) => root,
            What::List(_) => Path::new(""),
        }
    }

    fn look(&self) -> Look {
        let mut look = Look::new();
        match self {
            What::Sources(root) => look_into(root, Path::new(""), DEPTH, &mut look),
            What::List(files) => files.iter().for_each(|file| look_at(file.clone(), &mut look)),
        }
        look
    }
}

fn look_at(file: PathBuf, look: &mut Look) {
    if let Ok(metadata) = fs::metadata(&file) {
        look.insert(file, (metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len()));
    }
}

fn look_into(root: &Path, folder: &Path, depth: usize, look: &mut Look) {
    for entry in fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let (relative, is_folder) = (folder.join(entry.file_name()), entry.file_type().is_ok_and(|kind| kind.is_dir()));
        match (is_source(&relative), is_folder) {
            (true, true) if depth > 0 => look_into(root, &relative, depth - 1, look),
            (true, false) => look_at(entry.path(), look),
            _ => {}
        }
    }
}

/// Whether a file or folder of a checkout, named from its root, is something that programs are built from.
pub fn is_source(relative: &Path) -> bool {
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    let is_left_behind = |name: &str| name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp");
    if parts.iter().any(|part| is_left_behind(part)) {
        return false;
    }
    match parts.first().map(AsRef::as_ref) {
        Some("Cargo.toml" | "Cargo.lock") => parts.len() == 1,
        // Each crate's tests are no part of a program.
        Some("crates") => !matches!(parts.get(2).map(AsRef::as_ref), Some("tests" | "benches" | "examples" | "target")),
        _ => false,
    }
}

fn difference(before: &Look, now: &Look, root: &Path) -> Changed {
    let saved = now.iter().filter(|(path, look)| before.get(*path) != Some(look));
    let (mut paths, mut saved_at) = (Vec::new(), None);
    for (path, (at, _)) in saved {
        paths.push(path);
        saved_at = saved_at.max(Some(*at));
    }
    paths.extend(before.keys().filter(|path| !now.contains_key(*path)));
    let name = |path: &&PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
    // A deletion leaves no time.
    Changed { names: paths.iter().map(name).collect(), saved_at: saved_at.unwrap_or_else(SystemTime::now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_from_other_files() {
        for (path, expect) in [
            ("Cargo.toml", true),
            ("Cargo.lock", true),
            ("crates", true),
            ("crates/hub/src/serve.rs", true),
            ("crates/hub/Cargo.toml", true),
            ("crates/portal/pages/list.html", true),
            ("crates/hub/tests/all/main.rs", false),
            ("crates/hub/src/.serve.rs.swp", false),
            ("crates/hub/src/serve.rs~", false),
            ("target/ci/mojaloop", false),
            ("docs/operator.md", false),
            ("xtask/src/main.rs", false),
            (".git/index", false),
        ] {
            assert_eq!(is_source(Path::new(path)), expect, "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_saved_made_or_deleted_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("crates/hub/src")).unwrap();
        fs::write(root.join("crates/hub/src/a.rs"), "1").unwrap();
        let mut files = Files::of_sources(Some(root));
        fs::write(root.join("crates/hub/src/a.rs"), "12").unwrap();
        fs::write(root.join("notes.txt"), "none of our business").unwrap();
        assert_eq!(files.changed().await.names, ["crates/hub/src/a.rs"]);
        fs::write(root.join("crates/hub/src/b.rs"), "1").unwrap();
        fs::remove_file(root.join("crates/hub/src/a.rs")).unwrap();
        assert_eq!(files.changed().await.names, ["crates/hub/src/b.rs", "crates/hub/src/a.rs"]);
    }
}
