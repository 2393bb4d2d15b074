//! Broken flags, variables and settings are refused by name, with what was found, what is allowed and what to do.

mod support;

use std::net::TcpListener;

use support::{Finished, User, mojaloop};

#[track_caller]
fn check(arguments: &[&str], code: i32, says: &[&str]) {
    let run = Finished::of(&mut mojaloop(arguments));
    run.expect(code, says);
    assert_eq!(run.stdout, "");
}

#[test]
fn flags() {
    check(&["hub", "serve"], 2, &["no store is named", "--store sqlite:FILE", "MOJALOOP_STORE"]);
    check(&["hub", "serve", "--store", "mysql:x"], 2, &["--store", "\"mysql:x\"", "sqlite:FILE"]);
    check(&["hub", "serve", "--store", "postgres://u:secret@127.0.0.1:1/d"], 1, &["127.0.0.1:1"]);
    check(&["hub", "serve", "--store", "postgres:secret"], 2, &["--store", "postgres:…", "postgres://"]);
    check(&["hub", "serve", "--store", "sqlite:/no/such/folder/x"], 1, &["/no/such/folder"]);
    check(&["hub", "serve", "--store", "sqlite:x", "--listen-address", "0.0.0.0"], 2, &["admin", "--admin open"]);
    check(
        &["hub", "serve", "--store", "sqlite:x", "--callback-policy", "a b"],
        2,
        &["--callback-policy", "not-link-local"],
    );
    check(&["hub", "serve", "--store", "sqlite:x", "--hub-name", "a b"], 2, &["--hub-name"]);
    let serve = ["hub", "serve", "--store", "sqlite:x"];
    check(&[&serve[..], &["--jws-validate", "some"]].concat(), 2, &["--jws-validate", "\"some\"", "per-participant"]);
    check(&[&serve[..], &["--jws-sign-key", "/no/key"]].concat(), 2, &["--jws-sign-key", "/no/key"]);
    check(&["simulator", "--fsp", "a", "--jws-key", "a"], 2, &["--jws-key", "NAME=FILE"]);
    check(&["hub", "jws-key", "--out", "/no/such/folder/key.pem"], 1, &["--out", "/no/such/folder/key.pem"]);
    check(&["harness", "up", "--engine", "podman"], 2, &["podman", "embedded", "compose"]);
    check(&["harness", "up", "--profile", "everything"], 2, &["everything", "core", "simulators"]);
    check(&["harness", "up", "--port-offset", "60000"], 2, &["--port-offset", "60000", "56434"]);
    check(&["harness", "up", "--name", "Not A Name"], 2, &["--name", "Not A Name", "lower-case"]);
    check(&["transfer", "--from", "a", "--to", "b", "--amount", "1", "--currency", "USD"], 2, &["--to", "MSISDN/"]);
    let play = ["simulator", "--fsp", "payeefsp=MSISDN/1", "--script"];
    check(&[&play[..], &["payeefsp=sulk"]].concat(), 2, &["--script", "sulk", "reject"]);
    check(&[&play[..], &["payerfsp=reject"]].concat(), 2, &["--script", "payerfsp"]);
    check(&["simulator", "--fsp", "payeefsp=27"], 2, &["--fsp", "payeefsp=27", "MSISDN/"]);
    let pay = ["transfer", "--from", "a", "--to", "MSISDN/1", "--currency", "USD", "--amount"];
    for amount in ["1.50", "0", "1e9", "01", "12345678901234567890123"] {
        check(&[&pay[..], &[amount]].concat(), 2, &["--amount"]);
    }
    check(&[&pay[..], &["1", "--simulator", "http://127.0.0.1:1"]].concat(), 1, &["127.0.0.1:1", "harness up"]);
    check(&[&pay[..], &["1", "--hub", "http://127.0.0.1:1"]].concat(), 1, &["--hub", "harness status"]);
}

