//! `docs/limits.md` lists every bound of the running hub, as the sources have it: name, value and reason of each constant
//! that is a number or a time. `UPDATE_GOLDEN=1 cargo test -p xtask --test structure` writes it anew.

use std::fmt::Write as _;

use crate::files::{File, all, root};
use crate::sources::lines_outside_tests;

const PAGE: &str = "docs/limits.md";
/// What the hub's binary runs.
const CRATES: &[&str] =
    &["fspiop", "identity", "ledger", "switch", "store", "store-sqlite", "store-postgres", "tls", "portal", "hub"];
/// Folders of these crates that are no part of it.
const TESTS: &[&str] = &["/suite/", "/tests/", "/tests.rs"];
/// Types of constants that may be bounds.
const TYPES: &[&str] = &["usize", "u16", "u32", "u64", "i16", "i32", "i64", "Duration"];
/// Constants that are forms or units, and bound nothing.
const NO_BOUNDS: &[&str] = &[
    "BAND_NAME_HEIGHT",
    "CODES_COUNT",
    "DECIMAL_PLACES",
    "EXPIRY_DIGITS",
    "FIRST_PRINTABLE_MS",
    "FIRST_VERSION",
    "HASH_CHARACTERS",
    "HEADER_LINE_BYTES",
    "ID_LETTERS",
    "KNOWN",
    "LAST_PRINTABLE_MS",
    "LENGTH",
    "LOCAL_CHARACTERS",
    "NAMES_HEIGHT",
    "NEGATIVE",
    "OWNER_ONLY",
    "POSITIVE",
    "ULID_CHARACTERS",
    "UNIT_BYTES",
    "UUID_CHARACTERS",
];
const INTRODUCTION: &str = "\
# Limits

Every queue, batch, body, header, retry, cache and timeout of the hub has a limit. This page lists them as the sources
have them; a test writes it (`UPDATE_GOLDEN=1 cargo test -p xtask --test structure`) and fails when it is out of date.

What happens at a limit: a message that breaks the specification is refused with its 31xx; what can't be taken now is
refused before acceptance with 503, FSPIOP 2003 or 2005 and `Retry-After`; connections beyond their number wait in the
system's queue; callbacks that find no room in memory stay in the store; what is only remembered to be quick is forgotten.

Each open connection is a file: let the hub's process have at least 16,384 (`ulimit -n`, `LimitNOFILE=`).
";

/// A bound, as a source has it.
#[derive(Debug, PartialEq, Eq)]
struct Bound {
    name: String,
    value: String,
    why: String,
}

fn bounds(text: &str) -> Vec<Bound> {
    let (mut found, mut why) = (Vec::new(), String::new());
    for (_, line) in lines_outside_tests(text) {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("/// ") {
            why.push_str(if why.is_empty() { "" } else { " " });
            why.push_str(comment);
            continue;
        }
        let why = std::mem::take(&mut why);
        let Some((name, value)) = constant(line).filter(|(name, _)| !NO_BOUNDS.contains(name)) else { continue };
        // A link of the documentation is the name of something here.
        let why = why.replace("[`", "`").replace("`]", "`").replace('|', "\\|");
        found.push(Bound { name: name.to_owned(), value: readable(name, value), why });
    }
    found
}

/// Name and value of a line that declares a constant of such a type.
fn constant(line: &str) -> Option<(&str, &str)> {
    let (visibility, rest) = line.split_once("const ")?;
    let visible = visibility.is_empty() || visibility.starts_with("pub");
    let (name, rest) = rest.split_once(": ").filter(|_| visible)?;
    let (kind, value) = rest.split_once(" = ")?;
    TYPES.contains(&kind).then_some((name, value.strip_suffix(';')?))
}

/// A value for people: `10 s`, `32 MiB`, `5,000`.
fn readable(name: &str, value: &str) -> String {
    let between = |start: &str| value.strip_prefix(start)?.strip_suffix(')').map(grouped);
    if let Some(seconds) = between("Duration::from_secs(") {
        return format!("{seconds} s");
    }
    if let Some(millis) = between("Duration::from_millis(") {
        return format!("{millis} ms");
    }
    let unit = if name.ends_with("_MS") { " ms" } else { "" };
    match (value.strip_suffix(" << 20"), value.strip_suffix(" * 1024")) {
        (Some(mebibytes), _) => format!("{mebibytes} MiB"),
        (_, Some(kibibytes)) => format!("{} KiB", grouped(kibibytes)),
        _ => format!("{}{unit}", grouped(value)),
    }
}

fn grouped(number: &str) -> String {
    number.replace('_', ",")
}

fn page(files: &[File]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for name in CRATES {
        let folder = format!("crates/{name}/src/");
        let mut rows = String::new();
        let mut files: Vec<_> = files.iter().filter(|file| file.path.starts_with(&folder)).collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        for file in files.iter().filter(|file| !TESTS.iter().any(|part| file.path.contains(part))) {
            for Bound { name, value, why } in bounds(&file.text) {
                let place = &file.path[folder.len()..];
                writeln!(rows, "| `{name}` | {value} | {why} | `{place}` |")
                    .expect("writing to a String does not fail");
            }
        }
        if !rows.is_empty() {
            let head = "| limit | value | why | where |\n|---|---|---|---|\n";
            write!(page, "\n## `{name}`\n\n{head}{rows}").expect("writing to a String does not fail");
        }
    }
    page
}

#[test]
fn the_page_of_limits_is_up_to_date() {
    let expected = page(&all());
    let path = root().join(PAGE);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &expected).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let missing: Vec<_> = expected.lines().filter(|line| !found.lines().any(|known| known == *line)).collect();
    assert!(
        found == expected,
        "{PAGE} is out of date: run `UPDATE_GOLDEN=1 cargo test -p xtask --test structure`; not in it: {missing:#?}"
    );
}

#[test]
fn every_limit_says_why() {
    let mut findings = Vec::new();
    for file in all().iter().filter(|file| !TESTS.iter().any(|part| file.path.contains(part))) {
        if CRATES.iter().any(|name| file.path.starts_with(&format!("crates/{name}/src/"))) {
            let silent = bounds(&file.text).into_iter().filter(|bound| bound.why.is_empty());
            findings.extend(silent.map(|bound| format!("{}: {} has no reason", file.path, bound.name)));
        }
    }
    crate::files::assert_none(&findings);
}

#[test]
fn constants_are_read_with_value_and_reason() {
    let text = "/// How long it waits.\n/// Not longer.\npub(crate) const WAIT: Duration = Duration::from_millis(1_500);\n\
        const NAME: &str = \"x\";\n/// Bytes.\nconst ROOM: usize = 32 << 20;\n/// Pause.\nconst PAUSE_MS: i64 = 30_000;\n\
        #[cfg(test)]\nmod tests {\n    const IN_TESTS: usize = 1;\n}\n";
    let bound = |name: &str, value: &str, why: &str| Bound { name: name.into(), value: value.into(), why: why.into() };
    let expect = [
        bound("WAIT", "1,500 ms", "How long it waits. Not longer."),
        bound("ROOM", "32 MiB", "Bytes."),
        bound("PAUSE_MS", "30,000 ms", "Pause."),
    ];
    assert_eq!(bounds(text), expect);
}
