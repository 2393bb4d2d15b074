//! The help of every command starts with an example of it.

mod support;

use support::{Finished, mojaloop};

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = list.take_while(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

fn check(path: &[String], seen: &mut usize) {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = Finished::of(&mut mojaloop(&arguments));
    help.expect(0, &[]);
    let example = help.stdout.lines().next().unwrap_or_default();
    let own = format!("Example: mojaloop {}", path.join(" "));
    assert!(example.starts_with(own.trim_end()), "{arguments:?}: {example:?}");
    *seen += 1;
    for command in commands(&help.stdout) {
        check(&[path, &[command]].concat(), seen);
    }
}

#[test]
fn starts_with_an_example() {
    let mut seen = 0;
    check(&[], &mut seen);
    assert!(seen >= 12, "only {seen} commands were found");
}

#[test]
fn completions_are_written() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Finished::of(&mut mojaloop(&["completions", shell]));
        assert!(script.expect(0, &[]).stdout.contains("harness"), "{shell}");
    }
}
