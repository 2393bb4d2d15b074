//! What the run was like, in figures.

use std::fmt::Write as _;
use std::iter;
use std::time::Duration;

use fspiop::Timestamp;

use super::book::Records;
use super::checks::Evidence;
use super::killer::{Kills, Loss};
use super::record::{Record, Sent};

/// Payments that must be acknowledged in each second of the run, restarts included, for the kills to prove something.
const PAYMENTS_PER_SECOND: f64 = 50.0;

/// Findings if the kills prove little: too few of them, more than two of three of an idle hub, or too few payments.
pub(super) fn weak_kills(kills: &Kills, payments: usize, asked: usize) -> Vec<String> {
    let mut findings = Vec::new();
    if kills.all < asked {
        findings.push(format!("{} kills, and {asked} were asked for", kills.all));
    }
    if kills.under_load * 3 < kills.all {
        findings.push(format!("only {} of {} kills came while requests were under way", kills.under_load, kills.all));
    }
    let rate = per_second(payments, kills.lasted);
    if rate < PAYMENTS_PER_SECOND {
        findings.push(format!("{rate:.0} payments/s, and {PAYMENTS_PER_SECOND:.0} are required"));
    }
    findings
}

/// Transfers whose prepare was acknowledged.
pub(super) fn acknowledged(records: &Records) -> usize {
    records.values().filter(|record| record.prepare.is_accepted()).count()
}

