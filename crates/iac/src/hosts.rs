//! The machines of the root on-premises, as Terraform wants them.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use definition::{Host, HostRole};
use operations::Failure;
use serde::Serialize;

/// Files with secrets, in the folder of the root. Who sets a hub up makes them; nothing here writes or shows them.
pub(crate) const PASSWORD_FILE: &str = "secrets/database-password";
pub(crate) const JOIN_TOKEN_FILE: &str = "secrets/join-token";

/// Hosts that decide together about the cluster, when there are enough: the fewest that survive the loss of one.
const CONTROL_PLANES: usize = 3;
/// The kinds of keys that Terraform's SSH takes, the better first.
const KINDS: [&str; 5] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];

/// A machine.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    name: String,
    address: String,
    user: String,
    host_key: String,
    roles: Vec<&'static str>,
}

/// The hosts that run pods.
pub(crate) fn in_cluster(hosts: &[Host]) -> impl Iterator<Item = &Host> {
    hosts.iter().filter(|host| host.roles.contains(&HostRole::Cluster))
}

/// The one key file that all hosts share.
///
/// # Errors
/// There are several, or no host at all.
pub(crate) fn key_file(hosts: &[Host]) -> Result<String, Failure> {
    let Some(first) = hosts.first() else {
        return Err(Failure::usage("infrastructure.hosts is missing: the root on-premises needs it"));
    };
    match hosts.iter().find(|host| host.key_file != first.key_file) {
        None => Ok(first.key_file.clone()),
        Some(other) => Err(Failure::usage(format!(
            "infrastructure.hosts: {} has the key file {} and {} has {}, expected one for all",
            first.name, first.key_file, other.name, other.key_file
        ))
        .hint("put the public half of one key on every host")),
    }
}

/// The machines, with the keys by which they are known.
///
/// # Errors
/// A host that Terraform could not use.
pub(crate) fn machines(hosts: &[Host], known_hosts: &[PathBuf]) -> Result<Vec<Machine>, Failure> {
    let databases = hosts.iter().filter(|host| host.roles.contains(&HostRole::Database)).count();
    if databases != 1 {
        let wrong = format!("infrastructure.hosts: {databases} hosts have the role database, expected exactly one");
        return Err(Failure::usage(wrong)
            .hint("for a database that survives the loss of its host, use one of your own and the root managed"));
    }
    let members = in_cluster(hosts).count();
    let deciding = if members >= CONTROL_PLANES { CONTROL_PLANES } else { 1 };
    let mut members_so_far = 0;
    let mut machines = Vec::new();
    for host in hosts {
        let mut roles = Vec::new();
        if host.roles.contains(&HostRole::Cluster) {
            members_so_far += 1;
            roles.push(if members_so_far <= deciding { "control-plane" } else { "worker" });
        }
        if host.roles.contains(&HostRole::Database) {
            roles.push("database");
        }
        machines.push(machine(host, roles, known_hosts)?);
    }
    Ok(machines)
}

fn machine(host: &Host, roles: Vec<&'static str>, known_hosts: &[PathBuf]) -> Result<Machine, Failure> {
    let Host { name, address, user, .. } = host;
    if address.parse::<Ipv4Addr>().is_err() {
        let wrong = format!("infrastructure.hosts: the address of {name} is {address}, expected an IPv4 address");
        return Err(Failure::usage(wrong).hint("hosts of a cluster know each other by address, such as 192.0.2.10"));
    }
    // Without a key the code can be rendered and read; Terraform's own check of the variable refuses to run it.
    let host_key = known_key(address, known_hosts).unwrap_or_default();
    Ok(Machine { name: name.clone(), address: address.clone(), user: user.clone(), host_key, roles })
}

/// Refuses to work with hosts whose keys are not known.
pub(crate) fn require_known(hosts: &[Host], known_hosts: &[PathBuf]) -> Result<(), Failure> {
    match hosts.iter().find(|host| known_key(&host.address, known_hosts).is_none()) {
        None => Ok(()),
        Some(Host { name, address, .. }) => {
            Err(Failure::preflight(format!("the key of the host {name} ({address}) is not known")).hint(hint(address)))
        }
    }
}

