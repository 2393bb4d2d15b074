//! Rules of the house for source files that lints do not express.

use crate::files::{File, all, assert_none, root};

/// A file has one subject.
const MAX_LINES: usize = 800;
const SOURCES: &[&str] = &[".rs", ".sh", ".py", ".js", ".mjs", ".ts", ".css", ".html"];

/// Unfinished or forgotten. Written apart, so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];

/// Time is injected in these crates.
const WITHOUT_CLOCK: &[&str] = &["crates/fspiop/", "crates/ledger/", "crates/switch/", "crates/store/"];
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", ".elapsed()"];
/// Chance and rounding have no place where money is decided.
const DECIDING: &[&str] = &["crates/ledger/", "crates/switch/"];
const CHANCE_AND_FLOATS: &[&str] = &["new_v4", "now_v7", "Ulid::new", "rand::", "RandomState", "f32", "f64"];

/// The start of a path that only one developer's machine has.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (is_source(&file.path) && lines > MAX_LINES)
        .then(|| format!("{}: {lines} lines, and {MAX_LINES} are allowed", file.path))
}

fn is_source(path: &str) -> bool {
    SOURCES.iter().any(|ending| path.ends_with(ending))
}

/// The lines with one of these words, comments left out.
fn words_in(file: &File, lines: &[(usize, &str)], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in lines {
        let code = without_comment(line);
        for word in words.iter().filter(|word| holds_word(code, word)) {
            findings.push(format!("{}:{number}: {word}", file.path));
        }
    }
    findings
}

/// `f64` is not in `buf640`, but `std::time::Instant::now` has `Instant::now`.
fn holds_word(code: &str, word: &str) -> bool {
    let part_of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    code.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).map(|index| code.as_bytes()[index]);
        let after = code.as_bytes().get(at + word.len()).copied();
        let starts = before.is_none_or(|byte| !part_of_word(byte)) || word.starts_with('.');
        let ends =
            after.is_none_or(|byte| !part_of_word(byte)) || !word.ends_with(|last: char| last.is_ascii_alphanumeric());
        starts && ends
    })
}

fn without_comment(line: &str) -> &str {
    // `://` is a URL in a string.
    let comment = line.match_indices("//").find(|(at, _)| *at == 0 || line.as_bytes()[at - 1] != b':');
    comment.map_or(line, |(at, _)| &line[..at])
}

fn all_lines(text: &str) -> Vec<(usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line)).collect()
}

/// The lines of a file that are not in a `#[cfg(test)]` item.
pub(crate) fn lines_outside_tests(text: &str) -> Vec<(usize, &str)> {
    let mut kept = Vec::new();
    let mut lines = all_lines(text).into_iter();
    while let Some((number, line)) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push((number, line));
            continue;
        }
        // The item ends with a semicolon before any brace, or where its braces close.
        let (mut depth, mut opened) = (0, false);
        for (_, line) in lines.by_ref() {
            let code = without_comment(line);
            depth += code.matches('{').count();
            depth = depth.saturating_sub(code.matches('}').count());
            opened |= code.contains('{');
            if (opened && depth == 0) || (!opened && code.trim_end().ends_with(';')) {
                break;
            }
        }
    }
    kept
}

