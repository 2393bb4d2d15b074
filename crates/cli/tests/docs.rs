//! The pages tell the truth: their commands and flags exist, and their links lead somewhere.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use support::{Finished, mojaloop};

/// Between two commands of a line.
const SEPARATORS: [&str; 9] = ["|", "||", "&&", ";", "&", ">", ">>", "2>", "<"];

/// What the binary says of its commands.
#[derive(Default)]
struct Binary {
    helps: BTreeMap<Vec<String>, Help>,
}

#[derive(Clone, Default)]
struct Help {
    commands: BTreeSet<String>,
    flags: BTreeSet<String>,
    /// Whether it does nothing without one of its commands.
    needs_command: bool,
}

impl Binary {
    /// The help of a command, asked for once.
    fn help(&mut self, path: &[String]) -> Help {
        let ask = || {
            let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
            arguments.push("--help");
            let run = Finished::of(&mut mojaloop(&arguments));
            Help::read(&run.expect(0, &[]).stdout)
        };
        self.helps.entry(path.to_vec()).or_insert_with(ask).clone()
    }

    /// What is wrong with a call; `whole` says that it must not end before its last sub-command.
    fn judge(&mut self, call: &[String], whole: bool) -> Option<String> {
        let (mut path, mut rest) = (Vec::new(), call.get(1..).unwrap_or_default());
        let help = loop {
            let help = self.help(&path);
            let Some((word, after)) = rest.split_first() else { break help };
            if help.commands.contains(word) {
                path.push(word.clone());
                rest = after;
            } else if help.commands.is_empty() || word.starts_with('-') {
                break help;
            } else {
                return Some(format!("mojaloop {} has no command {word:?}", path.join(" ")));
            }
        };
        // What follows `--` is for a program that the command runs.
        let own = rest.iter().take_while(|word| *word != "--");
        let named: Vec<&str> = own.filter(|word| is_flag(word)).map(|word| flag_name(word)).collect();
        if let Some(unknown) = named.iter().find(|name| !help.flags.contains(**name)) {
            return Some(format!("mojaloop {} has no flag {unknown}", path.join(" ")));
        }
        let asks = named.iter().any(|name| ["--help", "-h", "--version", "-V"].contains(name));
        (whole && help.needs_command && !asks).then(|| format!("mojaloop {} lacks a command", path.join(" ")))
    }
}

impl Help {
    fn read(text: &str) -> Help {
        let list = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let commands = list.filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect();
        let lines = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        let words = lines.flat_map(|line| line.split([' ', ',', '=', '[']));
        let flags = words.filter(|word| is_flag(word)).map(ToOwned::to_owned).collect();
        let usage = text.lines().find(|line| line.starts_with("Usage:")).unwrap_or_default();
        Help { commands, flags, needs_command: usage.contains("<COMMAND>") }
    }
}

fn is_flag(word: &str) -> bool {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or_default();
    name.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

fn flag_name(word: &str) -> &str {
    word.split('=').next().unwrap_or(word)
}

/// The calls of `mojaloop` in a line of a shell.
fn calls(line: &str) -> Vec<Vec<String>> {
    let words = words(line);
    let parts = words.split(|word| SEPARATORS.contains(&word.as_str()));
    let starts = |part: &[String]| part.iter().position(|word| word != "$" && !is_assignment(word));
    let calls = parts.filter_map(|part| starts(part).map(|start| part.split_at(start).1.to_vec()));
    calls.filter(|call| call.len() > 1 && call.first().is_some_and(|program| program == "mojaloop")).collect()
}

/// `NAME=value` before a command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.chars().all(|letter| letter == '_' || letter.is_ascii_uppercase()))
}

/// The words of a line as a shell reads them, up to a comment; a separator is a word of its own.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => word.push(letter),
            (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
            (None, '#') if word.is_empty() && !begun => break,
            (None, ' ' | ';') => {
                if !word.is_empty() || begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
                words.extend((letter == ';').then(|| ";".to_owned()));
            }
            (None, _) => word.push(letter),
        }
    }
    if !word.is_empty() || begun {
        words.push(word);
    }
    words
}

/// A page, taken apart.
#[derive(Default)]
struct Page {
    /// Lines of code, continued ones joined, each with its number.
    code: Vec<(usize, String)>,
    /// Spans of code in the text.
    spans: Vec<(usize, String)>,
    /// Targets of links.
    links: Vec<(usize, String)>,
    /// What links may say after `#`.
    anchors: BTreeSet<String>,
    /// Whether a span of code goes on in the next line of the paragraph.
    in_span: bool,
}

impl Page {
    fn read(text: &str) -> Page {
        let (mut page, mut fenced, mut continued) = (Page::default(), false, None::<(usize, String)>);
        for (index, line) in text.lines().enumerate() {
            let (number, trimmed) = (index + 1, line.trim_start());
            if trimmed.starts_with("```") {
                fenced = !fenced;
            } else if fenced || line.starts_with("    ") {
                let (first, mut code) = continued.take().unwrap_or((number, String::new()));
                code.push_str(trimmed.trim_end_matches('\\'));
                match trimmed.ends_with('\\') {
                    true => continued = Some((first, code)),
                    false => page.code.push((first, code)),
                }
            } else {
                page.prose(number, line);
            }
        }
        page
    }

