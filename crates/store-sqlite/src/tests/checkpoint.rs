//! A process that died while SQLite moved the write-ahead log into the file.

use std::{collections::BTreeMap, fs, path::Path};

use store::{Store, suite::block_on};

use super::{Folder, commit, open, register};

/// Bytes of a page, SQLite's default.
const PAGE: usize = 4096;
/// Bytes before the first frame of a log, and before the page of each frame (SQLite, "WAL File Format").
const LOG_HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// The pages that a log holds, the latest of each.
fn pages(log: &Path) -> BTreeMap<usize, Vec<u8>> {
    let log = fs::read(log).unwrap();
    let frames = log[LOG_HEAD..].chunks_exact(FRAME_HEAD + PAGE);
    let number = |frame: &[u8]| u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
    frames.map(|frame| (number(frame), frame[FRAME_HEAD..].to_vec())).collect()
}

#[test]
fn what_a_kill_left_in_the_middle_of_a_checkpoint_is_completed() {
    let (living, dead) = (Folder::new(), Folder::new());
    let store = open(&living.file()).unwrap();
    let registered = 300;
    for number in 0..registered {
        commit(&store, vec![register(&format!("fsp{number}"))]).unwrap();
    }
    // As the disk stands after a kill: the log whole, of the file's new pages only the first, which says how many there are.
    let log = living.path().join("hub.db-wal");
    let mut file = fs::read(living.file()).unwrap();
    let pages = pages(&log);
    assert!(pages.keys().next_back().unwrap() * PAGE > file.len(), "the file has grown");
    file[..PAGE].copy_from_slice(&pages[&1]);
    fs::write(dead.file(), file).unwrap();
    fs::copy(log, dead.path().join("hub.db-wal")).unwrap();
    drop(store);
    let store = open(&dead.file()).unwrap();
    let configuration = block_on(store.configuration()).unwrap();
    assert_eq!(configuration.registry.participants().count(), registered + 1);
}
