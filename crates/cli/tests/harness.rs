//! The harness as a developer uses it.

mod support;

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;
use support::{Finished, User, files};

#[track_caller]
fn check_payment(payment: &Value) {
    assert_eq!(payment["apiVersion"], "mojaloop/v1");
    assert_eq!(payment["kind"], "Payment");
    assert_eq!(payment["state"], "COMMITTED");
    let legs = payment["legs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let phases = |phase: &str| legs.iter().filter(|leg| leg["phase"] == phase).count();
    assert_eq!((phases("lookup"), phases("agreement"), phases("clearing")), (4, 4, 4), "{legs:?}");
    for leg in legs {
        let success = matches!(leg["status"].as_u64(), Some(200 | 202));
        assert!(success && leg["duration_ms"].is_number() && leg["path"].is_string(), "{leg}");
    }
    assert!(payment["total_ms"].as_f64() > Some(0.0));
}

#[test]
fn once_makes_a_payment_and_leaves_only_its_data() {
    let user = User::new();
    let first = user.run(&["harness", "up", "--once", "-o", "json"]);
    first.expect(0, &[]);
    let payment = first.json();
    check_payment(&payment);
    assert!(payment["startup_ms"].as_f64().unwrap() > 0.0);
    assert!(payment["resident_bytes"].as_u64().unwrap() > 1_000_000);
    let again = user.run(&["harness", "up", "--once", "-o", "json"]).expect(0, &[]).json();
    assert_ne!(again["transfer_id"], payment["transfer_id"]);
    user.run(&["harness", "status"]).expect(1, &["no harness named \"default\" is running"]);
    user.run(&["harness", "reset"]).expect(2, &["hub.sqlite", "--yes"]);
    user.run(&["harness", "reset", "--yes"]).expect(0, &[]);
    assert_eq!(files(&user.data()), Vec::<String>::new());
}

#[test]
fn a_table_for_people_and_yaml_for_scripts() {
    let user = User::new();
    let table = user.run(&["harness", "up", "--once", "--ephemeral"]);
    table.expect(0, &[]);
    for part in ["POST /quotes", "payerfsp  →  hub", "COMMITTED", "MB of memory"] {
        assert!(table.stdout.contains(part), "{part}: {}", table.stdout);
    }
    assert!(!table.stdout.contains('\u{1b}'), "no colours where no terminal is");
    let yaml = user.run(&["harness", "up", "--once", "--ephemeral", "-o", "yaml"]);
    assert!(yaml.expect(0, &[]).stdout.contains("kind: Payment"));
}

#[test]
fn detached_it_is_found_by_name_pays_and_goes_down() {
    let user = User::new();
    user.run(&["harness", "up", "--detach", "-o", "json"]).expect(0, &[]);
    let status = user.run(&["harness", "status", "-o", "json"]).expect(0, &[]).json();
    assert_eq!((&status["kind"], &status["state"]), (&Value::from("HarnessStatus"), &Value::from("ready")));
    user.run(&["harness", "up", "--detach"]).expect(0, &["already running"]);
    user.run(&["harness", "up", "--once"]).expect(1, &["is running already", "--port-offset"]);
    let pay = |to: &str| {
        let simulator = user.simulator();
        let flags = ["transfer", "--from", "payerfsp", "--to", to, "--amount", "12.5", "--currency", "KES"];
        Finished::of(user.mojaloop(&flags).args(["--simulator", &simulator, "-o", "json"]))
    };
    check_payment(&pay("MSISDN/27713803912").expect(0, &[]).json());
    let unknown = pay("MSISDN/1");
    assert_eq!(unknown.expect(1, &["3204"]).json()["state"], "FAILED");
    user.run(&["harness", "logs"]).expect(0, &[]);
    user.run(&["harness", "reset", "--yes"]).expect(1, &["is running", "harness down"]);
    user.run(&["harness", "down"]).expect(0, &[]);
    user.run(&["harness", "status"]).expect(1, &["--detach"]);
    user.run(&["harness", "down", "--volumes", "--yes"]).expect(0, &["hub.sqlite"]);
    assert_eq!(files(&user.data()), Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn after_a_kill_it_starts_again_with_its_data() {
    let user = User::new();
    let first = user.run(&["harness", "up", "--detach", "-o", "json"]).expect(0, &[]).json();
    let pid = i32::try_from(first["pid"].as_i64().unwrap()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    support::eventually(|| user.run(&["harness", "status"]).code == 1);
    let second = user.run(&["harness", "up", "--detach", "-o", "json"]).expect(0, &[]).json();
    assert_ne!(second["pid"], first["pid"]);
    let flags = ["transfer", "--from", "payerfsp", "--to", "MSISDN/27713803912", "--amount", "1", "--currency", "USD"];
    let paid = Finished::of(user.mojaloop(&flags).args(["--simulator", &user.simulator(), "-o", "json"]));
    check_payment(&paid.expect(0, &[]).json());
    user.run(&["harness", "down"]).expect(0, &[]);
}

#[test]
fn its_messages_are_looked_at() {
    let user = User::new();
    user.run(&["harness", "capture"]).expect(1, &["no harness named \"default\" is running"]);
    user.run(&["harness", "up", "--detach", "--ephemeral", "-o", "json"]).expect(0, &[]);
    let all = user.run(&["harness", "capture", "-o", "json"]).expect(0, &[]).json();
    assert_eq!(all["kind"], "Capture");
    let transfer = |message: &&Value| message["method"] == "POST" && message["path"] == "/transfers";
    let id = all["messages"].as_array().unwrap().iter().find(transfer).unwrap()["transfer_id"].as_str().unwrap();
    let payment = ["harness", "capture", "--payment", id];
    let one = user.run(&[&payment[..], &["-o", "json"]].concat()).expect(0, &[]).json();
    let steps: Vec<String> = one["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            let word = |name: &str| message[name].as_str().unwrap().replace("payerfsp", "P").replace("payeefsp", "Q");
            let path = word("path");
            let resource = path.split('/').nth(1).unwrap();
            format!("{}>{} {} {resource}", word("from"), word("to"), word("method"))
        })
        .collect();
    let expect = [
        "P>hub GET parties",
        "hub>Q GET parties",
        "Q>hub PUT parties",
        "hub>P PUT parties",
        "P>hub POST quotes",
        "hub>Q POST quotes",
        "Q>hub PUT quotes",
        "hub>P PUT quotes",
        "P>hub POST transfers",
        "hub>Q POST transfers",
        "Q>hub PUT transfers",
        "hub>P PUT transfers",
    ];
    assert_eq!(steps, expect);
    let shown = user.run(&payment);
    prints(&shown, 0, &["payerfsp → hub  POST /quotes  202", "\n    \"amountType\": \"SEND\"", "COMMITTED"]);
    assert!(!shown.stdout.contains("\u{1b}"), "no colours where no terminal is");
    user.run(&["harness", "capture", "--payment", "nobody"]).expect(1, &["nobody", "mojaloop trace"]);
}

/// Each message comes when it was sent, until Ctrl-C.
#[test]
#[cfg(unix)]
fn its_messages_are_followed() {
    let user = User::new();
    user.run(&["harness", "up", "--detach", "--ephemeral", "--profile", "core"]).expect(0, &[]);
    let mut follow = user.mojaloop(&["harness", "capture", "--follow", "-o", "json"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let url = format!("http://127.0.0.1:{}/parties/MSISDN/1", 3000 + user.offset);
    // A refusal is a message, too.
    user.run(&["health", "--url", &url]).expect(1, &[]);
    let message: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&message["kind"], &message["status"]),
        (&Value::from("CapturedMessage"), &Value::from(400)),
        "{message}"
    );
    let pid = rustix::process::Pid::from_raw(i32::try_from(follow.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(follow.wait().unwrap().code(), Some(0));
}

#[test]
fn ephemeral_data_go_with_the_harness() {
    let user = User::new();
    let up = user.run(&["harness", "up", "--detach", "--ephemeral", "-o", "json"]);
    let data = up.expect(0, &[]).json()["data"].as_str().unwrap().to_owned();
    let data = data.strip_prefix("sqlite:").unwrap().to_owned();
    assert!(std::path::Path::new(&data).exists() && !data.starts_with(user.data().to_str().unwrap()), "{data}");
    user.run(&["harness", "down"]).expect(0, &[]);
    assert!(!std::path::Path::new(&data).parent().unwrap().exists());
}

#[test]
fn core_is_the_hub_alone() {
    let user = User::new();
    let up = user.run(&["harness", "up", "--once", "--ephemeral", "--profile", "core", "-o", "json"]);
    assert_eq!(up.expect(0, &[]).json()["simulator"], Value::Null);
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_it_in_good_order() {
    let user = User::new();
    let mut command = user.mojaloop(&["harness", "up", "--ephemeral"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let running = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Running until Ctrl-C"));
    assert!(running);
    let status = user.run(&["harness", "status", "-o", "json"]).expect(0, &[]).json();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!std::path::Path::new(status["data"].as_str().unwrap()).exists());
    user.run(&["harness", "status"]).expect(1, &[]);
}

/// Ended with this code, and printed these words as its result.
#[track_caller]
fn prints(run: &support::Finished, code: i32, words: &[&str]) {
    run.expect(code, &[]);
    for word in words {
        assert!(run.stdout.contains(word), "{word:?} is not in: {}", run.stdout);
    }
}

#[test]
fn it_is_looked_at_before_and_while_it_runs() {
    let user = User::new();
    prints(&user.run(&["harness", "doctor"]), 0, &["ready"]);
    prints(&user.run(&["harness", "plan"]), 3, &["harness/default", "running"]);
    user.run(&["harness", "up", "--detach"]).expect(0, &[]);
    prints(&user.run(&["harness", "plan"]), 0, &["nothing to change"]);
    prints(&user.run(&["harness", "verify"]), 0, &["3 of 3 checks passed"]);
    let cap = ["--set", "participants[0].currencies.USD.netDebitCap=5"];
    let plan = user.run(&[&["harness", "plan", "-o", "json"], &cap[..]].concat());
    let change = &plan.expect(3, &[]).json()["changes"][0];
    assert_eq!((change["before"].as_str(), change["after"].as_str()), (Some("100000"), Some("5")), "{change}");
    assert_eq!(change["origin"], "--set");
    prints(&user.run(&[&["harness", "verify"], &cap[..]].concat()), 1, &["1 of its values differ", "harness plan"]);
    user.run(&["harness", "down"]).expect(0, &[]);
    user.run(&["harness", "verify"]).expect(1, &["no harness"]);
}

#[test]
fn what_the_definition_asks_for_and_is_not_there_yet_is_refused() {
    let user = User::new();
    let postgres = ["--set", "store.kind=postgres", "--set", "store.url=postgres://hub@127.0.0.1:1/hub"];
    let refused = user.run(&["harness", "up", "--engine", "compose", "--set", "scheme.jws.validate=all"]);
    refused.expect(4, &["not available yet", "scheme.jws.validate"]);
    let refused = user.run(&["harness", "up", "--once", "--set", "store.kind=postgres"]);
    refused.expect(4, &["not available yet", "store.url", "--engine compose"]);
    let away = user.run(&[&["harness", "up", "--once"], &postgres[..]].concat());
    away.expect(1, &["127.0.0.1:1"]);
    let refused = user.run(&["harness", "up", "--once", "--set", "components.portal=true"]);
    refused.expect(4, &["not available yet", "components.portal"]);
    user.run(&["harness", "up", "--once", "--set", "sizing.paymentsPerSecond=x"])
        .expect(1, &["sizing.paymentsPerSecond"]);
    let missing = user.run(&["harness", "up", "--once", "-f", "/no/such/hub.yaml"]);
    missing.expect(1, &["/no/such/hub.yaml"]);
}

#[test]
fn what_is_rendered_does_not_depend_on_the_folder() {
    let user = User::new();
    let (one, two) = (user.home.path().join("one"), user.home.path().join("two/deep"));
    for folder in [&one, &two] {
        prints(&user.run(&["harness", "render", "--out", &folder.to_string_lossy()]), 0, &["6 files written"]);
    }
    for file in ["compose.yaml", "prometheus.yml", "scheme.json", ".env.example", "compose.override.example.yaml"] {
        assert_eq!(std::fs::read(one.join(file)).unwrap(), std::fs::read(two.join(file)).unwrap(), "{file}");
    }
    prints(&user.run(&["harness", "render", "--out", &one.to_string_lossy()]), 0, &["0 files written, 6 were right"]);
}

/// Ctrl-C while it starts in the background: nothing is left running there.
#[test]
#[cfg(unix)]
fn a_start_in_the_background_that_is_interrupted_leaves_nothing_running() {
    let user = User::new();
    // A database that never answers, so that the harness is not ready before it is interrupted.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("store.url=postgres://hub@{}/hub", listener.local_addr().unwrap());
    let flags = ["harness", "up", "--detach", "--set", "store.kind=postgres", "--set", &url];
    let up = user.mojaloop(&flags).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(up.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = up.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
    // Its end closes the connection.
    std::io::copy(&mut connection, &mut std::io::sink()).unwrap();
    user.run(&["harness", "status"]).expect(1, &[]);
}

const TESTS: &str = r#"
tests:
- name: pays
  pay: {from: payerfsp, to: MSISDN/27713803912, amount: "2", currency: USD}
  times: 2
  expect: {state: COMMITTED, moved: {payerfsp: "4"}}
- name: expects too much
  fsps: {payeefsp: {behaviour: {error: "5104"}}}
  pay: {from: payerfsp, to: MSISDN/27713803912, amount: "10", currency: USD}
  expect: {state: COMMITTED, legs: 12, moved: {payerfsp: "10"}}
"#;

#[test]
fn end_to_end_tests_run_in_a_harness_of_their_own_or_in_the_one_that_runs() {
    let user = User::new();
    let own = user.run(&["harness", "test", "-o", "json"]).expect(0, &["✓ nobody has this party"]).json();
    assert_eq!((&own["kind"], &own["passed"], &own["failed"]), (&"TestReport".into(), &6.into(), &0.into()));
    user.run(&["harness", "status"]).expect(1, &["no harness named"]);
    assert_eq!(files(&user.data()), Vec::<String>::new(), "it leaves nothing behind");

    user.run(&["harness", "up", "--detach"]).expect(0, &[]);
    let (tests, results) = (user.home.path().join("tests.yaml"), user.home.path().join("results.xml"));
    std::fs::write(&tests, TESTS).unwrap();
    let (tests, junit) = (tests.to_str().unwrap(), results.to_str().unwrap());
    let failed = user.run(&["harness", "test", tests, "--junit", junit]);
    failed.expect(
        1,
        &["state: found FAILED (lookup: ", "legs: found ", "moved.payerfsp: found 0, expected 10", "mojaloop trace "],
    );
    assert!(failed.stdout.ends_with("1 passed, 1 failed, 0 skipped\n"), "{}", failed.stdout);
    let xml = std::fs::read_to_string(&results).unwrap();
    assert!(
        xml.contains(r#"tests="2" failures="1" skipped="0""#) && xml.contains("<failure message=\"state: found FAILED"),
        "{xml}"
    );
    let page = user.home.path().join("results.html");
    let with_page = ["harness", "test", tests, "--only", "pays", "--html", page.to_str().unwrap()];
    assert!(user.run(&with_page).expect(0, &[]).stdout.ends_with("1 passed, 0 failed, 0 skipped\n"));
    assert!(std::fs::read_to_string(&page).unwrap().contains("All tests passed"));
    // A result that could not be written is no reason to run the tests first.
    for flag in ["--junit", "--html"] {
        user.run(&["harness", "test", tests, flag, "nowhere/results"]).expect(2, &[flag, "no folder nowhere", "mkdir"]);
    }
    // The payee is as it was before, and nothing that it was told has stayed.
    user.run(&["harness", "test"]).expect(0, &[]);
    user.run(&["harness", "test", tests, "--only", "nothing"]).expect(2, &["no test's name contains"]);
    user.run(&["harness", "test", "nowhere.yaml"]).expect(2, &["nowhere.yaml", "hint:"]);
    user.run(&["harness", "down"]).expect(0, &[]);

    user.run(&["harness", "up", "--detach", "--profile", "core"]).expect(0, &[]);
    user.run(&["harness", "test"]).expect(4, &["no simulated FSPs", "--profile core"]);
}

#[test]
fn levels_that_need_something_say_what() {
    let user = User::new();
    let test = |flags: &[&str]| user.run(&[&["harness", "test"], flags].concat());
    test(&["--service", "nothing"]).expect(2, &["--service", "\"nothing\"", "store-postgres"]);
    let without_kit = |flags: &[&str]| {
        let mut command = user.mojaloop(&[&["harness", "test"], flags].concat());
        Finished::of(command.env_remove("MOJALOOP_TTK"))
    };
    without_kit(&["--level", "ttk"]).expect(4, &["MOJALOOP_TTK is not set", "docs/conformance.md"]);
    without_kit(&["--label", "std"]).expect(4, &["MOJALOOP_TTK"]);
    let mut command = user.mojaloop(&["harness", "test", "--collection", "core-p2p"]);
    Finished::of(command.env("MOJALOOP_TTK", "/nowhere")).expect(4, &["there is no /nowhere/run-ttk.sh"]);
}

#[test]
fn its_pages_are_named_and_its_database_opened() {
    let user = User::new();
    user.run(&["harness", "open"]).expect(1, &["no harness named"]);
    user.run(&["harness", "psql"]).expect(1, &["no harness named"]);
    user.run(&["harness", "up", "--detach"]).expect(0, &[]);
    let status = user.run(&["harness", "status", "-o", "json"]).json();
    let url = |field: &str| format!("http://{}", status[field].as_str().unwrap());
    for (page, expect) in
        [("pages", url("pages")), ("metrics", url("operations") + "/metrics"), ("health", url("operations") + "/ready")]
    {
        assert_eq!(user.run(&["harness", "open", page]).expect(0, &[]).stdout.trim(), expect);
    }
    let opened = user.run(&["harness", "open", "--print", "-o", "json"]).expect(0, &[]).json();
    assert_eq!((&opened["kind"], &opened["opened"]), (&"HarnessPage".into(), &false.into()));
    user.run(&["harness", "psql"]).expect(1, &["SQLite", "sqlite3 'file:", "hub.sqlite?mode=ro'"]);
    user.run(&["harness", "down"]).expect(0, &[]);

    let store = format!("store.url={}", postgres_server::Server::shared().database());
    let up = ["harness", "up", "--detach", "--set", "store.kind=postgres", "--set", &store];
    user.run(&up).expect(0, &[]);
    let count = ["harness", "psql", "-c", "SELECT count(*) FROM transfer", "--", "--tuples-only", "--no-psqlrc"];
    assert_eq!(user.run(&count).expect(0, &[]).stdout.trim(), "1");
}

#[test]
fn config_says_what_holds_and_where_it_was_said() {
    let user = User::new();
    let embedded = user.run(&["harness", "config", "--show-origin", "--set", "scheme.hubName=Switch"]);
    embedded.expect(0, &[]);
    let line = embedded.stdout.lines().find(|line| line.contains("hubName: Switch"));
    assert!(line.is_some_and(|line| line.ends_with("# --set")), "{}", embedded.stdout);

    let compose = ["harness", "config", "--show-origin", "--engine", "compose", "-o", "json"];
    let folder = user.data().join("mojaloop/default/compose");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(".env"), "# mine\nLOG=debug\n").unwrap();
    let mut command = user.mojaloop(&compose);
    let config = Finished::of(command.env("HUB_CPUS", "1")).expect(0, &[]).json();
    let variables = config["variables"].as_array().unwrap();
    let of = |name: &str| {
        let found = variables.iter().find(|variable| variable["name"] == name).unwrap();
        (found["value"].as_str().unwrap(), found["origin"].as_str().unwrap())
    };
    assert_eq!(of("LOG"), ("debug", ".env:2"));
    assert_eq!(of("HUB_CPUS"), ("1", "the environment"));
    assert_eq!(of("HUB_MEMORY"), ("512m", "default"));
    std::fs::write(folder.join(".env"), "LGO=debug\n").unwrap();
    user.run(&compose).expect(2, &[".env:1: found LGO", "did you mean LOG?"]);
}

/// Whoever breaks tests off leaves the FSPs as they were.
#[test]
#[cfg(unix)]
fn tests_that_are_broken_off_leave_no_script_behind() {
    let user = User::new();
    user.run(&["harness", "up", "--detach", "--ephemeral"]).expect(0, &[]);
    let file = user.home.path().join("slow.yaml");
    let slow = "tests: [{name: slow, fsps: {payeefsp: {behaviour: {silent: true}}}, expect: {state: COMMITTED},
                pay: {from: payerfsp, to: MSISDN/27713803912, amount: '1', currency: USD}}]";
    std::fs::write(&file, slow).unwrap();
    let is_silent = || {
        let mut stream = std::net::TcpStream::connect(user.simulator().trim_start_matches("http://")).unwrap();
        let request = "GET /fsps/payeefsp/script HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer.contains("\"silent\":true")
    };
    let mut test = user.mojaloop(&["harness", "test", file.to_str().unwrap()]).stderr(Stdio::null()).spawn().unwrap();
    while !is_silent() {
        assert_eq!(test.try_wait().unwrap(), None, "it ended before it was broken off");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(test.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(test.wait().unwrap().code(), Some(130));
    assert!(!is_silent(), "the payee behaves as before");
}
