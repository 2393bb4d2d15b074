//! What was committed, and how what is counted now compares with it.

use std::fmt;

use anyhow::{Context, Result, ensure};

/// How far a count may move, in percent. Two runs of one program differ by less than a tenth of it; unrelated changes move
/// what the compiler inlines by about half of it.
const TOLERANCE_PERCENT: u64 = 3;
/// How a new baseline is made.
const ACCEPT: &str = "cargo xtask instructions --update-baseline";

/// What a case takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) name: String,
    /// Of one operation.
    pub(super) instructions: u64,
}

/// The figures that were committed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Baseline {
    /// What has compiled the program that was counted.
    pub(super) compiler: String,
    pub(super) counts: Vec<Counted>,
}

const HEAD: &str =
    "# Instructions of one operation, counted by `cargo xtask instructions` (docs/performance.md), one case a line.\n";
const COMPILER: &str = "# compiled by ";

impl fmt::Display for Baseline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{HEAD}{COMPILER}{}", self.compiler)?;
        let width = self.counts.iter().map(|counted| counted.name.len()).max().unwrap_or_default();
        for Counted { name, instructions } in &self.counts {
            writeln!(formatter, "{name:<width$} {instructions:>9}")?;
        }
        Ok(())
    }
}

impl Baseline {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let compiler = text.lines().find_map(|line| line.strip_prefix(COMPILER)).unwrap_or_default().to_owned();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let counts = lines.map(Self::line).collect::<Result<Vec<_>>>()?;
        ensure!(!counts.is_empty(), "the baseline is empty; make it with `{ACCEPT}`");
        Ok(Self { compiler, counts })
    }

    fn line(line: &str) -> Result<Counted> {
        let expected = || format!("found {line:?} in the baseline, expected a name and a number");
        let (name, number) = line.split_once(' ').with_context(expected)?;
        let instructions =
            number.trim().parse().ok().filter(|instructions| *instructions > 0).with_context(expected)?;
        Ok(Counted { name: name.to_owned(), instructions })
    }

    /// A line for each case, and whether it is good.
    pub(super) fn compare(&self, now: &[Counted], compiler: &str) -> Vec<(String, bool)> {
        let find = |name: &str, counts: &[Counted]| counts.iter().find(|known| known.name == name).cloned();
        let mut lines = Vec::new();
        for counted in now {
            let Some(before) = find(&counted.name, &self.counts) else {
                lines.push((format!("{}: is not in the baseline; add it with `{ACCEPT}`", counted.name), false));
                continue;
            };
            lines.push(judge(counted, before.instructions));
        }
        for gone in self.counts.iter().filter(|known| find(&known.name, now).is_none()) {
            lines
                .push((format!("{}: is in the baseline, but no case; take it away with `{ACCEPT}`", gone.name), false));
        }
        if compiler != self.compiler && lines.iter().any(|(_, is_good)| !is_good) {
            let hint =
                format!("the baseline was made by {}, this is {compiler}: that alone moves counts", self.compiler);
            lines.iter_mut().filter(|(_, is_good)| !is_good).for_each(|(line, _)| *line += &format!(" ({hint})"));
        }
        lines
    }
}

fn judge(counted: &Counted, before: u64) -> (String, bool) {
    let Counted { name, instructions: now } = counted;
    let moved = now.abs_diff(before);
    // Tenths of a percent, rounded; floats have no place in what must be the same everywhere.
    let tenths = (moved * 1000 + before / 2) / before;
    let sign = if *now < before { '-' } else { '+' };
    let change = format!("{name}: {now} instructions, {sign}{}.{} % of {before}", tenths / 10, tenths % 10);
    match moved * 100 > before * TOLERANCE_PERCENT {
        false => (change, true),
        true if *now > before => (
            format!("{change}: more than {TOLERANCE_PERCENT} % too many; find out why, or accept it with `{ACCEPT}`"),
            false,
        ),
        true => (format!("{change}: good; keep it by lowering the baseline with `{ACCEPT}`"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(name: &str, instructions: u64) -> Counted {
        Counted { name: name.to_owned(), instructions }
    }

    fn baseline() -> Baseline {
        Baseline {
            compiler: "rustc 1.95.0".to_owned(),
            counts: vec![counted("decide", 10_000), counted("payment", 2_000_000)],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = baseline().to_string();
        assert_eq!(Baseline::parse(&text).unwrap(), baseline(), "{text}");
        for text in ["", "# only words\n", "decide\n", "decide many\n", "decide 0\n"] {
            assert!(Baseline::parse(text).is_err(), "{text:?}");
        }
    }

    #[track_caller]
    fn check(now: &[(&str, u64)], compiler: &str, expect: &[(&str, bool)]) {
        let now: Vec<_> = now.iter().map(|(name, instructions)| counted(name, *instructions)).collect();
        let lines = baseline().compare(&now, compiler);
        assert_eq!(lines.len(), expect.len(), "{lines:?}");
        for ((line, is_good), (part, expected)) in lines.iter().zip(expect) {
            assert!(line.contains(part) && is_good == expected, "{line}: expected {part:?}, {expected}");
        }
    }

    #[test]
    fn counts_may_move_by_the_tolerance() {
        let same = "rustc 1.95.0";
        let payment = ("payment", 2_000_000);
        check(
            &[("decide", 10_300), payment],
            same,
            &[("decide: 10300 instructions, +3.0 % of 10000", true), ("+0.0 %", true)],
        );
        check(&[("decide", 9_700), payment], same, &[("-3.0 %", true), ("+0.0 %", true)]);
        check(&[("decide", 10_301), payment], same, &[("accept it with `cargo xtask instructions", false), ("", true)]);
        check(&[("decide", 9_699), payment], same, &[("lowering the baseline", false), ("", true)]);
    }

    #[test]
    fn cases_come_and_go_with_the_baseline() {
        check(
            &[("decide", 10_000), ("new", 5)],
            "rustc 1.95.0",
            &[
                ("+0.0 %", true),
                ("new: is not in the baseline", false),
                ("payment: is in the baseline, but no case", false),
            ],
        );
    }

    #[test]
    fn another_compiler_is_said() {
        check(
            &[("decide", 20_000), ("payment", 2_000_000)],
            "rustc 1.96.0",
            &[("this is rustc 1.96.0", false), ("", true)],
        );
    }
}
