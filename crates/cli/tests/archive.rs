//! `mojaloop hub archive` as its users run it, on a database that has seen some days.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod support;

use std::{fs, path::Path};

use postgres_server::Server;
use support::{Finished, mojaloop};

fn run(arguments: &[&str]) -> Finished {
    Finished::of(&mut mojaloop(arguments))
}

/// A database with transfers of eight days.
fn filled() -> String {
    let url = Server::shared().database();
    run(&["bench", "fill", "--transfers", "160", "--days", "8", "--store", &url]).expect(0, &[]);
    url
}

/// Archives what is older than five days.
fn archive(url: &str, folder: &Path, more: &[&str]) -> Finished {
    let folder = folder.display().to_string();
    run(&[&["hub", "archive", "--store", url, "--keep", "5d", "--out", &folder], more].concat())
}

#[test]
fn days_are_archived_and_the_books_are_audited_as_before() {
    let (url, folder) = (filled(), tempfile::tempdir().unwrap());
    let sql = "SELECT encode(substr(id, 2), 'hex')::uuid FROM transfer ORDER BY prepared_at LIMIT 1";
    let id = Server::shared().psql(&url, sql).trim().to_owned();
    let done = archive(&url, folder.path(), &["-o", "json"]);
    let days = done.expect(0, &["transfers archived and dropped"]).json()["days"].clone();
    let count = days.as_array().unwrap().len();
    assert_eq!((count, done.json()["kind"].as_str()), (3, Some("Archive")));
    let first = days[0]["day"].as_str().unwrap();
    let audited = run(&["audit", "--store", &url, "-o", "json"]).expect(0, &[]).json();
    assert!(audited["transfers"].as_u64().is_some_and(|left| (40..160).contains(&left)), "{audited}");
    let traced = run(&["trace", &id, "--store", &url]);
    traced.expect(0, &[]);
    assert!(traced.stdout.contains(&format!("zstd -dc {first}/transfer.csv.zst | grep {id}")), "{}", traced.stdout);
    let again = archive(&url, folder.path(), &[]);
    assert_eq!(again.expect(0, &[]).stdout.trim(), "nothing is older than 5 days");

    Server::shared().psql(
        &url,
        "UPDATE opening_balance SET lowered = lowered + 1 WHERE account = (SELECT min(account) FROM opening_balance)",
    );
    let damaged = run(&["audit", "--store", &url]);
    damaged.expect(1, &[]);
    assert!(damaged.stdout.contains("archived ones too"), "{}", damaged.stdout);
}

#[test]
fn an_archive_is_checked_without_a_store() {
    let (url, folder) = (filled(), tempfile::tempdir().unwrap());
    let table = archive(&url, folder.path(), &[]);
    assert!(table.expect(0, &[]).stdout.starts_with(" day "), "{}", table.stdout);
    let shown = folder.path().display().to_string();
    let check = || run(&["hub", "archive", "--check", &shown]);
    assert_eq!(check().expect(0, &[]).stdout, table.stdout);
    let day = table.stdout.lines().nth(2).unwrap().split_whitespace().next().unwrap();
    let file = folder.path().join(day).join("entry.csv.zst");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&file, bytes).unwrap();
    let found = check();
    assert!(found.expect(1, &[]).stdout.contains(&format!("{day}/entry.csv.zst: row ")), "{}", found.stdout);
    run(&["hub", "archive", "--check", "/no/such/folder"]).expect(1, &["/no/such/folder"]);
}

#[test]
fn what_is_open_stays_and_says_so() {
    let (url, folder) = (filled(), tempfile::tempdir().unwrap());
    let open = |day: &str| {
        let sql = format!(
            "UPDATE transfer SET status = 'RESERVED' WHERE id = (
                 SELECT id FROM transfer WHERE prepared_at >= (extract(epoch FROM now())::bigint / 86400 - {day}) * 86400000
                 ORDER BY prepared_at LIMIT 1) RETURNING encode(substr(id, 2), 'hex')::uuid"
        );
        Server::shared().psql(&url, &sql).trim().to_owned()
    };
    let id = open("7");
    let run = archive(&url, folder.path(), &[]);
    run.expect(6, &["is not archived yet", &format!("transfer {id} is RESERVED"), "hint:", "in order"]);
    assert_eq!(run.stdout.lines().count(), 2, "the day before was: {}", run.stdout);
    let run = archive(&url, folder.path(), &[]);
    assert_eq!(run.expect(1, &[&id]).stdout, "");
}

#[test]
fn wrong_orders_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], code: i32, says: &[&str]| {
        run(&[&["hub", "archive"], arguments].concat()).expect(code, says);
    };
    check(&["--store", "sqlite:hub.sqlite", "--keep", "90d", "--out", "a"], 2, &["sqlite:hub.sqlite", "PostgreSQL"]);
    check(&["--keep", "1d", "--out", "a"], 2, &["--keep", "2 days or more", "90d"]);
    check(&["--keep", "90d"], 2, &["--out"]);
    check(&["--keep", "90d", "--out", "a"], 2, &["no store is named"]);
    check(&["--check", "a", "--keep", "90d"], 2, &["--check", "--keep"]);
    let empty = Server::shared().database();
    archive(&empty, folder.path(), &[]).expect(1, &["found version 0", "hub migrate"]);
}
