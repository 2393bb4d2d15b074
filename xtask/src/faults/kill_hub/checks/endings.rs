//! How transfers ended: once, for everybody the same, and rightly.

use std::collections::BTreeMap;

use fspiop::{Timestamp, TransferId};

use super::Evidence;
use crate::faults::kill_hub::journal::{Entry, TRANSIT};
use crate::faults::kill_hub::plan::Answer;
use crate::faults::kill_hub::record::{End, News, Record};

/// I3, I4: two words about one end, from the hub to the payer, to the payee, in answers to GET, in the store.
pub(super) fn contradictory(evidence: &Evidence) -> Vec<String> {
    let mut findings = Vec::new();
    for (id, record) in &evidence.records {
        let of_news = |news: &News| if let News::Ended(end) = news { Some(*end) } else { None };
        let stored = evidence.books.transfers.get(id).and_then(|stored| end_of_status(&stored.status));
        let words = [
            ("the payer was told", record.payer_told.keys().copied().collect::<Vec<_>>()),
            ("the payee was told", record.payee_told.keys().copied().collect()),
            ("after a restart GET said", record.said.iter().filter_map(of_news).collect()),
            ("at the end GET said", record.said_at_the_end.iter().filter_map(of_news).collect()),
            ("the store says", stored.into_iter().collect()),
        ];
        let mut ends: Vec<End> = words.iter().flat_map(|(_, ends)| ends.iter().copied()).collect();
        ends.sort_unstable();
        ends.dedup();
        if ends.len() > 1 {
            let words = words.iter().filter(|(_, ends)| !ends.is_empty());
            let text: Vec<String> = words.map(|(who, ends)| format!("{who} {ends:?}")).collect();
            findings.push(format!("{id}: {}", text.join(", ")));
        }
    }
    findings
}

fn end_of_status(status: &str) -> Option<End> {
    match status {
        "RESERVED" => None,
        "COMMITTED" => Some(End::Committed),
        _ => Some(End::Aborted),
    }
}

/// I3: transfers whose lines in the journal are not a reservation and then one ending that fits it and the status.
pub(super) fn misposted(evidence: &Evidence) -> Vec<String> {
    let mut lines: BTreeMap<TransferId, Vec<&Entry>> = BTreeMap::new();
    for entry in evidence.books.entries.iter().filter(|entry| entry.kind != "FUNDS_IN") {
        lines.entry(entry.transfer).or_default().push(entry);
    }
    let mut findings = Vec::new();
    for (id, stored) in &evidence.books.transfers {
        let found = lines.remove(id).unwrap_or_default();
        let fits = found.iter().all(|entry| entry.amount == stored.amount) && are_in_order(&stored.status, &found);
        if !fits {
            let kinds: Vec<&str> = found.iter().map(|entry| entry.kind.as_str()).collect();
            findings.push(format!("{id}: is {} and has the entries {kinds:?}", stored.status));
        }
    }
    findings.extend(lines.keys().map(|id| format!("{id}: has entries and is no transfer")));
    findings
}

fn are_in_order(status: &str, entries: &[&Entry]) -> bool {
    match (status, entries) {
        ("INVALID", []) => true,
        ("COMMITTED", [reserve, commit]) => {
            is_reservation(reserve)
                && commit.kind == "COMMIT"
                && commit.raised == TRANSIT
                && commit.lowered != reserve.raised
        }
        ("ABORTED_REJECTED" | "ABORTED_ERROR" | "EXPIRED_RESERVED", [reserve, abort]) => {
            is_reservation(reserve)
                && abort.kind == "ABORT"
                && (abort.raised, abort.lowered) == (TRANSIT, reserve.raised)
        }
        _ => false,
    }
}

fn is_reservation(entry: &Entry) -> bool {
    entry.kind == "RESERVE" && entry.lowered == TRANSIT
}

/// I6, I7: an answer that was acknowledged before the expiration decides; nothing else commits; time alone aborts only
/// when it is over.
pub(super) fn wrongly_decided(evidence: &Evidence) -> Vec<String> {
    let ended_at: BTreeMap<TransferId, Timestamp> =
        evidence.books.entries.iter().map(|entry| (entry.transfer, entry.at)).collect();
    let mut findings = Vec::new();
    for (id, record) in &evidence.records {
        let Some(stored) = evidence.books.transfers.get(id) else { continue };
        let allowed = allowed(record);
        if !allowed.contains(&stored.status.as_str()) {
            findings.push(format!("{id}: is {}, and the FSPs have seen to {}", stored.status, allowed.join(" or ")));
        }
        let at = ended_at.get(id);
        let early = stored.status == "EXPIRED_RESERVED" && at.is_some_and(|at| *at < record.plan.expiration);
        let late = stored.status == "COMMITTED" && at.is_none_or(|at| *at >= record.plan.expiration);
        if early || late {
            findings.push(format!("{id}: became {} at {at:?}, and expires {}", stored.status, record.plan.expiration));
        }
    }
    findings
}

/// How a transfer may have ended, by what its FSPs have sent and when it was acknowledged.
fn allowed(record: &Record) -> Vec<&'static str> {
    let plan = &record.plan;
    if record.over_cap > 0 {
        return vec!["INVALID"];
    }
    let decision = match plan.answer {
        Answer::Commit | Answer::Reserve | Answer::Late => Some("COMMITTED"),
        Answer::Reject => Some("ABORTED_REJECTED"),
        Answer::Fail | Answer::WrongFulfilment => Some("ABORTED_ERROR"),
        Answer::Silent => None,
    };
    let decision = decision.filter(|_| record.answer.first_at.is_some_and(|at| at < plan.expiration));
    if let Some(decision) = decision.filter(|_| record.answer.accepted_before(plan.expiration)) {
        return vec![decision];
    }
    let mut allowed: Vec<&str> = decision.into_iter().collect();
    if record.asked > 0 || record.prepare.accepted_before(plan.expiration) {
        allowed.push("EXPIRED_RESERVED");
    } else {
        // It may have been decided before it was acknowledged, and it may have come when its time was over.
        allowed.extend(["EXPIRED_RESERVED", "INVALID"]);
    }
    allowed
}
