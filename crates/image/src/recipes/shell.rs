//! A shell and the small programs around it, from busybox: one static file and links to it.

use std::path::Path;

use operations::{Failure, Progress};

use crate::{debian::Debian, layer::Layer};

/// What scripts and people in a container use.
const APPLETS: &[&str] = &[
    "basename", "cat", "chmod", "cp", "cut", "date", "df", "dirname", "du", "env", "find", "grep", "gunzip", "gzip",
    "head", "hostname", "id", "kill", "ln", "ls", "mkdir", "mktemp", "more", "mv", "nc", "nslookup", "ps", "readlink",
    "rm", "rmdir", "sed", "seq", "sh", "sleep", "sort", "sync", "tail", "tar", "tee", "test", "touch", "tr", "true",
    "uniq", "wc", "wget", "xargs",
];

/// The authorities of TLS in one file.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Puts busybox into a layer.
///
/// # Errors
/// It can't be had.
pub(super) async fn add(layer: &mut Layer, debian: &mut Debian, progress: &dyn Progress) -> Result<(), Failure> {
    debian.need_alone(&["busybox-static"], progress).await?;
    debian.take(layer, "busybox-static", |path| path.ends_with("bin/busybox")).await?;
    for name in APPLETS {
        layer.link(&format!("/usr/bin/{name}"), "busybox");
    }
    Ok(())
}

/// The users that programs look up: root, and the one that runs.
pub(super) fn add_user(layer: &mut Layer, name: &str, number: u64, home: &str) {
    let users = format!("root:x:0:0:root:/root:/bin/sh\n{name}:x:{number}:{number}:{name}:{home}:/bin/sh\n");
    layer.text("/etc/passwd", &users, 0o644);
    layer.text("/etc/group", &format!("root:x:0:\n{name}:x:{number}:\n"), 0o644);
    layer.text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", 0o644);
    layer.folder("/tmp", 0o1777, 0);
}

/// The authorities that this machine trusts, at the place where programs look.
///
/// # Errors
/// There are none: the package `ca-certificates` is not installed.
pub(super) fn add_certificates(layer: &mut Layer) -> Result<(), Failure> {
    layer.file(CERTIFICATES, Path::new(CERTIFICATES)).map_err(|error| {
        Failure::preflight(format!("cannot read {CERTIFICATES}: {error}")).hint("apt-get install ca-certificates")
    })
}
