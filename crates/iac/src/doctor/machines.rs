//! The machines of the root on-premises: keys, secrets, and whether SSH answers.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use definition::Host;
use operations::{Finding, Target};

use crate::{
    Iac,
    hosts::{JOIN_TOKEN_FILE, PASSWORD_FILE, hint, in_cluster, known_key},
    looking::answers,
};

const SSH_PORT: u16 = 22;

pub(super) async fn findings(iac: &Iac) -> Vec<Finding> {
    let hosts = &iac.infrastructure.hosts;
    let mut findings = Vec::new();
    let mut files: Vec<&str> = hosts.iter().map(|host| host.key_file.as_str()).collect();
    files.dedup();
    findings.extend(files.into_iter().map(|file| {
        private_file("key-file", &expand(file), "`chmod 600 FILE`; `ssh-keygen -t ed25519 -f FILE` makes one")
    }));
    let secrets = iac.folder().join(&iac.root_folder());
    let make = "`(umask 077; mkdir -p \"$(dirname FILE)\"; openssl rand -hex 24 > FILE)` makes it";
    findings.push(private_file("database-password", &secrets.join(PASSWORD_FILE), make));
    if in_cluster(hosts).count() > 1 {
        let make = "`(umask 077; mkdir -p \"$(dirname FILE)\"; openssl rand -hex 16 > FILE)` makes it";
        findings.push(private_file("join-token", &secrets.join(JOIN_TOKEN_FILE), make));
    }
    for host in hosts {
        findings.push(host_key(host, &iac.settings.known_hosts));
        findings.push(ssh(host).await);
    }
    findings
}

/// A file with a secret is there and nobody else can read it.
fn private_file(id: &str, path: &Path, hint: &str) -> Finding {
    let shown = path.display();
    let hint = hint.replace("FILE", &shown.to_string());
    let metadata = match path.metadata() {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Finding::error(id, format!("{shown} is no file"), hint),
        Err(error) => return Finding::error(id, format!("{shown}: {error}"), hint),
    };
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Finding::error(
                id,
                format!("{shown} can be read by others (mode {mode:o})"),
                format!("`chmod 600 {shown}`"),
            );
        }
    }
    match metadata.len() {
        0 => Finding::error(id, format!("{shown} is empty"), hint),
        _ => Finding::ok(id, format!("{shown} is there, for its owner alone")),
    }
}

/// A host that shows another key than the known one is another host.
fn host_key(host: &Host, known_hosts: &[PathBuf]) -> Finding {
    let (id, address) = (format!("host-key/{}", host.name), &host.address);
    match known_key(address, known_hosts) {
        Some(key) => {
            Finding::ok(&id, format!("{address} is known by its {} key", key.split(' ').next().unwrap_or("SSH")))
        }
        None => Finding::error(&id, format!("the key of {address} is not known"), hint(address)),
    }
}

async fn ssh(host: &Host) -> Finding {
    let (id, address) = (format!("ssh/{}", host.name), &host.address);
    let place = match address.parse() {
        Ok(address) => SocketAddr::new(address, SSH_PORT).to_string(),
        Err(_) => format!("{address}:{SSH_PORT}"),
    };
    match answers(&place).await {
        Ok(()) => Finding::ok(&id, format!("{place} answers")),
        Err(why) => Finding::error(&id, format!("{place}: {why}"), format!("try `ssh {}@{address}`", host.user)),
    }
}

/// `~` as the home folder, as Terraform understands it.
fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use operations::Severity;

    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let hint = "make FILE";
        let missing = private_file("key-file", &file, hint);
        assert_eq!(missing.severity, Severity::Error);
        assert_eq!(missing.hint, Some(format!("make {}", file.display())));
        fs::write(&file, "secret").unwrap();
        for (mode, severity) in
            [(0o644, Severity::Error), (0o640, Severity::Error), (0o600, Severity::Ok), (0o400, Severity::Ok)]
        {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let found = private_file("key-file", &file, hint);
            assert_eq!(found.severity, severity, "{mode:o}");
            assert!(!found.message.contains("secret"), "{}", found.message);
        }
        fs::write(&file, "").unwrap();
        assert_eq!(private_file("key-file", &file, hint).severity, Severity::Error);
    }
}
