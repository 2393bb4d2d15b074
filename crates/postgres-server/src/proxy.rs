//! A network that fails: a proxy between a program and a server, which hangs or cuts connections when it is told to.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// What a client sends to commit: a query of one statement (the manual's "Message Formats").
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// What the server answers when it has committed.
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";
/// What is read at a time.
const CHUNK: usize = 16 * 1024;

/// Where a connection is lost around a COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The COMMIT does not reach the server, and the connection breaks.
    Before,
    /// The server has committed, and the connection breaks before it says so.
    After,
    /// The server has committed, and never says so; the connection stays.
    Silent,
}

/// A proxy on the loopback address. It ends with its process.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    plan: Mutex<Plan>,
    changed: Condvar,
}

#[derive(Default)]
struct Plan {
    hanging: bool,
    /// The next loss, on a connection on which this text was sent.
    loss: Option<(Loss, &'static str)>,
    losses: usize,
    connections: usize,
}

impl State {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.plan());
        self.changed.notify_all();
    }

    /// The loss that is planned for a connection on which this was sent.
    fn take_loss(&self, sent: &[u8]) -> Option<Loss> {
        let mut plan = self.plan();
        let (loss, _) = plan.loss.take_if(|(_, marker)| find(sent, marker.as_bytes()).is_some())?;
        plan.losses += 1;
        Some(loss)
    }

    /// Waits while everything hangs.
    fn pass(&self) {
        let plan = self.plan();
        drop(self.changed.wait_while(plan, |plan| plan.hanging).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Proxy {
    /// A proxy to the server of this URL.
    ///
    /// # Panics
    /// If the URL names no address, or no port is free.
    pub fn to(url: &str) -> Proxy {
        let server: SocketAddr = address_of(url).parse().expect("the URL has an IP address and a port");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::<State>::default();
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                shared.change(|plan| plan.connections += 1);
                let shared = shared.clone();
                thread::spawn(move || relay(client, server, &shared));
            }
        });
        Proxy { address, state }
    }

    /// The URL of the same database behind this proxy.
    pub fn url(&self, url: &str) -> String {
        url.replacen(address_of(url), &self.address.to_string(), 1)
    }

    /// Passes nothing on any more, and closes nothing.
    pub fn hang(&self) {
        self.state.change(|plan| plan.hanging = true);
    }

    /// Passes on what waits, and all that comes.
    pub fn go_on(&self) {
        self.state.change(|plan| plan.hanging = false);
    }

    /// Loses the next COMMIT of a connection on which `marker` was sent.
    pub fn lose_commit(&self, loss: Loss, marker: &'static str) {
        self.state.change(|plan| plan.loss = Some((loss, marker)));
    }

    /// How many COMMITs were lost.
    pub fn losses(&self) -> usize {
        self.state.plan().losses
    }

    /// How many connections came so far.
    pub fn connections(&self) -> usize {
        self.state.plan().connections
    }
}

/// The `host:port` of a URL.
fn address_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, address)| address)
}

/// One connection, as both of its directions see it.
struct Relay {
    client: TcpStream,
    server: TcpStream,
    /// What becomes of the COMMIT that was just passed on.
    losing: Mutex<Option<Loss>>,
}

impl Relay {
    fn losing(&self) -> MutexGuard<'_, Option<Loss>> {
        self.losing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        // They may be closed already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

fn relay(client: TcpStream, server: SocketAddr, state: &Arc<State>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let relay = Arc::new(Relay { client, server, losing: Mutex::default() });
    let (other, shared) = (relay.clone(), state.clone());
    thread::spawn(move || {
        let _ = answers(&other, &shared);
        other.close();
    });
    let _ = requests(&relay, state);
    relay.close();
}

/// From the client to the server. Everything that was sent is kept: statements are named once, at their first use.
fn requests(relay: &Relay, state: &State) -> io::Result<()> {
    let mut sent = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = (&relay.client).read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        state.pass();
        let (fresh, old) = (&chunk[..length], sent.len());
        sent.extend_from_slice(fresh);
        // It may have begun in the chunk before.
        let from = old.saturating_sub(COMMIT.len() - 1);
        let commit = find(&sent[from..], COMMIT).map(|at| (from + at).saturating_sub(old));
        if let Some(before) = commit
            && let Some(loss) = state.take_loss(&sent)
        {
            if loss == Loss::Before {
                return (&relay.server).write_all(&fresh[..before]);
            }
            *relay.losing() = Some(loss);
        }
        (&relay.server).write_all(fresh)?;
    }
}

/// From the server to the client.
fn answers(relay: &Relay, state: &State) -> io::Result<()> {
    let mut answered = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = (&relay.server).read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        state.pass();
        let losing = *relay.losing();
        match losing {
            None => (&relay.client).write_all(&chunk[..length])?,
            Some(loss) => {
                answered.extend_from_slice(&chunk[..length]);
                if loss == Loss::After && find(&answered, COMMITTED).is_some() {
                    return Ok(());
                }
            }
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[track_caller]
    fn check(url: &str, expect: &str) {
        assert_eq!(address_of(url), expect);
    }

    #[test]
    fn the_address_is_found_in_the_url() {
        check("postgres://u:p@127.0.0.1:5432/db?sslmode=disable", "127.0.0.1:5432");
        check("postgres://127.0.0.1:5432", "127.0.0.1:5432");
    }
}