fn per_second(count: usize, lasted: Duration) -> f64 {
    count as f64 / lasted.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// A line for each figure. `refusals`: how often the hub refused because its database was away; `checked`: what an audit
/// looked at.
pub(super) fn table(
    kills: &Kills,
    evidence: &Evidence,
    restart_should: Duration,
    refusals: usize,
    checked: &str,
) -> String {
    let payments = acknowledged(&evidence.records);
    let sum = |of: fn(&Record) -> u32| evidence.records.values().map(of).map(u64::from).sum::<u64>();
    let status = |status: &str| evidence.books.transfers.values().filter(|stored| stored.status == status).count();
    let accepted = acceptances(&evidence.records);
    let over_cap = evidence.records.values().filter(|record| record.over_cap > 0).count();
    let again = |sent: &Sent| sent.attempts.saturating_sub(1);
    let mut restarts = kills.restarts.clone();
    restarts.sort_unstable();
    let mut database_restarts = kills.database_restarts.clone();
    database_restarts.sort_unstable();
    let slow = restarts.iter().filter(|took| **took > restart_should).count();
    let lines = [
        ("kills", kills.all.to_string()),
        ("… while the hub was starting", kills.while_starting.to_string()),
        ("… of all nodes at once", kills.of_all_nodes.to_string()),
        ("… of a node whose work another took over", kills.adopted.to_string()),
        ("… with requests under way", format!("{}, {} requests cut off", kills.under_load, kills.requests_cut)),
        ("start to ready: min, median, max", milliseconds(&restarts)),
        ("… over 2 s", slow.to_string()),
        ("longest silence, no node left: median, max", silences(kills, &accepted, true)),
        ("longest silence, one node left: median, max", silences(kills, &accepted, false)),
        ("kills of the database", kills.database_restarts.len().to_string()),
        ("start to answer: min, median, max", milliseconds(&database_restarts)),
        ("requests refused: no database, or too many", refusals.to_string()),
        ("transfers acknowledged", payments.to_string()),
        (
            "… a second, over the run with its restarts",
            format!("{:.1}, {:.0} s", per_second(payments, kills.lasted), kills.lasted.as_secs_f64()),
        ),
        ("… committed", status("COMMITTED").to_string()),
        ("… rejected", status("ABORTED_REJECTED").to_string()),
        ("… aborted by an error", status("ABORTED_ERROR").to_string()),
        ("… expired", status("EXPIRED_RESERVED").to_string()),
        ("… refused: above the payer's cap", over_cap.to_string()),
        ("… refused: acknowledged after their time", status("INVALID").saturating_sub(over_cap).to_string()),
        ("prepares given up: expired before they were delivered", evidence.books.abandoned.len().to_string()),
        (
            "prepares sent again, by need or on purpose",
            evidence.records.values().map(|record| u64::from(again(&record.prepare))).sum::<u64>().to_string(),
        ),
        (
            "answers sent again, by need or on purpose",
            evidence.records.values().map(|record| u64::from(again(&record.answer))).sum::<u64>().to_string(),
        ),
        ("altered prepares refused", sum(|record| record.payer_refused).to_string()),
        ("contradicting or late answers refused", sum(|record| record.payee_refused).to_string()),
        ("prepares delivered again", sum(|record| record.asked.saturating_sub(1)).to_string()),
        (
            "final states delivered again",
            sum(|record| record.payer_told.values().sum::<u32>().saturating_sub(1)).to_string(),
        ),
        ("GET after restarts: asked, answered", format!("{}, {}", kills.spot_checks, answered(evidence))),
        ("journal entries", evidence.books.entries.len().to_string()),
        ("audit: checked", checked.to_owned()),
    ];
    let mut text = String::new();
    for (name, figure) in lines {
        let _ = writeln!(text, "{name:<56} {figure}");
    }
    text
}

/// When the hub accepted messages, in order.
fn acceptances(records: &Records) -> Vec<Timestamp> {
    let of = |record: &Record| [record.prepare, record.answer, record.altered, record.contradicted];
    let mut all: Vec<_> = records.values().flat_map(of).filter_map(|sent| sent.accepted_at).collect();
    all.sort_unstable();
    all
}

/// The longest time without an acceptance from each kill until a second after the restart.
fn silences(kills: &Kills, accepted: &[Timestamp], of_all: bool) -> String {
    let longest = |loss: &Loss| {
        let within = |at: &&Timestamp| (loss.from..=loss.until.plus_millis(1_000)).contains(at);
        let after = accepted.partition_point(|at| *at < loss.from);
        let times = iter::once(loss.from).chain(accepted[after..].iter().take_while(within).copied());
        let times: Vec<_> = times.collect();
        let gaps = times.windows(2).map(|pair| pair[1].millis_since(pair[0]));
        Duration::from_millis(gaps.max().and_then(|gap| u64::try_from(gap).ok()).unwrap_or_default())
    };
    let mut all: Vec<_> = kills.losses.iter().filter(|loss| loss.of_all == of_all).map(longest).collect();
    all.sort_unstable();
    let at = |index: usize| all.get(index).map_or(0, Duration::as_millis);
    format!("{}, {} ms", at(all.len() / 2), at(all.len().saturating_sub(1)))
}

fn answered(evidence: &Evidence) -> usize {
    evidence.records.values().map(|record| record.said.len()).sum()
}

fn milliseconds(sorted: &[Duration]) -> String {
    let at = |index: usize| sorted.get(index).map_or(0, Duration::as_millis);
    format!("{}, {}, {} ms", at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_kills_prove_little() {
        let lasted = Duration::from_secs(10);
        let kills = |all, under_load| Kills { all, under_load, lasted, ..Kills::default() };
        assert_eq!(weak_kills(&kills(50, 50), 500, 50), [] as [String; 0]);
        assert_eq!(weak_kills(&kills(49, 49), 500, 50).len(), 1);
        assert_eq!(weak_kills(&kills(50, 16), 500, 50).len(), 1);
        assert_eq!(weak_kills(&kills(50, 50), 499, 50).len(), 1);
    }

    #[test]
    fn silences_are_told() {
        let at = Timestamp::from_millis;
        let loss = |from, until, of_all| Loss { from: at(from), until: at(until), of_all };
        let losses = vec![loss(1_000, 1_100, false), loss(5_000, 5_100, false), loss(9_000, 9_100, true)];
        let kills = Kills { losses, ..Kills::default() };
        let accepted = [900, 1_010, 1_050, 2_000, 3_500, 5_020, 9_700].map(at);
        assert_eq!(silences(&kills, &accepted, false), "950, 950 ms");
        assert_eq!(silences(&kills, &accepted, true), "700, 700 ms");
        assert_eq!(silences(&kills, &[], true), "0, 0 ms");
    }

    #[test]
    fn restart_times_are_told() {
        assert_eq!(milliseconds(&[]), "0, 0, 0 ms");
        assert_eq!(milliseconds(&[1, 20, 300].map(Duration::from_millis)), "1, 20, 300 ms");
    }
}