    fn prose(&mut self, number: usize, line: &str) {
        if let Some(heading) = line.strip_prefix('#') {
            self.anchors.insert(anchor(heading.trim_start_matches('#')));
        }
        self.in_span &= !line.is_empty();
        for (part, text) in line.split('`').enumerate() {
            self.in_span ^= part > 0;
            if self.in_span {
                self.spans.push((number, text.to_owned()));
            } else {
                let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
                self.links.extend(targets.map(|(target, _)| (number, target.to_owned())));
            }
        }
    }
}

/// What a heading is called in links.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// Everything that is wrong with the commands of a page.
fn wrong_commands(text: &str, binary: &mut Binary) -> Vec<String> {
    let page = Page::read(text);
    let code = page.code.iter().map(|line| (line, true));
    let all = code.chain(page.spans.iter().map(|span| (span, false)));
    let mut findings = Vec::new();
    for ((number, line), whole) in all {
        let found = calls(line).into_iter().filter_map(|call| binary.judge(&call, whole));
        findings.extend(found.map(|finding| format!("line {number}: {finding}")));
    }
    findings
}

/// Everything that is wrong with the links of a page that lies in `folder`.
fn wrong_links(text: &str, folder: &Path) -> Vec<String> {
    let page = Page::read(text);
    let mut findings = Vec::new();
    for (number, link) in page.links.iter().filter(|(_, link)| !link.contains("://")) {
        let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
        let target = folder.join(file);
        if !file.is_empty() && !target.exists() {
            findings.push(format!("line {number}: {link} is not there"));
            continue;
        }
        let anchors = match file.is_empty() {
            true => page.anchors.clone(),
            false => Page::read(&fs::read_to_string(&target).unwrap_or_default()).anchors,
        };
        if !fragment.is_empty() && !anchors.contains(fragment) {
            findings.push(format!("line {number}: {link} is no heading there"));
        }
    }
    findings
}

/// The pages that users read.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let entries = fs::read_dir(root.join("docs")).expect("there is a folder docs");
    let mut pages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    pages.retain(|page| page.extension().is_some_and(|end| end == "md"));
    pages.extend(["README.md", "CONTRIBUTING.md"].map(|page| root.join(page)));
    pages.sort();
    pages
}

#[test]
fn every_command_and_flag_of_the_pages_exists() {
    let (mut binary, mut findings, mut seen) = (Binary::default(), Vec::new(), 0);
    for path in pages() {
        let text = fs::read_to_string(&path).expect("pages are text");
        seen += Page::read(&text).code.iter().map(|(_, line)| calls(line).len()).sum::<usize>();
        let wrong = wrong_commands(&text, &mut binary);
        findings.extend(wrong.into_iter().map(|finding| format!("{}: {finding}", path.display())));
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(seen >= 40, "only {seen} commands were found");
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let mut findings = Vec::new();
    for path in pages() {
        let text = fs::read_to_string(&path).expect("pages are text");
        let folder = path.parent().expect("a page lies in a folder");
        let wrong = wrong_links(&text, folder);
        findings.extend(wrong.into_iter().map(|finding| format!("{}: {finding}", path.display())));
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn what_is_wrong_is_found() {
    let mut binary = Binary::default();
    for (text, expect) in [
        ("    mojaloop harness up --detach --port-offset=5 -o json", ""),
        ("    mojaloop harness up --detached", "line 1: mojaloop harness up has no flag --detached"),
        ("    $ mojaloop harness start", "line 1: mojaloop harness has no command \"start\""),
        ("    mojaloop harness    # which?", "line 1: mojaloop harness lacks a command"),
        ("The command `mojaloop harness` has verbs.", ""),
        ("The flag of `mojaloop harness up --onse` is wrong.", "line 1: mojaloop harness up has no flag --onse"),
        ("```\nmojaloop helm down \\\n  --yes --destroy\n```", "line 2: mojaloop helm down has no flag --destroy"),
        ("```\ntrue && A=1 mojaloop iac up --out x\n```", "line 2: mojaloop iac up has no flag --out"),
        ("```\ncode=0; mojaloop iac plann\n```", "line 2: mojaloop iac has no command \"plann\""),
        ("    mojaloop miniloop up --image-load \"x --not-ours\" --set 'a={b: 1}'  # --nor-this", ""),
        ("    mojaloop harness status -x", "line 1: mojaloop harness status has no flag -x"),
        (
            "A span `mojaloop harness\nup` of two lines, then `mojaloop iac x`",
            "line 2: mojaloop iac has no command \"x\"",
        ),
        ("mojaloop is a word here, --no-flag", ""),
    ] {
        assert_eq!(wrong_commands(text, &mut binary).join("; "), expect, "{text}");
    }
}

#[test]
fn a_link_to_nowhere_is_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (text, expect) in [
        ("[here](Cargo.toml) and [there](https://mojaloop.io/none) and `[not](a-link)`", ""),
        ("[here](Cargo.tomb)", "line 1: Cargo.tomb is not there"),
        ("# What it *is*\n\n[up](#what-it-is)", ""),
        ("# What\n[up](#that)", "line 2: #that is no heading there"),
        ("[in code](../../README.md#no-such-heading)", "line 1: ../../README.md#no-such-heading is no heading there"),
    ] {
        assert_eq!(wrong_links(text, folder).join("; "), expect, "{text}");
    }
}