/// How a host becomes known.
pub(crate) fn hint(address: &str) -> String {
    format!(
        "`ssh-keyscan -t ed25519 {address} >> ~/.ssh/known_hosts`, then compare its fingerprint (`ssh-keygen -lF {address}`) \
         with the one on the host's console"
    )
}

/// The key by which SSH knows a host, as `KIND KEY`. Names may be hashed in those files, so `ssh-keygen` looks.
pub(crate) fn known_key(address: &str, known_hosts: &[PathBuf]) -> Option<String> {
    let mut keys: Vec<String> = known_hosts.iter().flat_map(|file| keys_in(address, file)).collect();
    keys.sort_by_key(|key| KINDS.iter().position(|kind| key.starts_with(kind)));
    keys.into_iter().next()
}

fn keys_in(address: &str, file: &Path) -> Vec<String> {
    if !file.exists() {
        return Vec::new();
    }
    let Ok(found) = Command::new("ssh-keygen").args(["-F", address, "-f"]).arg(file).output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    let key = |line: &str| {
        let mut words = line.split_whitespace();
        let (_name, kind, key) = (words.next()?, words.next()?, words.next()?);
        KINDS.contains(&kind).then(|| format!("{kind} {key}"))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn host(number: u8, roles: &[HostRole]) -> Host {
        Host {
            name: format!("hub-{number}"),
            address: format!("192.0.2.{number}"),
            user: "root".to_owned(),
            key_file: "~/.ssh/id_ed25519".to_owned(),
            roles: roles.to_vec(),
        }
    }

    fn known(folder: &tempfile::TempDir, count: u8) -> Vec<PathBuf> {
        let file = folder.path().join("known_hosts");
        let lines: String = (1..=count).map(|number| format!("192.0.2.{number} {KEY}\n")).collect();
        fs::write(&file, lines).unwrap();
        vec![file]
    }

    #[test]
    fn an_odd_number_of_hosts_decides() {
        let folder = tempfile::tempdir().unwrap();
        let known = known(&folder, 9);
        for (members, deciding) in [(1, 1), (2, 1), (3, 3), (4, 3), (6, 3)] {
            let mut hosts: Vec<Host> = (1..=members).map(|number| host(number, &[HostRole::Cluster])).collect();
            hosts.push(host(9, &[HostRole::Database]));
            let machines = machines(&hosts, &known).unwrap();
            let found = machines.iter().filter(|machine| machine.roles.contains(&"control-plane")).count();
            assert_eq!(found, deciding, "{members} hosts");
            assert_eq!(machines.last().unwrap().roles, ["database"]);
        }
    }

    #[test]
    fn hosts_that_terraform_cannot_use_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let known = known(&folder, 2);
        let both = [HostRole::Cluster, HostRole::Database];
        let refused = |hosts: &[Host]| machines(hosts, &known).unwrap_err().message;
        assert!(refused(&[host(1, &both), host(2, &both)]).contains("expected exactly one"));
        assert_eq!(machines(&[host(7, &both)], &known).unwrap()[0].host_key, "");
        let unknown = require_known(&[host(1, &both), host(7, &both)], &known).unwrap_err();
        assert!(unknown.message.contains("hub-7 (192.0.2.7) is not known"), "{unknown}");
        assert!(unknown.hint.unwrap().contains("ssh-keyscan -t ed25519 192.0.2.7"));
        let named = Host { address: "hub.example.com".to_owned(), ..host(1, &both) };
        assert!(refused(&[named]).contains("expected an IPv4 address"));
        let other = Host { key_file: "/other".to_owned(), ..host(2, &both) };
        assert!(key_file(&[host(1, &both), other]).unwrap_err().message.contains("expected one for all"));
    }

    #[test]
    fn the_better_key_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        fs::write(&file, format!("192.0.2.1 ssh-rsa AAAAB3NzaC1yc2E=\n192.0.2.1 {KEY}\n")).unwrap();
        let missing = folder.path().join("no-such-file");
        let found = known_key("192.0.2.1", &[missing, file]).unwrap();
        assert_eq!(found, KEY);
    }
}
