//! A hub in processes of its own, as containers run it: hub, simulators, the scheme, health checks.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    path::PathBuf,
    process::{Child, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::{Finished, User};

/// A process that ends with the test.
struct Process(Child);

impl Process {
    fn start(user: &User, arguments: &[&str]) -> Process {
        let mut command = user.mojaloop(arguments);
        Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// A user with a `scheme.json`, whose simulated FSPs are at the port 3010.
struct World {
    user: User,
}

impl World {
    fn new() -> World {
        let world = World { user: User::new() };
        world.write(&world.scheme());
        world
    }

    fn url(&self, port: u16) -> String {
        format!("http://127.0.0.1:{}", port + self.user.offset)
    }

    fn file(&self) -> PathBuf {
        self.user.home.path().join("scheme.json")
    }

    fn write(&self, scheme: &Value) {
        std::fs::write(self.file(), scheme.to_string()).unwrap();
    }

    fn scheme(&self) -> Value {
        let fsp = |name: &str, party: &str| {
            json!({
                "name": name, "currencies": {"USD": {"netDebitCap": "1000", "funds": "500"}},
                "endpoint": format!("{}/{name}", self.url(3010)), "simulated": true,
                "parties": [{"id": party, "name": "Bob Bonobo"}],
            })
        };
        json!({
            "hubName": "Hub", "currencies": ["USD"],
            "settlementModels": [{"name": "DEFERREDNET", "kind": "DEFERRED_NET"}],
            "participants": [fsp("payerfsp", "MSISDN/1"), fsp("payeefsp", "MSISDN/2")], "oracles": [],
        })
    }

    fn hub(&self) -> Process {
        let store = format!("sqlite:{}", self.user.home.path().join("hub.sqlite").display());
        Process::start(&self.user, &["hub", "serve", "--store", &store, "--listen-address", "127.0.0.1"])
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = self.user.mojaloop(arguments);
        command.env("MOJALOOP_SCHEME", self.file()).env("MOJALOOP_HUB", self.url(3000));
        command.env("MOJALOOP_LEDGER_ADMIN", self.url(3001)).env("MOJALOOP_ORACLE_ADMIN", self.url(4001));
        Finished::of(&mut command)
    }

    /// Waits until something is healthy.
    fn await_health(&self, url: &str) {
        support::eventually(|| self.run(&["health", "--url", url]).code == 0);
    }
}

#[test]
fn a_scheme_is_planned_applied_and_played() {
    let world = World::new();
    let _hub = world.hub();
    // The hub may be starting still: apply waits for it.
    let applied = world.run(&["scheme", "apply", "-o", "json"]).expect(0, &[]).json();
    assert_eq!((&applied["apiVersion"], &applied["kind"]), (&json!("mojaloop/v1"), &json!("Plan")));
    assert_eq!(applied["changes"].as_array().unwrap().len(), 2 + 1 + 2 * 5);
    assert!(world.run(&["scheme", "plan"]).expect(0, &[]).stdout.contains("nothing to change"));
    assert_eq!(world.run(&["scheme", "apply", "-o", "json"]).expect(0, &[]).json()["changes"], json!([]));

    let mut scheme = world.scheme();
    scheme["participants"][0]["currencies"]["USD"]["netDebitCap"] = json!("2000.5");
    world.write(&scheme);
    let planned = world.run(&["scheme", "plan", "-o", "json"]).expect(3, &[]).json();
    let expect = json!([{
        "resource": "participant/payerfsp", "field": "currencies.USD.netDebitCap", "before": "1000", "after": "2000.5",
        "risk": "none", "origin": format!("{}: participants[0].currencies.USD.netDebitCap", world.file().display()),
    }]);
    assert_eq!(planned["changes"], expect);
    let table = world.run(&["scheme", "plan"]);
    assert_eq!(table.code, 3);
    assert!(table.stdout.contains("origin") && table.stdout.contains("2000.5"), "{}", table.stdout);
    assert_eq!(table.stderr, "", "what changes is all that is said");

    let (listen, control) = (world.url(3010), world.user.simulator());
    let (listen, file) = (listen.trim_start_matches("http://"), world.file());
    let arguments = ["simulator", "--scheme", file.to_str().unwrap(), "--hub", &world.url(3000), "--listen", listen];
    let _simulator =
        Process::start(&world.user, &[&arguments[..], &["--control", control.trim_start_matches("http://")]].concat());
    world.await_health(&format!("{control}/health"));
    let transfer = ["transfer", "--from", "payerfsp", "--to", "MSISDN/2", "--amount", "10", "--currency", "USD"];
    let paid = world.run(&[&transfer[..], &["--simulator", &control, "-o", "json"]].concat());
    assert_eq!(paid.expect(0, &[]).json()["state"], "COMMITTED");
}

#[test]
fn health_is_an_exit_code() {
    let world = World::new();
    let ready = format!("{}/ready", world.url(9100));
    world.run(&["health", "--url", &ready]).expect(1, &[&ready, "nobody answers there"]);
    let mut hub = world.hub();
    world.await_health(&ready);
    assert!(hub.is_running());
    let healthy = world.run(&["health", "--url", &ready]);
    assert_eq!((healthy.code, healthy.stdout.as_str(), healthy.stderr.as_str()), (0, "", ""));
    let missing = format!("{}/nothing", world.url(9100));
    world.run(&["health", "--url", &missing]).expect(1, &["404"]);
    world.run(&["health", "--url", "hub:9100"]).expect(1, &["http://HOST:PORT"]);
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    let apply = world.run(&["scheme", "apply", "--timeout", "0"]);
    apply.expect(5, &["the hub: not within 0 s", "ledger admin", "nobody answers there"]);
    world.run(&["scheme", "plan"]).expect(1, &["GET /", "is the hub running"]);
    world.run(&["scheme", "plan", "--file", "/nowhere.json"]).expect(1, &["/nowhere.json"]);
    let mut scheme = world.scheme();
    scheme["participants"][0]["netDebitCap"] = json!("1");
    world.write(&scheme);
    world.run(&["scheme", "plan"]).expect(1, &["scheme.json", "unknown field `netDebitCap`"]);
    world.run(&["simulator", "--listen", "127.0.0.1:0"]).expect(1, &["unknown field `netDebitCap`"]);
    let simulator = Finished::of(&mut support::mojaloop(&["simulator"]));
    simulator.expect(2, &["--fsp", "--scheme"]);
}
