//! `mojaloop trace` and `mojaloop audit`, with a hub in a process of its own and on what a hub left behind.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod support;

use serde_json::Value;
use support::{Finished, User};

/// Makes a payment; returned is its transfer's id.
#[track_caller]
fn pay(user: &User) -> String {
    let flags =
        ["transfer", "--from", "payerfsp", "--to", "MSISDN/27713803912", "--amount", "12.5", "--currency", "KES"];
    let paid = Finished::of(user.mojaloop(&flags).args(["--simulator", &user.simulator(), "-o", "json"]));
    paid.expect(0, &[]).json()["transfer_id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn check_audit(audit: &Value, verdict: &str) {
    assert_eq!((&audit["apiVersion"], &audit["kind"]), (&"mojaloop/v1".into(), &"Audit".into()));
    assert_eq!(audit["verdict"], verdict, "{audit:#}");
    let invariants = audit["invariants"].as_array().unwrap();
    let ids: Vec<&str> = invariants.iter().filter_map(|invariant| invariant["id"].as_str()).collect();
    assert_eq!(ids, ["I1", "I2", "I3", "I4", "I5", "I7"]);
    for invariant in invariants {
        assert!(invariant["checked"].as_u64() > Some(0) && invariant["violations"].is_array(), "{invariant}");
    }
}

fn store_of(user: &User) -> String {
    user.data().join("mojaloop/default/hub.sqlite").display().to_string()
}

/// Standard output has these words, in this order.
#[track_caller]
fn prints(run: &Finished, code: i32, words: &[&str]) {
    let mut rest = run.expect(code, &[]).stdout.as_str();
    for word in words {
        let at =
            rest.find(word).unwrap_or_else(|| panic!("{word:?} is not in, or not after the others: {}", run.stdout));
        rest = rest.get(at + word.len()..).unwrap_or_default();
    }
}

#[test]
fn a_payment_on_a_running_hub() {
    let user = User::new();
    user.run(&["harness", "up", "--detach"]).expect(0, &[]);
    let id = pay(&user);
    // What has arrived is noted a moment later.
    support::eventually(|| user.run(&["trace", &id]).stdout.contains("and payerfsp was told"));
    let table = user.run(&["trace", &id]);
    let story = [
        &id,
        "12.5 KES",
        "quote",
        "payerfsp asked payeefsp",
        "gave its terms",
        "reserved 12.5 KES",
        "committed",
        "payerfsp took PUT /transfers/",
        "stands",
        "COMMITTED",
        "next",
    ];
    prints(&table, 0, &story);
    // A payee may answer before the hub has noted that it took the request.
    prints(&table, 0, &["payerfsp asked payeefsp", "took POST /quotes"]);
    prints(&table, 0, &["reserved 12.5 KES", "took POST /transfers"]);
    assert!(!table.stdout.contains('\u{1b}'), "no colours where no terminal is");
    let trace = user.run(&["trace", &id, "-o", "json"]).expect(0, &[]).json();
    assert_eq!((&trace["kind"], &trace["transfer_id"]), (&"Trace".into(), &id.as_str().into()));
    assert_eq!(trace["state"], "COMMITTED");
    for event in trace["events"].as_array().unwrap() {
        assert!(event["time"].is_string() && event["what"].is_string(), "{event}");
    }
    let text = trace.to_string();
    assert!(!text.contains("27713803912") && !text.contains("Alpaca"), "{text}");
    let quote = trace["quote_id"].as_str().unwrap();
    prints(&user.run(&["trace", quote, "-o", "yaml"]), 0, &["kind: Trace", "about: transfer", &id, "COMMITTED"]);

    check_audit(&user.run(&["audit", "-o", "json"]).expect(0, &[]).json(), "pass");
    prints(&user.run(&["audit"]), 0, &["I1 Conservation", "I7 Condition", "pass", "lines of the journal"]);
    // Beside the hub, on its own file.
    let store = format!("sqlite:{}", store_of(&user));
    prints(&user.run(&["trace", &id, "--store", &store]), 0, &["COMMITTED, and payerfsp was told"]);
    check_audit(&user.run(&["audit", "-o", "json", "--store", &store]).expect(0, &[]).json(), "pass");

    let unknown = "0192f0c1-0000-7000-8000-000000000000";
    user.run(&["trace", unknown]).expect(1, &[unknown, "knows no transfer, quote or movement of funds", "hint:"]);
    user.run(&["trace", unknown, "--store", &store]).expect(1, &["the store knows no transfer"]);
    user.run(&["trace", "27713803912"]).expect(2, &["neither a UUID"]);
    pay(&user);
    user.run(&["harness", "down"]).expect(0, &[]);
}

#[test]
#[cfg(unix)]
fn what_a_killed_hub_left_is_read_and_what_somebody_forged_is_found() {
    let user = User::new();
    let up = user.run(&["harness", "up", "--detach", "-o", "json"]).expect(0, &[]).json();
    let id = pay(&user);
    let pid = i32::try_from(up["pid"].as_i64().unwrap()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    support::eventually(|| user.run(&["harness", "status"]).code == 1);
    let store = format!("sqlite:{}", store_of(&user));
    user.run(&["audit"]).expect(1, &["nobody answers there", "--store"]);
    prints(&user.run(&["trace", &id, "--store", &store]), 0, &["committed: payeefsp gave the fulfilment"]);
    check_audit(&user.run(&["audit", "-o", "json", "--store", &store]).expect(0, &[]).json(), "pass");

    let file = rusqlite::Connection::open(store_of(&user)).unwrap();
    file.execute("DELETE FROM entry WHERE kind = 'COMMIT' AND rowid = (SELECT max(rowid) FROM entry)", []).unwrap();
    drop(file);
    let forged = user.run(&["audit", "-o", "json", "--store", &store]);
    check_audit(&forged.expect(1, &[]).json(), "fail");
    let found = user.run(&["audit", "--store", &store]);
    prints(
        &found,
        1,
        &["✗", "payeefsp POSITION KES", "the sum of its lines", &id, "COMMITTED with RESERVE in the journal", "fail"],
    );
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let user = User::new();
    let file = user.home.path().join("none.sqlite");
    let store = format!("sqlite:{}", file.display());
    user.run(&["audit", "--store", &store]).expect(1, &["none.sqlite", "No such file", "hint:"]);
    assert!(!file.exists());
    user.run(&["audit", "--store", "none.sqlite"]).expect(2, &["--store", "sqlite:FILE"]);
}
