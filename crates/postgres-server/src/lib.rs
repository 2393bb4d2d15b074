//! For tests: a PostgreSQL server of their own, in a temporary folder, which ends with the process that started it.
//!
//! [`Server::shared`] is one server for all tests of a binary; each test makes itself a [`Server::database`]. With
//! `MOJALOOP_POSTGRES` set (the URL of a database whose user may create databases), that server is used instead.

mod processes;
mod proxy;
mod tls;

use std::{
    env, fs,
    io::{self, Write as _},
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

pub use processes::Frozen;
pub use proxy::{Loss, Proxy};
pub use tls::Authority;

/// Names a server that is there already.
pub const VARIABLE: &str = "MOJALOOP_POSTGRES";
/// What to do where there is none.
pub const HINT: &str = "no PostgreSQL was found: install it (Debian, Ubuntu: apt-get install postgresql), put its programs \
                        into PATH, or set MOJALOOP_POSTGRES to the URL of a database whose user may create databases";
/// The user of the databases.
const USER: &str = "mojaloop";
/// How long a server may take to start on a machine that is busy with other tests.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two looks at whether it has started.
const LOOK: Duration = Duration::from_millis(20);
/// A port that was free may be taken by somebody else before the server gets it.
const PORTS_TRIED: u32 = 5;
/// Where distributions put the programs when they are not in PATH.
const FOLDERS: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"];
/// Runs the server until it is told to end, or the standard input ends without a word, which it does with the process that holds
/// its other end: then nobody else removes the folder, `$0`. SIGINT is the quick stop, but a shell's background process ignores it
/// until the server has its own handlers: SIGTERM ends it before that.
const WATCH: &str = r#""$@" </dev/null & server=$!; read -r word; kill -TERM "$server" 2>/dev/null; kill -INT "$server" 2>/dev/null; wait "$server"; [ -n "$word" ] || rm -rf "$0""#;
/// Tells the watching shell that the server is to end and its folder to stay.
const END: &[u8] = b"end\n";

/// How careful a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing reaches the disk: fast, for tests of what is said.
    Fast,
    /// As in production, for measurements and tests of crashes.
    Full,
}

/// A running server. Dropping it ends the server.
pub struct Server {
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    port: u16,
    settings: Vec<String>,
    watch: Option<Child>,
    // The last field: the folder goes when the server has ended.
    folder: Option<TempDir>,
    url: Option<String>,
}

