//! Whether the transfers are there, and whether the FSPs have heard of them what they must.

use std::collections::BTreeSet;

use fspiop::TransferId;

use super::Evidence;
use crate::faults::kill_hub::journal::Abandoned;
use crate::faults::kill_hub::plan::Answer;
use crate::faults::kill_hub::record::{End, News, Record};

/// I6: what was acknowledged and is not known any more, or differs; and what nobody has sent.
pub(super) fn lost(evidence: &Evidence) -> Vec<String> {
    let mut findings = Vec::new();
    for (id, record) in &evidence.records {
        if !record.prepare.is_accepted() {
            findings.push(format!("{id}: was never acknowledged, after {} attempts", record.prepare.attempts));
            continue;
        }
        let plan = &record.plan;
        match evidence.books.transfers.get(id) {
            None => findings.push(format!("{id}: was acknowledged and is not in the store")),
            Some(stored)
                if (&*stored.payer, stored.payee.as_deref(), stored.amount)
                    != (plan.payer.0, Some(plan.payee.0), plan.amount) =>
            {
                findings.push(format!("{id}: is in the store as {stored:?}"));
            }
            Some(_) => {}
        }
        match &record.said_at_the_end {
            Some(News::Ended(_)) => {}
            Some(other) => findings.push(format!("{id}: the hub says of it {other:?}")),
            None => findings.push(format!("{id}: the hub did not answer GET")),
        }
        let unknown = record.said.iter().find(|news| !matches!(news, News::Ended(_) | News::Reserved));
        findings.extend(unknown.map(|news| format!("{id}: after a restart the hub said of it {news:?}")));
    }
    let unsent = evidence.books.transfers.keys().filter(|id| !evidence.records.contains_key(id));
    findings.extend(unsent.map(|id| format!("{id}: is in the store and was never sent")));
    findings
}

/// I4: payees that were not asked, and FSPs that were not told.
pub(super) fn untold(evidence: &Evidence) -> Vec<String> {
    let mut findings = Vec::new();
    let too_late: BTreeSet<TransferId> = evidence
        .books
        .abandoned
        .iter()
        .filter(|message| came_too_late(evidence, message))
        .filter_map(Abandoned::transfer)
        .collect();
    for (id, record) in evidence.records.iter().filter(|(_, record)| record.prepare.is_accepted()) {
        let status = evidence.books.transfers.get(id).map(|stored| stored.status.as_str());
        let mut require = |told: bool, what: &str| {
            if !told {
                findings.push(format!("{id}: {what}"));
            }
        };
        let excused = match status {
            Some("INVALID") => true,
            Some("EXPIRED_RESERVED") => too_late.contains(id),
            _ => false,
        };
        require(record.asked > 0 || excused, "the payee was never asked");
        require(record.asked == 0 || status != Some("INVALID"), "the payee was asked for what was refused");
        require(!record.payer_told.is_empty(), "the payer was not told the end");
        require(payee_knows(record, status), "the payee was not told the end");
        require(!record.altered.is_accepted() || record.payer_refused > 0, "the altered prepare was not refused");
        require(!record.contradicted.is_accepted() || record.payee_refused > 0, "the contradiction was not refused");
    }
    findings
}

/// A payee is told of an expiration; of another end if it answered RESERVED, else it knows.
fn payee_knows(record: &Record, status: Option<&str>) -> bool {
    match status {
        Some("EXPIRED_RESERVED") => record.payee_told.contains_key(&End::Aborted),
        Some("COMMITTED") if record.plan.answer == Answer::Reserve => record.payee_told.contains_key(&End::Committed),
        _ => true,
    }
}

/// Work that the hub has not done although it had time.
pub(super) fn left_over(evidence: &Evidence) -> Vec<String> {
    let books = &evidence.books;
    let open = books.transfers.iter().filter(|(_, stored)| stored.status == "RESERVED");
    let mut findings: Vec<String> = open.map(|(id, _)| format!("{id}: is still RESERVED")).collect();
    if books.outbox > 0 {
        findings.push(format!("{} messages are still to be delivered", books.outbox));
    }
    let given_up = books.abandoned.iter().filter(|message| !came_too_late(evidence, message));
    findings.extend(given_up.map(|Abandoned { recipient, method, subject, reason, .. }| {
        format!("{subject}: {method} to {recipient} was given up: {reason}")
    }));
    findings
}

/// The hub's pause after a failed attempt: it does not wait for a next one that would come after the expiration.
const PAUSE_MS: i64 = 100;

/// A prepare is not delivered any more once its transfer has expired, as it may while its node is dead.
pub(super) fn came_too_late(evidence: &Evidence, message: &Abandoned) -> bool {
    let record = message.transfer().and_then(|id| evidence.records.get(&id));
    message.method == "POST" && record.is_some_and(|record| message.at.plus_millis(PAUSE_MS) >= record.plan.expiration)
}

/// Statuses and callbacks that have no place in this run.
pub(super) fn unexpected(evidence: &Evidence) -> Vec<String> {
    let surprises = evidence
        .records
        .iter()
        .flat_map(|(id, record)| record.surprises.iter().map(move |surprise| format!("{id}: {surprise}")));
    let mut findings: Vec<String> = surprises.chain(evidence.strays.iter().cloned()).collect();
    for (id, record) in &evidence.records {
        if record.payer_refused > 0 && record.altered.attempts == 0 {
            findings.push(format!("{id}: the payer's only prepare was refused as altered"));
        }
    }
    findings
}
