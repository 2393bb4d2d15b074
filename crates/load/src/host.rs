//! What a run ran on: [`Host`].

use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

use serde::{Deserialize, Serialize};

use crate::observer::Observer;

/// The machine of the load, and the database: a server, or a SQLite file. What is not known is `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Model of the processor.
    pub cpu: Option<String>,
    /// Processors that the load may use.
    pub cores: usize,
    /// Memory of the machine.
    pub memory_bytes: Option<u64>,
    /// Operating system with its version.
    pub kernel: String,
    /// Where the store's files are: device and file system.
    pub disk: Option<String>,
    /// The version of the database server, or of the SQLite that has written the file.
    pub database: Option<String>,
    /// The settings of the database that say how durable it is. Of SQLite only what stands in the file: what a hub asks for on
    /// its connections (`synchronous=FULL`) can't be seen from outside.
    pub database_settings: BTreeMap<String, String>,
}

impl Host {
    /// Looks at this machine, and asks the database server.
    pub(crate) async fn describe(observer: &Observer) -> Host {
        let described = match observer.database() {
            Some(database) => database.describe().await.ok(),
            None => None,
        };
        let file = observer.meter().store_file.as_deref();
        let (database, database_settings) = described.or_else(|| file.and_then(describe_file)).unzip();
        let system = rustix::system::uname();
        let words =
            [system.sysname(), system.release(), system.machine()].map(|word| word.to_string_lossy().into_owned());
        let meter = observer.meter();
        let folder = match (&meter.store_file, meter.database) {
            (Some(file), _) => file.parent().and_then(|folder| folder.canonicalize().ok()),
            // PostgreSQL's first process works in the folder of its data.
            (None, Some(server)) => fs::read_link(format!("/proc/{server}/cwd")).ok(),
            (None, None) => None,
        };
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        Host {
            cpu: after(&read("/proc/cpuinfo"), "model name").map(ToOwned::to_owned),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: after(&read("/proc/meminfo"), "MemTotal").and_then(kibibytes),
            kernel: words.join(" "),
            disk: folder.and_then(|folder| disk(&read("/proc/self/mountinfo"), &folder)),
            database,
            database_settings: database_settings.unwrap_or_default(),
        }
    }
}

/// What the header of a SQLite file says: who wrote it last, and how (sqlite.org/fileformat2.html, 1.3).
fn describe_file(path: &Path) -> Option<(String, BTreeMap<String, String>)> {
    let mut header = [0; 100];
    fs::File::open(path).ok()?.read_exact(&mut header).ok()?;
    let number = u32::from_be_bytes(header[96..].try_into().ok()?);
    let version = format!("SQLite {}.{}.{}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    let journal = if header[18] == 2 { "wal" } else { "rollback" };
    header.starts_with(b"SQLite format 3\0").then(|| (version, [("journal_mode".into(), journal.into())].into()))
}

fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

fn kibibytes(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

/// File system and device of the mount that holds a folder (proc(5), mountinfo).
fn disk(mounts: &str, folder: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split_whitespace().nth(4)?;
        let mut right = right.split_whitespace();
        let (system, device) = (right.next()?, right.next()?);
        folder.starts_with(point).then(|| (point.len(), format!("{system} on {device}")))
    };
    mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_file_says_how_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.sqlite");
        assert_eq!(describe_file(&path), None, "there is none");
        let mut header = [0; 100];
        fs::write(&path, header).unwrap();
        assert_eq!(describe_file(&path), None, "it is another one");
        header[..16].copy_from_slice(b"SQLite format 3\0");
        header[18] = 2;
        header[96..].copy_from_slice(&3_050_004_u32.to_be_bytes());
        fs::write(&path, header).unwrap();
        let settings = BTreeMap::from([("journal_mode".to_owned(), "wal".to_owned())]);
        assert_eq!(describe_file(&path), Some(("SQLite 3.50.4".to_owned(), settings)));
    }

    #[test]
    fn the_innermost_mount_holds_a_folder() {
        let mounts = "22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n\
                      30 22 0:26 / /tmp rw - tmpfs tmpfs rw\n31 22 0:27 / /var/lib rw shared:5 - xfs /dev/vdb rw\n";
        let found = |folder: &str| disk(mounts, Path::new(folder));
        assert_eq!(found("/var/lib/postgresql").as_deref(), Some("xfs on /dev/vdb"));
        assert_eq!(found("/tmp/x").as_deref(), Some("tmpfs on tmpfs"));
        assert_eq!(found("/variable").as_deref(), Some("ext4 on /dev/vda1"));
        assert_eq!(disk("", Path::new("/")), None);
    }

    #[test]
    fn values_after_names() {
        assert_eq!(after("processor\t: 0\nmodel name\t: A CPU @ 2 GHz\n", "model name"), Some("A CPU @ 2 GHz"));
        assert_eq!(after("MemTotal:  2048 kB\n", "MemTotal").and_then(kibibytes), Some(2_097_152));
    }
}