/// Nothing is begun with a certificate or a key that can't be used: not even the store is made.
#[test]
fn certificates_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let authority = tls::Authority::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["hub", "other"] {
        authority.issue(&["hub.example"]).unwrap().write(folder.path(), name).unwrap();
    }
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    std::fs::write(path("encrypted.key"), encrypted).unwrap();
    let store = format!("sqlite:{}", path("hub.sqlite"));
    let refused = |flags: &[&str], says: &[&str]| {
        check(&[&["hub", "serve", "--store", &store], flags].concat(), 2, says);
        assert!(!std::fs::exists(path("hub.sqlite")).unwrap(), "{flags:?}");
    };
    let (certificate, key) = (path("hub.pem"), path("hub.key"));
    refused(&["--tls-certificate", &certificate], &["--tls-certificate", "no --tls-key", "hint:"]);
    refused(&["--callback-key", &key], &["--callback-key", "no --callback-certificate", "hint:"]);
    refused(
        &["--tls-client-authorities", &certificate],
        &["--tls-client-authorities", "no --tls-certificate", "hint:"],
    );
    let serve = |key: &str, says: &[&str]| refused(&["--tls-certificate", &certificate, "--tls-key", key], says);
    serve(&path("none"), &["--tls-key (MOJALOOP_TLS_KEY)", "none: found nothing that can be read", "hint:"]);
    serve(&certificate, &["--tls-key", "only CERTIFICATE", "expected a private key", "hint:"]);
    serve(&path("other.key"), &["--tls-key", "other.key: found a private key of another certificate", "hint:"]);
    serve(&path("encrypted.key"), &["--tls-key", "an encrypted private key", "openssl pkey"]);
    let callback = ["--callback-certificate", &key, "--callback-key", &key];
    refused(&callback, &["--callback-certificate", "only PRIVATE KEY", "expected certificates in PEM", "hint:"]);
    refused(&["--callback-authorities", &key], &["--callback-authorities", "only PRIVATE KEY", "hint:"]);
}

#[test]
fn a_secret_is_not_repeated() {
    let run = Finished::of(&mut mojaloop(&["hub", "serve", "--store", "postgres://u:secret@127.0.0.1:1/d"]));
    assert!(!run.stderr.contains("secret"), "{}", run.stderr);
}

#[test]
fn variables() {
    let run = |name: &str, value: &str| Finished::of(mojaloop(&["hub", "serve"]).env(name, value));
    run("MOJALOOP_STOER", "sqlite:x").expect(2, &["MOJALOOP_STOER", "did you mean MOJALOOP_STORE?"]);
    run("MOJALOOP_STORE", "mysql:x").expect(2, &["MOJALOOP_STORE", "mysql:x"]);
    run("MOJALOOP_STORE_FILE", "/no/such/file").expect(2, &["MOJALOOP_STORE_FILE", "/no/such/file"]);
    run("MOJALOOP_PORT_OFFSET", "many").expect(2, &["many"]);
    let both = Finished::of(mojaloop(&["hub", "serve", "--store", "sqlite:x"]).env("MOJALOOP_STORE_FILE", "/x"));
    both.expect(2, &["MOJALOOP_STORE_FILE", "one place"]);
    let logs = Finished::of(mojaloop(&["hub", "serve", "--store", "sqlite:/no/x"]).env("MOJALOOP_LOG", "hub=loud"));
    logs.expect(2, &["MOJALOOP_LOG", "hub=loud", "info"]);
}

