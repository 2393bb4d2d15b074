//! What `doctor` and `up` say of a Docker that is not as it must be, word by word: `tests/doctor/*.txt`.
//! `UPDATE_GOLDEN=1 cargo test -p cli --test doctor` writes them anew.
//!
//! A stand-in named `docker` says what a Docker in that state says; the real one is used by `./test --suite compose`.

#![allow(clippy::unwrap_used, reason = "what the tests share is a test, too")]

mod support;

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use support::{Finished, User};

const DOCTOR: [&str; 6] = ["harness", "doctor", "--engine", "compose", "--image", "mojaloop-hub:test"];
const UP: [&str; 7] = ["harness", "up", "--engine", "compose", "--detach", "--image", "mojaloop-hub:test"];

/// A Docker that is as it must be, but for some calls: what each of them does, in the shell.
fn check(name: &str, calls: &[(&str, &str)], arguments: &[&str], code: i32) {
    let user = User::new();
    let programs = user.home.path().join("bin");
    fs::create_dir(&programs).unwrap();
    let special: String = calls.iter().map(|(call, does)| format!("*\"{call}\"*) {does} ;;\n")).collect();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n{special}\
         \"version --format\"*) echo 29.1.0 ;;\n\"compose version\"*) echo 5.5.0 ;;\nesac\n"
    );
    let docker = programs.join("docker");
    fs::write(&docker, script).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let run = Finished::of(user.mojaloop(arguments).env("PATH", &programs).env("NO_COLOR", "1"));
    let said = told(&run, &user);
    assert_eq!(run.code, code, "{name}: {said}");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/doctor/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(&golden).unwrap_or_default(), "{}", golden.display());
}

/// What was said, without what differs between machines and runs.
fn told(run: &Finished, user: &User) -> String {
    let home = user.home.path().to_string_lossy();
    let said = format!("{}{}", run.stdout, run.stderr).replace(&*home, "HOME");
    let words = |line: &str| {
        let line = line.replace(&(3001 + user.offset).to_string(), "PORT");
        match line.split_once(" GB are free in ") {
            Some((before, _)) => {
                format!("{}… GB are free", before.trim_end_matches(|digit: char| digit.is_ascii_digit()))
            }
            None => match line.split_once("  (") {
                Some((before, time)) if time.ends_with(" s)") => before.to_owned(),
                _ => line,
            },
        }
    };
    said.lines().map(|line| words(line).trim_end().to_owned() + "\n").collect()
}

#[test]
fn as_it_must_be() {
    check("well", &[], &DOCTOR, 0);
}

#[test]
fn an_engine_that_is_too_old() {
    check("old-engine", &[("version --format", "echo 20.10.24")], &DOCTOR, 4);
}

#[test]
fn a_plugin_that_is_too_old_or_missing() {
    check("old-compose", &[("compose version", "echo 2.10.2")], &DOCTOR, 4);
    check(
        "no-compose",
        &[("compose version", "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1")],
        &DOCTOR,
        4,
    );
}

#[test]
fn a_user_who_may_not_use_it() {
    let refused =
        "echo 'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock' >&2; exit 1";
    check("no-permission", &[("version --format", refused)], &UP, 4);
}

#[test]
fn an_engine_that_does_not_run() {
    let nobody = "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1";
    check("no-engine", &[("version --format", nobody)], &UP, 4);
}

#[test]
fn a_port_that_is_taken() {
    let user = User::new();
    let taken = TcpListener::bind(("127.0.0.1", 3001 + user.offset)).unwrap();
    let offset = user.offset.to_string();
    let run =
        Finished::of(user.mojaloop(&[&DOCTOR[..], &["--port-offset", &offset]].concat()).env("PATH", "/nonexistent"));
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(run.stdout.contains(&format!("taken on 127.0.0.1: {port}")), "{}", run.stdout);
    assert!(run.stdout.contains("--port-offset N (MOJALOOP_PORT_OFFSET=N) moves all of them"), "{}", run.stdout);
}

#[test]
fn a_disk_that_is_full() {
    let full = "echo 'failed to register layer: write /x: no space left on device' >&2; exit 1";
    check("full-disk", &[("up --detach", full)], &UP, 1);
}

#[test]
fn an_image_that_is_missing() {
    let calls = [
        ("image inspect", "exit 1"),
        (
            "pull --quiet",
            "echo 'failed to resolve reference \"docker.io/library/postgres:17\": no such host' >&2; exit 1",
        ),
    ];
    check("no-image", &calls, &[&UP[..], &["--set", "store.kind=postgres"]].concat(), 4);
}

#[test]
fn collections_that_nobody_named() {
    check("no-collections", &[], &[&DOCTOR[..], &["--profile", "core,ttk"]].concat(), 4);
}
