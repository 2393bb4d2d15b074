//! What follows from what a run has shown: [`conclude`]. Pure.

use std::collections::BTreeMap;

use crate::{
    counts::{Counts, Distributions},
    course::MemoryCourse,
    database::Stored,
    evidence::Evidence,
    latencies::Latencies,
    machine::{Sample, Usage, steal_percent},
    overload::Overload,
    plan,
    result::{BenchResult, Bytes, Costs, Gates, Machine, Memory, Pace, Payments, Phases, Problem, Verdict},
    verdict::{Facts, broken_gates, reasons_against},
};

/// The result. A run that lost something or did something twice has no figures: whatever they said would be of another
/// system than the one that was to be measured.
pub fn conclude(evidence: &Evidence) -> BenchResult {
    let mut result = figures(evidence);
    let broken = broken_gates(evidence.through.clearing, &result.gates);
    if !broken.is_empty() {
        (result.phases, result.hub_added) = (Phases::default(), Phases::default());
        result.cpu_ms_per_payment = Costs::default();
        (result.resident_bytes, result.memory) = (Memory::default(), MemoryCourse::default());
        (result.bytes_per_payment, result.overload) = (Bytes::default(), None);
        result.notes.insert(0, "no figures: a run that loses messages or repeats them measures nothing".to_owned());
    }
    let facts = Facts {
        payments: result.payments,
        in_time: evidence.committed_in_time,
        pace: result.pace,
        broken,
        ledger: result.ledger.as_ref(),
        unread_ledger: evidence.unread_ledger.as_deref(),
        overload: evidence.overloaded.map(|_| (result.overload, &result.refusals[..])),
    };
    result.reasons = reasons_against(&facts);
    result.verdict = Verdict::of(&result.reasons);
    result
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn figures(evidence: &Evidence) -> BenchResult {
    let [before, after] = &evidence.samples;
    let in_time = evidence.committed_in_time;
    let duration_s = evidence.setting.duration_s;
    let Distributions { taken, hub_added, lateness } = &evidence.distributions;
    let payments = payments(&evidence.counts);
    let lateness = lateness.percentiles();
    BenchResult {
        setting: evidence.setting.clone(),
        phases: phases(evidence.through, taken),
        hub_added: phases(evidence.through, hub_added),
        payments,
        refusals: evidence.refusals.clone(),
        cpu_ms_per_payment: cpu(before, after, in_time),
        resident_bytes: after.memory(),
        memory: MemoryCourse::of(&evidence.course),
        bytes_per_payment: bytes(before, after, in_time),
        gates: gates(evidence.through, &evidence.counts),
        overload: evidence.overloaded.as_ref().map(|overloaded| Overload::of(overloaded, &evidence.course)),
        machine: Machine { cores: evidence.cores, steal_percent: steal_percent(before, after).map(rounded) },
        pace: Pace {
            offered_per_s: payments.offered as f64 / duration_s,
            committed_per_s: in_time as f64 / duration_s,
            late_p99_ms: lateness.p99_ms,
            late_max_ms: lateness.max_ms,
        },
        ledger: evidence.ledger.clone(),
        problems: evidence.problems.iter().map(|(what, count)| Problem { what: what.clone(), count: *count }).collect(),
        notes: evidence.notes.clone(),
        verdict: Verdict::Fail,
        reasons: Vec::new(),
    }
}

fn payments(counts: &Counts) -> Payments {
    let Counts { offered, committed, failed, refused, .. } = *counts;
    // What has not even timed out when everybody has stopped waiting has failed.
    let open = offered.saturating_sub(committed + failed + refused);
    Payments { offered, committed, failed: failed + open, refused }
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn gates(through: plan::Phases, counts: &Counts) -> Gates {
    let per_prepare = |count: u64| {
        let known = through.clearing && counts.prepares > 0;
        known.then(|| count as f64 / counts.prepares as f64)
    };
    Gates { fulfil_per_prepare: per_prepare(counts.fulfils), notify_per_prepare: per_prepare(counts.notifications) }
}

fn phases(through: plan::Phases, [lookup, agreement, clearing, end_to_end]: &[Latencies; 4]) -> Phases {
    Phases {
        lookup: through.lookup.then(|| lookup.percentiles()),
        agreement: through.agreement.then(|| agreement.percentiles()),
        clearing: through.clearing.then(|| clearing.percentiles()),
        end_to_end: Some(end_to_end.percentiles()),
    }
}

fn cpu(before: &Sample, after: &Sample, payments: u64) -> Costs<f64> {
    let cost = |before: Option<Usage>, after: Option<Usage>| per_payment(after?.cpu_ms - before?.cpu_ms, payments);
    Costs {
        hub: cost(before.hub, after.hub),
        database: cost(before.database, after.database),
        load: cost(before.load, after.load),
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a run")]
fn bytes(before: &Sample, after: &Sample, payments: u64) -> Bytes {
    let growth = |before: Option<u64>, after: Option<u64>| Some(after?.saturating_sub(before?) as f64);
    let written = |sample: &Sample| {
        let database = sample.database.map_or(Some(0), |usage| usage.written_bytes);
        Some(sample.hub?.written_bytes? + database?)
    };
    let per = |bytes: Option<f64>| bytes.and_then(|bytes| per_payment(bytes, payments));
    let written = per(growth(written(before), written(after)));
    let (Some(first), Some(last)) = (&before.stored, &after.stored) else {
        return Bytes { stored: per(growth(before.file_bytes, after.file_bytes)), written, ..Bytes::default() };
    };
    let growths = last.growth_since(first);
    let tables = growths.iter().filter_map(|(table, growth)| {
        let bytes = per_payment(growth.kept, payments).filter(|bytes| *bytes > 0.0)?;
        Some((table.clone(), bytes))
    });
    let tables: BTreeMap<String, f64> = tables.collect();
    let wal = |stored: &Stored| stored.wal_bytes;
    Bytes {
        stored: per(Some(growths.values().map(|growth| growth.kept).sum())),
        reusable: per(Some(growths.values().map(|growth| growth.reusable).sum())),
        wal: per(growth(wal(first), wal(last))),
        written,
        tables,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn per_payment(sum: f64, payments: u64) -> Option<f64> {
    (payments > 0).then(|| rounded(sum / payments as f64))
}

/// With three decimals.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::tests::evidence;

    #[test]
    fn costs_are_differences_per_payment() {
        let usage = |cpu_ms| Some(Usage { cpu_ms, resident_bytes: 1, written_bytes: Some(0) });
        let before = Sample { hub: usage(100.0), load: usage(50.0), ..Sample::default() };
        let after = Sample { hub: usage(300.0), load: usage(100.0), ..Sample::default() };
        assert_eq!(cpu(&before, &after, 100), Costs { hub: Some(2.0), database: None, load: Some(0.5) });
        assert_eq!(cpu(&before, &after, 0).hub, None);
    }

    #[test]
    fn what_never_ended_has_failed() {
        let counts = Counts { offered: 10, committed: 6, failed: 1, refused: 1, ..Counts::default() };
        assert_eq!(payments(&counts), Payments { offered: 10, committed: 6, failed: 3, refused: 1 });
    }

    #[test]
    fn a_run_that_passes_has_figures() {
        let result = conclude(&evidence());
        assert_eq!((result.verdict, result.reasons.len()), (Verdict::Pass, 0), "{:?}", result.reasons);
        assert_eq!(result.phases.clearing.unwrap().count, 100);
        assert_eq!(result.cpu_ms_per_payment.hub, Some(1.0));
        assert_eq!(result.memory.hub.unwrap().highest, 7_000);
    }

    #[test]
    fn a_run_that_loses_or_repeats_something_has_no_figures() {
        let change: [fn(&mut Counts); 3] =
            [|counts| counts.fulfils -= 1, |counts| counts.notifications += 1, |counts| counts.notifications -= 1];
        for change in change {
            let mut evidence = evidence();
            change(&mut evidence.counts);
            let result = conclude(&evidence);
            assert_eq!(result.verdict, Verdict::Fail);
            assert!(result.reasons[0].contains("_per_prepare is"), "{:?}", result.reasons);
            assert_eq!((result.phases, result.hub_added), (Phases::default(), Phases::default()));
            assert_eq!(result.cpu_ms_per_payment, Costs::default());
            assert_eq!((result.memory, result.bytes_per_payment), (MemoryCourse::default(), Bytes::default()));
            assert!(result.gates.fulfil_per_prepare.is_some() && result.notes[0].contains("no figures"));
        }
    }

    #[test]
    fn prepares_that_were_refused_break_no_gate() {
        let mut evidence = evidence();
        // Twenty more were begun and refused: neither they nor their ends are messages that the hub took over.
        evidence.counts.offered += 20;
        evidence.counts.refused += 20;
        let result = conclude(&evidence);
        assert_eq!(result.gates, Gates { fulfil_per_prepare: Some(1.0), notify_per_prepare: Some(2.0) });
        assert!(result.phases.clearing.is_some());
        assert!(result.reasons[0].contains("20 were refused"), "{:?}", result.reasons);
    }
}