fn is_test_file(path: &str) -> bool {
    let folders = ["/tests/", "/benches/", "/examples/"];
    folders.iter().any(|folder| path.contains(folder)) || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

fn unfinished(file: &File) -> Vec<String> {
    if file.path.ends_with(".rs") { words_in(file, &all_lines(&file.text), UNFINISHED) } else { Vec::new() }
}

fn clocks_and_chance(file: &File) -> Vec<String> {
    if !file.path.ends_with(".rs") || is_test_file(&file.path) {
        return Vec::new();
    }
    let lines = lines_outside_tests(&file.text);
    let mut findings = Vec::new();
    for (crates, words) in [(WITHOUT_CLOCK, CLOCKS), (DECIDING, CHANCE_AND_FLOATS)] {
        if crates.iter().any(|start| file.path.starts_with(start)) {
            findings.extend(words_in(file, &lines, words));
        }
    }
    findings
}

/// Paths of the machine that this was written or is being tested on.
fn machine_paths(file: &File, here: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in all_lines(&file.text) {
        let starts =
            |start: &str| line.match_indices(start).any(|(at, _)| at == 0 || !is_inside_path(line.as_bytes()[at - 1]));
        if MACHINE_PATHS.iter().any(|start| starts(start)) || here.iter().any(|path| starts(path)) {
            findings.push(format!("{}:{number}: {}", file.path, line.trim()));
        }
    }
    findings
}

/// In `example.org/home/` and `src/work/` the words are not the start of a path.
fn is_inside_path(before: u8) -> bool {
    before.is_ascii_alphanumeric() || matches!(before, b'.' | b'_' | b'-' | b'}' | b'/')
}

/// This checkout's folder and the user's, when they are long enough to mean something.
fn here() -> Vec<String> {
    let home = std::env::var("HOME").unwrap_or_default();
    let folders = [root().display().to_string(), home];
    folders.into_iter().filter(|folder| folder.len() > 1).map(|folder| format!("{folder}/")).collect()
}

fn check(checker: impl Fn(&File) -> Vec<String>) {
    let findings: Vec<String> = all().iter().flat_map(checker).collect();
    assert_none(&findings);
}

#[test]
fn no_file_is_too_long() {
    check(|file| too_long(file).into_iter().collect());
}

#[test]
fn nothing_is_left_unfinished() {
    check(unfinished);
}

#[test]
fn time_and_chance_are_injected() {
    check(clocks_and_chance);
}

#[test]
fn no_path_of_a_developers_machine() {
    let here = here();
    check(|file| machine_paths(file, &here));
}

mod the_checkers {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn find_long_files() {
        let long = "x\n".repeat(MAX_LINES + 1);
        for (path, text, expect) in
            [("a.rs", long.as_str(), true), ("a.rs", &long[2..], false), ("Cargo.lock", long.as_str(), false)]
        {
            assert_eq!(too_long(&file(path, text)).is_some(), expect, "{path}");
        }
    }

    #[test]
    fn find_what_is_unfinished() {
        for word in UNFINISHED {
            assert_eq!(unfinished(&file("a.rs", &format!("fn a() {{ {word}) }}"))).len(), 1, "{word}");
            assert_eq!(unfinished(&file("a.rs", &format!("// {word}")))[..], [] as [String; 0], "{word}");
            assert_eq!(unfinished(&file("a.md", word))[..], [] as [String; 0], "{word}");
        }
    }

    #[test]
    fn find_clocks_chance_and_floats() {
        for (path, text, expect) in [
            ("crates/ledger/src/a.rs", "let now = std::time::Instant::now();", 1),
            ("crates/store/src/a.rs", "SystemTime::now()", 1),
            ("crates/store/src/a.rs", "let x: f64 = 0.0;", 0),
            ("crates/ledger/src/a.rs", "let x: f64 = 0.0;", 1),
            ("crates/ledger/src/a.rs", "let buf640 = 1;", 0),
            ("crates/switch/src/a.rs", "started.elapsed()", 1),
            ("crates/switch/src/a.rs", "Uuid::new_v4()", 1),
            ("crates/hub/src/a.rs", "Instant::now()", 0),
            ("crates/ledger/tests/a.rs", "Instant::now()", 0),
            ("crates/ledger/src/a.rs", "//! The ledger never calls Instant::now", 0),
            ("crates/ledger/src/a.rs", "#[cfg(test)]\nmod tests {\n    fn a() { Instant::now() }\n}\n", 0),
            ("crates/ledger/src/a.rs", "#[cfg(test)]\nmod tests;\nfn a() { Instant::now() }\n", 1),
            ("crates/ledger/src/a.rs", "#[cfg(test)]\nfn a()\n{\n}\nfn b() { Instant::now() }\n", 1),
        ] {
            assert_eq!(clocks_and_chance(&file(path, text)).len(), expect, "{path}: {text}");
        }
    }

    #[test]
    fn find_paths_of_a_machine() {
        let here = ["/somewhere/else/".to_owned()];
        for start in MACHINE_PATHS {
            assert_eq!(machine_paths(&file("a", &format!("see {start}me/x")), &here).len(), 1, "{start}");
            assert_eq!(machine_paths(&file("a", &format!("`{start}me/x`")), &here).len(), 1, "{start}");
            assert_eq!(machine_paths(&file("a", &format!("https://example.org{start}x")), &here).len(), 0, "{start}");
        }
        assert_eq!(machine_paths(&file("a", "\"/somewhere/else/x\""), &here).len(), 1);
        assert_eq!(machine_paths(&file("a", "/somewhere/other/x"), &here).len(), 0);
    }
}