static NEXT_DATABASE: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// The server of all tests of this process.
    ///
    /// # Panics
    /// With a hint if there is no PostgreSQL.
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| match env::var(VARIABLE) {
            Ok(url) => Server::at(url),
            Err(_) => Server::start(Durability::Fast, &[]).unwrap_or_else(|error| panic!("{error}")),
        })
    }

    /// Starts a server of one's own, with further settings (`max_connections=20`).
    ///
    /// # Errors
    /// What was not found or did not start, with a hint.
    pub fn start(durability: Durability, settings: &[&str]) -> Result<Server, String> {
        Server::start_with(durability, settings, None)
    }

    /// Starts a server of one's own that speaks TLS and nothing else, with a certificate of this authority for these names.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_tls(authority: &Authority, names: &[&str]) -> Result<Server, String> {
        Server::start_with(Durability::Fast, &[], Some((authority, names)))
    }

    fn start_with(
        durability: Durability,
        settings: &[&str],
        tls: Option<(&Authority, &[&str])>,
    ) -> Result<Server, String> {
        let programs = find_programs().ok_or(HINT)?;
        let owner = other_user()?;
        let folder = tempfile::Builder::new().prefix("postgres-server").tempdir().map_err(|error| error.to_string())?;
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).map_err(|error| error.to_string())?;
        }
        let mut settings: Vec<_> = settings.iter().map(|&setting| setting.to_owned()).collect();
        if durability == Durability::Fast {
            settings.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
        }
        let mut server = Server { programs, owner, port: 0, settings, watch: None, folder: Some(folder), url: None };
        let data = server.data();
        server.run("initdb", &["-D", &data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])?;
        if let Some((authority, names)) = tls {
            server.use_tls(authority, names)?;
        }
        for attempt in 1.. {
            match server.launch() {
                Ok(()) => break,
                Err(error) if attempt == PORTS_TRIED => return Err(error),
                Err(_) => {}
            }
        }
        Ok(server)
    }

    fn at(url: String) -> Server {
        let programs = find_programs().unwrap_or_default();
        Server { programs, owner: None, port: 0, settings: Vec::new(), watch: None, folder: None, url: Some(url) }
    }

    /// Makes an empty database and says its URL.
    ///
    /// # Panics
    /// If the server does not make it.
    pub fn database(&self) -> String {
        let number = NEXT_DATABASE.fetch_add(1, Ordering::Relaxed);
        let name = format!("mojaloop_test_{}_{number}", std::process::id());
        let sql = format!("CREATE DATABASE {name} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
        self.psql(&self.base_url(), &sql);
        match &self.url {
            None => format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port),
            Some(url) => with_database(url, &name),
        }
    }

    /// Makes a database with what is in another one, to which nobody may be connected, and says its URL.
    ///
    /// # Panics
    /// If the server does not make it.
    pub fn copy(&self, url: &str) -> String {
        let address = url.split('?').next().unwrap_or_default();
        let original = address.rsplit('/').next().unwrap_or_default();
        let name = format!("{original}_{}", NEXT_DATABASE.fetch_add(1, Ordering::Relaxed));
        self.psql(&self.base_url(), &format!("CREATE DATABASE {name} TEMPLATE {original}"));
        with_database(url, &name)
    }

    /// Runs SQL with psql and returns what it prints, unaligned and without headers.
    ///
    /// # Panics
    /// If it fails.
    pub fn psql(&self, url: &str, sql: &str) -> String {
        let arguments = [url, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql];
        self.run("psql", &arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ends the server as a power cut would; [`Server::restart`] brings it back.
    ///
    /// # Panics
    /// If the server is not one that was started here.
    pub fn kill(&mut self) {
        let pid = self.main_process();
        let killed = Command::new("kill").args(["-9", &pid]).status();
        assert!(killed.is_ok_and(|status| status.success()), "the server's process is there");
        self.end();
    }

    /// Starts the server again, at the same address.
    ///
    /// # Errors
    /// What kept it from starting.
    pub fn restart(&mut self) -> Result<(), String> {
        self.end();
        let port = self.port;
        // After a kill, children of the server may hold its memory for a moment.
        let start = Instant::now();
        loop {
            match self.launch_at(port) {
                Err(_) if start.elapsed() < START_TIMEOUT => thread::sleep(LOOK),
                result => return result,
            }
        }
    }

    /// The folder of the server's data and its log, if it was started here.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }

    fn base_url(&self) -> String {
        self.url.clone().unwrap_or_else(|| format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port))
    }

    fn data(&self) -> String {
        let folder = self.folder.as_ref().map(|folder| folder.path().join("data")).unwrap_or_default();
        folder.display().to_string()
    }

    fn launch(&mut self) -> Result<(), String> {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        self.launch_at(port)
    }

    fn launch_at(&mut self, port: u16) -> Result<(), String> {
        self.port = port;
        let folder = self.folder.as_ref().map(TempDir::path).unwrap_or(Path::new("/nonexistent"));
        let log = folder.join("log");
        // The standard error is the log, which this process opens and the server inherits.
        // A new file: processes of a server that was killed may still write into the old one.
        let _ = fs::remove_file(&log);
        let output = fs::File::create(&log).map_err(|error| error.to_string())?;
        let mut command = self.command("sh");
        command.args(["-c", WATCH]).arg(folder).arg(self.programs.join("postgres"));
        command.args(["-D", &self.data(), "-p", &port.to_string(), "-k", &folder.display().to_string()]);
        for setting in ["listen_addresses=127.0.0.1".to_owned()].iter().chain(&self.settings) {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(output);
        self.watch = Some(command.spawn().map_err(|error| format!("sh: {error}"))?);
        self.wait(&log)
    }

    fn wait(&mut self, log: &Path) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if text.contains("database system is ready to accept connections") {
                return Ok(());
            }
            if text.contains("FATAL:") && !text.contains("starting up") || start.elapsed() > START_TIMEOUT {
                self.end();
                return Err(format!("PostgreSQL did not start: {text}"));
            }
            thread::sleep(LOOK);
        }
    }

    fn end(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            if let Some(mut input) = watch.stdin.take() {
                // If nobody reads, it has ended already.
                let _ = input.write_all(END);
            }
            // It ends when the server has.
            let _ = watch.wait();
        }
    }

    fn command(&self, program: &str) -> Command {
        let path = if program == "sh" { PathBuf::from(program) } else { self.programs.join(program) };
        let mut command = Command::new(path);
        // The folder of whoever runs the tests is not readable for another user.
        command.current_dir("/").env("LC_ALL", "C").env("HOME", "/");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(program).args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("{program}: {error}; {HINT}"))?;
        if !output.status.success() {
            return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// The URL with another database in it.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let end = address[after_scheme..].find('/').map_or(address.len(), |at| after_scheme + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..end])
}

/// The folder with `postgres`, `initdb` and `psql`: that of PATH, else the newest version's where distributions put it.
fn find_programs() -> Option<PathBuf> {
    let is_one = |folder: &PathBuf| ["postgres", "initdb", "psql"].iter().all(|program| folder.join(program).exists());
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(found) = env::split_paths(&path).find(is_one) {
        return Some(found);
    }
    let versions = FOLDERS.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
    let mut found: Vec<_> = versions.map(|entry| entry.path().join("bin")).filter(is_one).collect();
    found.sort();
    found.pop()
}

/// The user to run as: PostgreSQL refuses to be root.
fn other_user() -> Result<Option<(u32, u32)>, String> {
    if id(&["-u"]).map_err(|error| error.to_string())? != Some(0) {
        return Ok(None);
    }
    let number = |option| id(&[option, "postgres"]).ok().flatten();
    let found = number("-u").zip(number("-g"));
    found.map(Some).ok_or_else(|| format!("PostgreSQL refuses to run as root, and there is no user postgres; {HINT}"))
}

fn id(arguments: &[&str]) -> io::Result<Option<u32>> {
    let output = Command::new("id").args(arguments).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expect: &str) {
        assert_eq!(with_database(url, "x"), expect);
    }

    #[test]
    fn the_database_is_put_into_the_url() {
        check("postgres://u:p@host:5432/db?sslmode=disable", "postgres://u:p@host:5432/x?sslmode=disable");
        check("postgres://host", "postgres://host/x");
    }

    #[test]
    fn a_killed_server_comes_back() {
        let mut server = Server::start(Durability::Fast, &[]).unwrap();
        let url = server.database();
        server.psql(&url, "CREATE TABLE t (n int)");
        server.kill();
        server.restart().unwrap();
        assert_eq!(server.psql(&url, "SELECT count(*) FROM t").trim(), "0");
    }

    #[test]
    fn nothing_is_left_of_a_server_whose_process_ended() {
        let mut server = Server::start(Durability::Fast, &[]).unwrap();
        let folder = server.folder().unwrap().to_owned();
        assert!(folder.exists());
        let mut watch = server.watch.take().unwrap();
        drop(watch.stdin.take());
        watch.wait().unwrap();
        assert!(!folder.exists());
    }
}
