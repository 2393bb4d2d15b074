//! A hub whose program is replaced under load: nobody is refused, nothing is lost.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::Value;
use support::{Finished, User};

/// Connections that are kept open as long as the hub lets them.
const CONNECTIONS: u32 = 10;
/// Pause between two requests of a connection: all together send 50 a second.
const PAUSE: Duration = Duration::from_millis(200);

/// A hub with a successor.
struct Kept {
    user: User,
    program: PathBuf,
    process: Child,
}

impl Kept {
    fn start() -> Kept {
        let user = User::new();
        let program = user.home.path().join("successor");
        let store = format!("sqlite:{}", user.home.path().join("hub.sqlite").display());
        let mut command = user.mojaloop(&["hub", "serve", "--store", &store, "--successor"]);
        let process = command.arg(&program).spawn().unwrap();
        let kept = Kept { user, program, process };
        support::eventually(|| TcpStream::connect(kept.at(9100)).is_ok());
        kept
    }

    fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port + self.user.offset))
    }

    fn succeed(&self, program: &Path) -> Finished {
        // As a compiler does it: another file under the same name.
        let draft = self.program.with_extension("new");
        std::fs::copy(program, &draft).unwrap();
        std::fs::rename(&draft, &self.program).unwrap();
        self.user.run(&["hub", "replace", "--process", &self.process.id().to_string()])
    }

    fn read(&self, port: u16, path: &str) -> Value {
        let (status, body) = Client::new(self.at(port)).get(path).unwrap();
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).unwrap()
    }

    fn started_at(&self) -> String {
        self.read(3000, "/health")["startTime"].as_str().unwrap().to_owned()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

/// A client that keeps its connection until it is asked to close it, and never tries anything again.
struct Client {
    address: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(address: SocketAddr) -> Client {
        Client { address, open: None }
    }

    fn get(&mut self, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: hub\r\n\r\n"))
    }

    fn post(&mut self, path: &str, body: &str) -> std::io::Result<(u16, Vec<u8>)> {
        let length = body.len();
        let kind = "content-type: application/json";
        self.send(&format!("POST {path} HTTP/1.1\r\nhost: hub\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{body}"))
    }

    fn send(&mut self, request: &str) -> std::io::Result<(u16, Vec<u8>)> {
        if self.open.is_none() {
            let stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            self.open = Some(BufReader::new(stream));
        }
        let stream = self.open.as_mut().unwrap();
        stream.get_mut().write_all(request.as_bytes())?;
        let mut head = Vec::new();
        while !head.ends_with(&["\r\n".to_owned()]) {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            head.push(line.to_lowercase());
        }
        let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let mut body = vec![0; header("content-length:").unwrap().parse().unwrap()];
        stream.read_exact(&mut body)?;
        if header("connection:") == Some("close") {
            self.open = None;
        }
        Ok((head[0].split(' ').nth(1).unwrap().parse().unwrap(), body))
    }
}

/// Requests that are sent until it is stopped.
struct Load {
    on: Arc<AtomicBool>,
    sent: Arc<AtomicU32>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn on(kept: &Kept) -> Load {
        let (on, sent) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
        let clients = (0..CONNECTIONS).map(|number| {
            let (on, sent) = (on.clone(), sent.clone());
            let (port, path) = if number % 2 == 0 { (3000, "/health") } else { (3001, "/participants") };
            let mut client = Client::new(kept.at(port));
            std::thread::spawn(move || {
                std::thread::sleep(PAUSE / CONNECTIONS * number);
                let mut failures = Vec::new();
                while on.load(Ordering::Relaxed) {
                    match client.get(path) {
                        Ok((200, _)) => {}
                        other => failures.push(format!("{path}: {other:?}")),
                    }
                    sent.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(PAUSE);
                }
                failures
            })
        });
        let clients = clients.collect();
        Load { on, sent, clients }
    }

    /// Waits until some more requests were answered.
    fn goes_on(&self) {
        let before = self.sent.load(Ordering::Relaxed);
        support::eventually(|| self.sent.load(Ordering::Relaxed) > before + 2 * CONNECTIONS);
    }

    fn stop(self) -> Vec<String> {
        self.on.store(false, Ordering::Relaxed);
        self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    }
}

#[test]
fn under_load_nobody_is_refused_and_nothing_is_lost() {
    let kept = Kept::start();
    for (path, body) in [
        ("/participants/Hub/accounts", r#"{"type":"HUB_RECONCILIATION","currency":"USD"}"#),
        ("/participants/Hub/accounts", r#"{"type":"HUB_MULTILATERAL_SETTLEMENT","currency":"USD"}"#),
        ("/participants", r#"{"name":"payerfsp","currency":"USD"}"#),
    ] {
        let (status, answer) = Client::new(kept.at(3001)).post(path, body).unwrap();
        assert_eq!(status, 201, "{body}: {}", String::from_utf8_lossy(&answer));
    }
    let load = Load::on(&kept);
    for _ in 0..3 {
        let before = kept.started_at();
        load.goes_on();
        kept.succeed(Path::new(env!("CARGO_BIN_EXE_mojaloop"))).expect(0, &[]);
        assert_ne!(kept.started_at(), before);
    }
    load.goes_on();
    assert_eq!(load.stop(), Vec::<String>::new());
    let participants = kept.read(3001, "/participants");
    assert!(participants.as_array().unwrap().iter().any(|one| one["name"] == "payerfsp"), "{participants}");
}

#[test]
fn what_does_not_start_leaves_the_one_before_serving() {
    let kept = Kept::start();
    let before = kept.started_at();
    let text = kept.user.home.path().join("text");
    std::fs::write(&text, "no program").unwrap();
    kept.succeed(&text).expect(1, &["successor can't be run", "is as it was"]);
    assert_eq!(kept.started_at(), before, "it was not even stopped");
    // It says its version, and does not serve.
    let load = Load::on(&kept);
    kept.succeed(Path::new("/bin/true")).expect(1, &["ended before it served: exit status: 0"]);
    load.goes_on();
    assert_eq!(load.stop(), Vec::<String>::new());
    assert_ne!(kept.started_at(), before, "the program before it was started again");
}

#[test]
fn without_a_successor_nobody_is_asked() {
    let user = User::new();
    let own = std::process::id().to_string();
    user.run(&["hub", "replace", "--process", &own]).expect(1, &["keeps no service that could be replaced"]);
}
