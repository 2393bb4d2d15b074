//! `mojaloop audit` finds damage of every kind that it reports, on both stores: each is done to a copy by SQL, as somebody
//! with the database's password could.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod support;

use std::path::{Path, PathBuf};

use postgres_server::Server;
use serde_json::Value;
use support::User;

/// What is done to a store, the invariant that must be found broken, and what the finding must say.
struct Damage {
    sql: &'static str,
    invariant: &'static str,
    says: &'static str,
}

const fn damage(sql: &'static str, invariant: &'static str, says: &'static str) -> Damage {
    Damage { sql, invariant, says }
}

/// The position of an owner in the payment's currency.
macro_rules! position_of {
    ($name:literal) => {
        concat!(
            "(SELECT account.id FROM account JOIN participant ON participant.id = participant
              WHERE kind = 'POSITION' AND currency = 'KES' AND name = '",
            $name,
            "')"
        )
    };
}

/// In SQL that both databases understand.
const DAMAGES: [Damage; 16] = [
    damage(
        concat!(
            "UPDATE balance SET amount = (SELECT max(amount) FROM entry) WHERE account = ",
            position_of!("payeefsp")
        ),
        "I1",
        "the sum of its lines of the journal",
    ),
    damage("UPDATE entry SET currency = 'USD' WHERE kind = 'RESERVE'", "I1", "12.5 USD on account"),
    damage("UPDATE entry SET lowered = raised WHERE kind = 'COMMIT'", "I1", "both sides are"),
    damage("UPDATE entry SET raised = 4711 WHERE kind = 'RESERVE'", "I1", "which is not in the books"),
    damage("DELETE FROM entry WHERE kind = 'COMMIT'", "I1", "the sum of all that is RESERVED"),
    damage(
        "UPDATE account SET net_debit_cap = NULL WHERE kind = 'POSITION'",
        "I2",
        "a position account with a net debit cap",
    ),
    damage(
        concat!(
            "UPDATE balance SET amount = (SELECT amount FROM balance JOIN account ON account.id = account
                                          WHERE kind = 'HUB_RECONCILIATION' AND currency = 'KES')
             WHERE account = ",
            position_of!("payerfsp")
        ),
        "I2",
        "which was paid in",
    ),
    damage(
        "UPDATE transfer SET status = 'RESERVED', ended_at = NULL",
        "I3",
        "RESERVED with RESERVE, COMMIT in the journal",
    ),
    damage("UPDATE transfer SET status = 'ABORTED_ERROR'", "I3", "ABORTED_ERROR with RESERVE, COMMIT in the journal"),
    damage("UPDATE transfer SET ended_at = NULL", "I3", "ended: never"),
    damage("DELETE FROM transfer", "I3", "and nothing that it belongs to"),
    damage("UPDATE funds_movement SET status = 'RESERVED', ended_at = NULL", "I3", "IN RESERVED, ended: never"),
    damage(
        "UPDATE funds_movement SET id = (SELECT id FROM transfer LIMIT 1)
         WHERE id = (SELECT id FROM funds_movement ORDER BY id LIMIT 1)",
        "I5",
        "a transfer and a movement of funds",
    ),
    damage("UPDATE transfer SET fulfilment = condition", "I7", "by a fulfilment of the condition"),
    damage("UPDATE transfer SET expiration = prepared_at", "I7", "before its expiration"),
    damage("UPDATE transfer SET answer_hash = NULL", "I7", "no answer of its payee is on record"),
];

/// What stands elsewhere in the two.
const DAMAGES_OF_A_FILE: [Damage; 2] = [
    damage("DELETE FROM sent_message", "I4", "and no message to payerfsp says so"),
    damage(
        "INSERT INTO entry (transfer_id, kind, raised, lowered, amount, currency, at)
         SELECT transfer_id, kind, raised, lowered, amount, currency, at FROM entry WHERE kind = 'COMMIT'",
        "I5",
        "2 lines COMMIT",
    ),
];
const DAMAGES_OF_A_DATABASE: [Damage; 2] = [
    damage("DELETE FROM outbox_batch; DELETE FROM sent_message", "I4", "and no message to payerfsp says so"),
    damage(
        "INSERT INTO entry (movement_at, transfer_id, kind, raised, lowered, amount, currency, at)
         SELECT movement_at, transfer_id, kind, raised, lowered, amount, currency, at FROM entry WHERE kind = 'COMMIT'",
        "I5",
        "2 lines COMMIT",
    ),
];

/// Makes a payment on a hub of this store, and stops the hub.
fn pay(user: &User, up: &[&str]) {
    user.run(&[&["harness", "up", "--detach"], up].concat()).expect(0, &[]);
    let flags =
        ["transfer", "--from", "payerfsp", "--to", "MSISDN/27713803912", "--amount", "12.5", "--currency", "KES"];
    // Nobody says where the simulators are: the harness of this user knows.
    user.run(&flags).expect(0, &[]);
    // What is sent is written down before the hub ends.
    user.run(&["harness", "down"]).expect(0, &[]);
}

fn audit(user: &User, store: &str, code: i32) -> Value {
    user.run(&["audit", "--store", store, "-o", "json"]).expect(code, &[]).json()
}

/// What is found broken: the invariants, and all that is said of one.
fn found(audit: &Value, id: &str) -> String {
    let invariants = audit["invariants"].as_array().unwrap();
    invariants.iter().find(|invariant| invariant["id"] == id).unwrap()["violations"].to_string()
}

/// Does every damage to a copy of its own, which `copy` makes and damages, and whose name it says.
fn check_all(user: &User, store: &str, of_the_store: &[Damage], mut copy: impl FnMut(&str) -> String) {
    let good = audit(user, store, 0);
    assert_eq!((&good["verdict"], &good["transfers"]), (&"pass".into(), &2.into()), "{good:#}");
    for Damage { sql, invariant, says } in DAMAGES.iter().chain(of_the_store) {
        let damaged = audit(user, &copy(sql), 1);
        let found = found(&damaged, invariant);
        assert!(found.contains(says), "{sql}: {invariant} must say {says:?}: {found}\n{damaged:#}");
    }
}

#[test]
fn damage_to_a_file_is_found() {
    let user = User::new();
    pay(&user, &[]);
    let file = user.data().join("mojaloop/default/hub.sqlite");
    let copy = |sql: &str| {
        let damaged: PathBuf = user.home.path().join("damaged.sqlite");
        std::fs::copy(&file, &damaged).unwrap();
        let connection = rusqlite::Connection::open(&damaged).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.close().unwrap();
        name_of(&damaged)
    };
    check_all(&user, &name_of(&file), &DAMAGES_OF_A_FILE, copy);
}

fn name_of(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

#[test]
fn damage_to_a_database_is_found() {
    let (user, server) = (User::new(), Server::shared());
    let database = server.database();
    let url = format!("store.url={database}");
    pay(&user, &["--set", "store.kind=postgres", "--set", &url]);
    let copy = |sql: &str| {
        let damaged = server.copy(&database);
        server.psql(&damaged, sql);
        damaged
    };
    check_all(&user, &database, &DAMAGES_OF_A_DATABASE, copy);
}