#[test]
fn a_key_is_made_once_and_never_shown() {
    let user = User::new();
    let file = user.home.path().join("hub.pem");
    let named = file.to_string_lossy().into_owned();
    let made = Finished::of(&mut mojaloop(&["hub", "jws-key", "--out", &named]));
    made.expect(0, &[]);
    assert!(made.stdout.starts_with("-----BEGIN PUBLIC KEY-----"), "{}", made.stdout);
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    check(&["hub", "jws-key", "--out", &named], 1, &["--out", "never overwritten", "openssl pkey -in"]);
    // A disk that is full: what could not be written whole is not left in the way.
    let half = user.home.path().join("half.pem");
    let program = env!("CARGO_BIN_EXE_mojaloop");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" hub jws-key --out \"$1\"";
    let full = Finished::of(std::process::Command::new("sh").args(["-c", script, program]).arg(&half));
    full.expect(1, &["--out", "half.pem", "File too large"]);
    assert!(!half.exists());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
    // What is no key is not repeated, wherever it comes from.
    let serve =
        |name: &str, value: &str| Finished::of(mojaloop(&["hub", "serve", "--store", "sqlite:x"]).env(name, value));
    let wrong = serve("MOJALOOP_JWS_SIGN_KEY", "s3cret");
    wrong.expect(2, &["MOJALOOP_JWS_SIGN_KEY", "found no line -----BEGIN", "jws-key --out"]);
    assert!(!wrong.stderr.contains("s3cret"), "{}", wrong.stderr);
    serve("MOJALOOP_JWS_SIGN_KEY_FILE", "/no/key").expect(2, &["MOJALOOP_JWS_SIGN_KEY_FILE", "/no/key"]);
    let both = ["hub", "serve", "--store", "sqlite:x", "--jws-sign-key", &named];
    let both = Finished::of(mojaloop(&both).env("MOJALOOP_JWS_SIGN_KEY", &key));
    both.expect(2, &["--jws-sign-key", "MOJALOOP_JWS_SIGN_KEY"]);
}

#[test]
fn settings_come_from_a_file_and_flags_win() {
    let user = User::new();
    let file = user.home.path().join("settings.yaml");
    let named = file.to_string_lossy().into_owned();
    let serve = ["hub", "serve", "--settings", &named];
    std::fs::write(&file, "store: mysql:x\n").unwrap();
    user.run(&serve).expect(2, &["--store", "mysql:x"]);
    user.run(&[&serve[..], &["--store", "redis:x"]].concat()).expect(2, &["redis:x"]);
    std::fs::write(&file, "store: sqlite:x\nstoer: y\n").unwrap();
    user.run(&serve).expect(2, &["--settings", "settings.yaml", "stoer"]);
    std::fs::write(&file, "store: sqlite:x\nlisten-address: 0.0.0.0\n").unwrap();
    user.run(&serve).expect(2, &["admin", "--admin open"]);
    std::fs::write(&file, "store: sqlite:x\ntls-certificate: hub.pem\n").unwrap();
    user.run(&serve).expect(2, &["--tls-certificate", "no --tls-key"]);
    std::fs::write(&file, "store: sqlite:x\ncallback-authorities: /no/authorities.pem\n").unwrap();
    user.run(&serve).expect(2, &["--callback-authorities", "/no/authorities.pem"]);
    user.run(&["hub", "serve", "--settings", "/no/such/file"]).expect(2, &["/no/such/file"]);
}

#[test]
fn the_value_of_a_variable_can_come_from_a_file() {
    let user = User::new();
    let file = user.home.path().join("store");
    std::fs::write(&file, format!("sqlite:{}/hub.sqlite\n", user.home.path().display())).unwrap();
    let migrated = Finished::of(user.mojaloop(&["hub", "migrate", "-o", "json"]).env("MOJALOOP_STORE_FILE", &file));
    assert_eq!(migrated.expect(0, &[]).json()["kind"], "Migration");
    assert!(user.home.path().join("hub.sqlite").exists());
}

#[test]
fn a_taken_port_is_named_with_what_moves_it() {
    let user = User::new();
    let port = 9100 + user.offset;
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let moves = ["--port-offset", "MOJALOOP_PORT_OFFSET"];
    user.run(&["harness", "up", "--once"]).expect(4, &[&port.to_string(), moves[0], moves[1]]);
    let detached = user.run(&["harness", "up", "--detach"]);
    detached.expect(1, &[&port.to_string(), moves[0]]);
    let store = format!("sqlite:{}/x.sqlite", user.home.path().display());
    user.run(&["hub", "serve", "--store", &store]).expect(4, &[&port.to_string(), moves[0], moves[1]]);
}
