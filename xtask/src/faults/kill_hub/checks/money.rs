//! Whether the money adds up.

use std::collections::BTreeMap;

use fspiop::Amount;

use super::Evidence;
use crate::faults::kill_hub::hub::{FUNDS, LOW_CAP};
use crate::faults::kill_hub::journal::TRANSIT;
use crate::faults::kill_hub::plan::FSPS;
use crate::faults::kill_hub::record::End;

/// I1: each FSP's position is, to the unit, what the transfers say of which it was told that they are committed; so the
/// positions' sum is zero.
pub(super) fn wrong_positions(evidence: &Evidence) -> Vec<String> {
    let mut expected: BTreeMap<&str, i128> = FSPS.iter().map(|fsp| (fsp.0, 0)).collect();
    for record in evidence.records.values().filter(|record| record.end() == Some(End::Committed)) {
        let (plan, units) = (&record.plan, record.plan.amount.units());
        *expected.entry(plan.payer.0).or_default() += units;
        *expected.entry(plan.payee.0).or_default() -= units;
    }
    let mut findings = Vec::new();
    let mut sum = 0;
    for (owner, expect) in expected {
        let found = value(evidence, owner, "POSITION");
        sum += found.map_or(0, Amount::units);
        if found.map(Amount::units) != Some(expect) {
            let found = found.map_or_else(|| "missing".to_owned(), |found| found.to_string());
            findings.push(format!("{owner}: the position is {found}, expected {}", Amount::from_units(expect)));
        }
    }
    if sum != 0 {
        findings.push(format!("the sum of the positions is {}", Amount::from_units(sum)));
    }
    findings
}

/// What was paid in stands where it stood, and the hub has its other side.
pub(super) fn moved_funds(evidence: &Evidence) -> Vec<String> {
    let funds = i128::from(FUNDS) * 10_000;
    let all = funds * FSPS.len() as i128;
    let settlement = FSPS.iter().map(|fsp| (fsp.0, "SETTLEMENT", -funds));
    let of_hub = [("Hub", "HUB_RECONCILIATION", all), ("Hub", "HUB_MULTILATERAL_SETTLEMENT", 0)];
    settlement
        .chain(of_hub)
        .filter_map(|(owner, kind, expect)| {
            let found = value(evidence, owner, kind);
            let wrong = found.map(Amount::units) != Some(expect);
            wrong.then(|| format!("{owner}: {kind} is {found:?}, expected {}", Amount::from_units(expect)))
        })
        .collect()
}

fn value(evidence: &Evidence, owner: &str, kind: &str) -> Option<Amount> {
    let mut found = evidence.accounts.iter().filter(|account| account.owner == owner && account.kind == kind);
    found.next().map(|account| account.value).filter(|_| found.next().is_none())
}

/// I2: reservations after which a position stood above its cap, and the cap that must be among those looked at.
pub(super) fn over_cap(evidence: &Evidence) -> Vec<String> {
    let books = &evidence.books;
    let mut findings = Vec::new();
    if !books.caps.values().any(|cap| cap.units() == i128::from(LOW_CAP) * 10_000) {
        findings.push(format!("no account has the cap {LOW_CAP}"));
    }
    let mut positions: BTreeMap<i64, i128> = BTreeMap::new();
    for entry in &books.entries {
        *positions.entry(entry.lowered).or_default() -= entry.amount.units();
        let raised = positions.entry(entry.raised).or_default();
        *raised += entry.amount.units();
        let cap = books.caps.get(&entry.raised).filter(|_| entry.kind == "RESERVE");
        if let Some(cap) = cap.filter(|cap| *raised > cap.units()) {
            let position = Amount::from_units(*raised);
            findings.push(format!(
                "{}: took the position of account {} to {position}, above {cap}",
                entry.transfer, entry.raised
            ));
        }
    }
    findings
}

/// I1, I9: the balances are what the journal makes of nothing, and nothing is left in transit.
pub(super) fn unbalanced(evidence: &Evidence) -> Vec<String> {
    let books = &evidence.books;
    let mut sums: BTreeMap<i64, i128> = BTreeMap::from([(TRANSIT, 0)]);
    for entry in &books.entries {
        *sums.entry(entry.raised).or_default() += entry.amount.units();
        *sums.entry(entry.lowered).or_default() -= entry.amount.units();
    }
    let mut findings = books.damage.clone();
    for (account, balance) in &books.balances {
        sums.entry(*account).or_default();
        if sums[account] != balance.units() {
            let sum = Amount::from_units(sums[account]);
            findings.push(format!("account {account}: the balance is {balance}, and the entries' sum {sum}"));
        }
    }
    let unknown = sums.iter().filter(|(account, sum)| **sum != 0 && !books.balances.contains_key(account));
    findings.extend(unknown.map(|(account, sum)| {
        format!("account {account}: has no balance, and the entries' sum {}", Amount::from_units(*sum))
    }));
    let sum: i128 = books.balances.values().map(|balance| balance.units()).sum();
    if sum != 0 {
        findings.push(format!("the sum of all balances is {}", Amount::from_units(sum)));
    }
    findings
}
