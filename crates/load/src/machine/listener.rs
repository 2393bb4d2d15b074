//! Which process listens on a port of this machine: [`listening_on`].

use std::{collections::HashSet, fs};

use super::{Pid, files};

/// The state LISTEN in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// The process that listens on a TCP port of this machine; the oldest, if several share the port. `None` if there is none,
/// or if it may not be looked into: it is another user's.
pub(crate) fn listening_on(port: u16) -> Option<Pid> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| fs::read_to_string(file).unwrap_or_default());
    let sockets: HashSet<String> =
        tables.iter().flat_map(|table| inodes(table, port)).map(|inode| format!("socket:[{inode}]")).collect();
    files::pids().filter(|pid| holds(*pid, &sockets)).min()
}

/// The sockets that listen on a port, as `/proc/net/tcp` names them.
fn inodes(table: &str, port: u16) -> impl Iterator<Item = &str> {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
    table.lines().skip(1).filter_map(move |line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
        let is_listening = u16::from_str_radix(local_port, 16) == Ok(port) && *fields.get(3)? == LISTEN;
        fields.get(9).copied().filter(|_| is_listening)
    })
}

fn holds(pid: Pid, sockets: &HashSet<String>) -> bool {
    if sockets.is_empty() {
        return false;
    }
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| link.to_str().is_some_and(|link| sockets.contains(link)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   106        0 12345 1 0 100 0 0 10 0
   1: 0100007F:1538 0100007F:C350 01 00000000:00000000 00:00000000 00000000   106        0 12346 1 0 20 4 30 10 -1
   2: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0 100 0 0 10 0
";

    #[test]
    fn only_sockets_that_listen_on_the_port() {
        assert_eq!(inodes(TABLE, 5432).collect::<Vec<_>>(), ["12345"]);
        assert_eq!(inodes(TABLE, 3000).collect::<Vec<_>>(), ["777"]);
        assert_eq!(inodes(TABLE, 80).count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_by_its_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(listening_on(port), Some(std::process::id()));
    }
}
