//! What is damaged in an archive is found and named.

use std::io::Write;

use super::*;

#[track_caller]
fn check(damage: impl FnOnce(&Path), says: &[&str]) {
    let world = World::new();
    world.archive().1.unwrap();
    let (before, folder) = (world.check(), world.folder_of(4));
    assert_eq!((before.days.len(), before.damages.len()), (3, 0));
    damage(&folder);
    let Checked { days, damages } = world.check();
    assert_eq!((days.len(), damages.len()), (2, 1), "{damages:?}");
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    for word in [&[name.as_str()], says].concat() {
        assert!(damages[0].contains(word), "{word} in {damages:?}");
    }
}

/// Writes a file anew, packed.
fn rewrite(file: &Path, change: impl FnOnce(String) -> String) {
    let text = change(content(file));
    let mut encoder = zstd::Encoder::new(fs::File::create(file).unwrap(), 3).unwrap();
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn a_byte_of_a_file() {
    check(
        |folder| {
            let file = folder.join("message.jsonl.zst");
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&file, bytes).unwrap();
        },
        &["message.jsonl.zst: row "],
    );
}

#[test]
fn a_row_that_is_gone_changed_or_broken() {
    let transfers = |folder: &Path| folder.join("transfer.csv.zst");
    let without_last = |text: String| text.lines().take(2).map(|line| format!("{line}\n")).collect();
    check(|folder| rewrite(&transfers(folder), without_last), &["transfer.csv.zst: rows: found 1, expected 2"]);
    let more = |text: String| text.replace(",12.3400,", ",12.3500,");
    check(|folder| rewrite(&transfers(folder), more), &["transfer.csv.zst: content_sha256: found ", ", expected "]);
    let broken = |text: String| text.replacen(",USD", "", 2).replacen("id,", "id,USD,", 0);
    check(|folder| rewrite(&transfers(folder), broken), &["transfer.csv.zst: row 1: "]);
    let line = |text: String| text.replacen("12.3400", "twelve", 1);
    check(|folder| rewrite(&folder.join("entry.csv.zst"), line), &["entry.csv.zst: row 1: not a line of the journal"]);
}

#[test]
fn what_the_manifest_says() {
    let change = |folder: &Path, from: &str, to: &str| {
        let file = folder.join("manifest.json");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(file, text.replacen(from, to, 1)).unwrap();
    };
    check(|folder| change(folder, "\"raised\": \"12.34\"", "\"raised\": \"12.35\""), &["manifest.json: accounts: "]);
    check(
        |folder| change(folder, "\"lines_that_stay\": 0", "\"lines_that_stay\": 1"),
        &["manifest.json: lines_that_stay: found 1, the journal has 0"],
    );
    check(|folder| change(folder, "\"day\": \"2", "\"day\": \"1"), &["manifest.json: day: found 1"]);
    check(|folder| change(folder, "\"format\": 1", "\"format\": 2"), &["manifest.json: format: found 2, expected 1"]);
    check(|folder| fs::remove_file(folder.join("quote.csv.zst")).unwrap(), &["quote.csv.zst: No such file"]);
    check(|folder| fs::remove_file(folder.join("manifest.json")).unwrap(), &["manifest.json: No such file"]);
}

#[test]
fn what_archived_lines_left_on_an_account() {
    let world = World::new();
    world.archive().1.unwrap();
    assert!(world.books().0);
    tamper(&world.settings, "UPDATE opening_balance SET raised = raised + 0.0001 WHERE raised > 0 AND account = 3");
    assert!(!world.books().0);
}
