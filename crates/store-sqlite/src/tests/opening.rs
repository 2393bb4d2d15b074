//! Files that can't be opened, and why people are told.

use std::{
    env, fs,
    os::unix::{
        fs::{PermissionsExt, chown, symlink},
        process::CommandExt,
    },
    path::Path,
    process,
};

use store::{StoreError, suite::block_on};

use super::{Folder, clock, open, refusal};
use crate::SqliteStore;

/// Names the file for the second process of a test.
const SECOND_PROCESS: &str = "STORE_SQLITE_TEST_SECOND_PROCESS";

/// A user who may do nothing, on every Unix.
const NOBODY: u32 = 65_534;

#[track_caller]
fn check(folder: &Folder, expect: &str) {
    let before = folder.contents();
    let text = refusal(&folder.file());
    let name = folder.file().display().to_string();
    assert!(text.contains(expect) && text.contains(&name), "{text}");
    assert_eq!(folder.contents(), before, "nothing is left behind");
}

#[test]
fn only_the_owner_can_read_the_file() {
    let folder = Folder::new();
    let _store = open(&folder.file()).unwrap();
    for file in ["hub.db", "hub.db-wal", "hub.db-shm", "hub.db.lock"] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_missing_folder_is_named() {
    let folder = Folder::new();
    let missing = folder.path().join("nowhere");
    let text = refusal(&missing.join("hub.db"));
    assert!(text.ends_with(&format!("there is no folder {}", missing.display())), "{text}");
    assert!(!missing.exists());
}

#[test]
fn a_file_is_no_folder_for_another() {
    let folder = Folder::new();
    fs::write(folder.file(), b"x").unwrap();
    let text = refusal(&folder.file().join("hub.db"));
    assert!(text.contains("there is no folder"), "{text}");
}

#[test]
fn a_folder_is_no_database() {
    let folder = Folder::new();
    fs::create_dir(folder.file()).unwrap();
    let text = refusal(&folder.file());
    assert!(text.ends_with("hub.db: is a folder, not a file"), "{text}");
}

#[test]
fn a_text_is_no_database() {
    let folder = Folder::new();
    fs::write(folder.file(), "apiVersion: mojaloop/v1\n".repeat(100)).unwrap();
    check(&folder, "not a database");
    fs::write(folder.file(), "short").unwrap();
    check(&folder, "not a database");
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = Folder::new();
    let foreign = rusqlite::Connection::open(folder.file()).unwrap();
    foreign.execute_batch("CREATE TABLE note (text TEXT); PRAGMA application_id = 7").unwrap();
    drop(foreign);
    check(&folder, "another program (application id 0x7)");
}

#[test]
fn a_truncated_database_is_refused() {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    let whole = fs::read(folder.file()).unwrap();
    fs::write(folder.file(), &whole[..8192]).unwrap();
    let error = open(&folder.file()).err();
    assert!(matches!(error, Some(StoreError::Corrupt(_))), "{error:?}");
}

#[test]
fn the_systems_reason_is_told() {
    let folder = Folder::new();
    symlink(folder.file(), folder.file()).unwrap();
    let text = refusal(&folder.file());
    assert!(text.contains("symbolic link") && text.contains("hub.db"), "{text}");
}

/// The system denies root nothing, so root runs the test again as an unprivileged user.
#[test]
fn a_file_without_permission_is_refused() {
    if let Some(path) = env::var_os(SECOND_PROCESS) {
        return check_permissions(path.as_ref());
    }
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(folder.file()).is_err() {
        return check_permissions(&folder.file());
    }
    let directory = folder.file().parent().unwrap().to_owned();
    let program = directory.join("test");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    for path in [&directory, &folder.file(), &directory.join("hub.db.lock")] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    let mut unprivileged = process::Command::new(program);
    unprivileged.args(["--exact", "tests::opening::a_file_without_permission_is_refused"]).current_dir("/");
    let output = unprivileged.uid(NOBODY).gid(NOBODY).env(SECOND_PROCESS, folder.file()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

fn check_permissions(file: &Path) {
    for mode in [0o000, 0o444] {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        let text = refusal(file);
        assert!(text.contains("ermission denied") && text.contains("hub.db"), "{mode:o}: {text}");
    }
}

#[test]
fn another_hubs_file_is_refused() {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    let error = SqliteStore::open(&folder.file(), fspiop::FspId::parse("switch").unwrap(), clock()).err().unwrap();
    assert!(error.to_string().ends_with("hub.db: belongs to the hub Hub, not to switch"), "{error}");
    open(&folder.file()).unwrap();
}

#[test]
fn a_second_open_is_refused_and_disturbs_nobody() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let text = refusal(&folder.file());
    assert!(text.contains(&format!("{}: in use by another hub", folder.file().display())), "{text}");
    block_on(store::Store::ping(&store)).unwrap();
    super::commit(&store, vec![super::register("payerfsp")]).unwrap();
    drop(store);
    open(&folder.file()).unwrap();
}

#[test]
fn a_second_process_is_refused() {
    if let Some(path) = env::var_os(SECOND_PROCESS) {
        let text = refusal(path.as_ref());
        assert!(text.contains("hub.db: in use"), "{text}");
        return;
    }
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let run = || {
        let mut second = process::Command::new(env::current_exe().unwrap());
        second.args(["--exact", "tests::opening::a_second_process_is_refused"]);
        second.env(SECOND_PROCESS, folder.file()).output().unwrap()
    };
    let output = run();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    drop(store);
    assert!(!run().status.success(), "the file is free, so the second process opens it");
}
