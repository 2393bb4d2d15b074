//! Benches against whole hubs in this process: what they say must be so. (Figures of processor time would not be.)

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod support;

use std::time::Duration;

use fspiop::{Amount, Currency};
use load::{BenchResult, FspTls, Phases, Second, Verdict, Watcher};
use participant::Phase;
use support::{TestHub, Way, plan};

/// Nothing speaks against the hub, other than that this machine had something else to do.
#[track_caller]
fn assert_sound(result: &BenchResult) {
    let is_pace = |reason: &&String| reason.contains("late itself") || reason.contains("rate was not kept");
    let others: Vec<&String> = result.reasons.iter().filter(|reason| !is_pace(reason)).collect();
    assert!(others.is_empty(), "{others:?}: {:?}", result.problems);
    assert_eq!(result.verdict == Verdict::Pass, result.reasons.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_are_those_of_the_hubs_ledger() {
    let hub = TestHub::start().await;
    let way = Way::to(&hub).await;
    let report = hub.bench(&plan(), &way, &()).await;
    let result = &report.result;
    assert_sound(result);
    let payments = result.payments;
    assert_eq!((payments.offered, payments.committed), (80, 80), "40 a second for 2 s");
    for percentiles in [result.phases.lookup, result.phases.agreement, result.phases.clearing] {
        assert_eq!(percentiles.unwrap().count, payments.committed, "the warm-up counts in no figure");
    }
    let phases = &result.phases;
    let sum = phases.lookup.unwrap().p50_ms + phases.agreement.unwrap().p50_ms + phases.clearing.unwrap().p50_ms;
    let whole = phases.end_to_end.unwrap();
    assert!(whole.max_ms * 3.0 > sum && whole.p50_ms * 3.0 > sum, "{phases:?}");
    // What the FSPs took is not the hub's, and is not nothing.
    let added = result.hub_added.end_to_end.unwrap();
    assert!(added.count == whole.count && added.max_ms <= whole.max_ms, "{added:?}");
    assert!(added.p50_ms < whole.p50_ms, "{added:?}, {whole:?}");
    // The positions of payers and payees, read out of the store itself: they count the warm-up's payments, too.
    let (owed, due) = hub.positions().await;
    let ledger = result.ledger.as_ref().unwrap();
    assert_eq!((owed.to_string(), ledger.moved.as_str()), (ledger.expected.clone(), ledger.expected.as_str()));
    assert_eq!(owed.checked_add(due), Some(Amount::ZERO));
    let counted = Amount::from_units(i128::from(payments.committed) * Amount::parse("1").unwrap().units());
    assert!(owed > counted, "the warm-up moves money, too: {owed}, {counted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_on_the_same_hub_counts_only_its_own_payments() {
    let hub = TestHub::start().await;
    let way = Way::to(&hub).await;
    let mut clearing = plan();
    clearing.phases = Phases::of(&[Phase::Clearing]);
    clearing.duration = Duration::from_secs(1);
    for _ in 0..2 {
        let result = hub.bench(&clearing, &way, &()).await.result;
        assert_sound(&result);
        assert!(result.phases.lookup.is_none() && result.phases.agreement.is_none());
        assert_eq!((result.gates.fulfil_per_prepare, result.gates.notify_per_prepare), (Some(1.0), Some(2.0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_runs_is_measured_over_mutual_tls() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), tls::Authority::new().unwrap());
    let path = authority.write(folder.path()).unwrap();
    let issue = |name: &str| authority.issue(&["127.0.0.1"]).unwrap().write(folder.path(), name).unwrap();
    let ((certificate, key), (of_fsps, their_key)) = (issue("hub"), issue("fsps"));
    let file = |path: &std::path::Path| tls::PemFile::new("file", path);
    let (identity, authorities) =
        (tls::Identity { certificate: file(&certificate), key: file(&key) }, Some(file(&path)));
    let server = tls::ServerFiles { identity: identity.clone(), client_authorities: authorities.clone() };
    let client = tls::ClientFiles { authorities, identity: Some(identity) };
    let tls = hub::Tls { fspiop: Some(server.open().unwrap()), callbacks: Some(client.open().unwrap()) };
    let hub = TestHub::with(tls).await;
    let way = Way::to(&hub).await;
    let plan = load::Plan { tls: Some(FspTls::of_files(path, of_fsps, their_key).unwrap()), ..plan() };
    let result = hub.bench(&plan, &way, &()).await.result;
    assert_sound(&result);
    assert!(result.setting.tls && result.payments.committed > 0);
    assert_eq!(result.gates.notify_per_prepare, Some(2.0));
}

/// Does something when the first second is over.
struct AfterASecond<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Watcher for AfterASecond<F> {
    fn second(&self, second: &Second) {
        if second.at_s.to_bits() == 1_f64.to_bits() {
            (self.0)();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_of_the_hub_shows() {
    let hub = TestHub::start().await;
    let way = Way::to(&hub).await;
    let mut paused = plan();
    paused.phases = Phases::of(&[Phase::Clearing]);
    (paused.rate, paused.warmup, paused.duration) = (50.0, Duration::ZERO, Duration::from_secs(5));
    let report = hub.bench(&paused, &way, &AfterASecond(|| way.pause(Duration::from_secs(1)))).await;
    let whole = report.result.phases.end_to_end.unwrap();
    // A load that waits for answers would have had one slow payment for each of its connections, and so a good p99 in
    // a longer run. Here a fifth of the payments fell due in the pause, and waited half of it on average.
    assert!(whole.max_ms > 800.0, "{whole:?}");
    assert!(whole.p99_ms > 700.0, "{whole:?}");
    assert!(whole.p90_ms > 250.0, "{whole:?}");
    assert_eq!(report.result.payments.committed, report.result.payments.offered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_can_not_be_reached_any_more_is_a_verdict_not_an_error() {
    let hub = TestHub::start().await;
    let way = Way::to(&hub).await;
    let report = hub.bench(&plan(), &way, &AfterASecond(|| way.close())).await;
    let result = &report.result;
    let payments = result.payments;
    assert_eq!(result.verdict, Verdict::Fail);
    assert!(payments.failed > 0, "{payments:?}");
    assert_eq!(payments.offered, payments.committed + payments.failed + payments.refused);
    assert!(result.problems.iter().any(|problem| problem.what.contains("no answer")), "{:?}", result.problems);
    let page = load::to_html(&report);
    assert!(page.contains("got no answer") && !page.contains("http://www"), "{page}");
    // Payments were torn off between a message and the next, so nothing was measured.
    let is_whole = result.gates.fulfil_per_prepare == Some(1.0) && result.gates.notify_per_prepare == Some(2.0);
    assert_eq!(result.phases.end_to_end.is_some(), is_whole, "{:?}", result.gates);
    assert_eq!(page.contains("<svg"), is_whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn currencies_ramp_and_phases_with_addresses_of_their_own() {
    let hub = TestHub::start().await;
    let way = Way::to(&hub).await;
    let mut mixed = plan();
    mixed.currencies.push(Currency::parse("KES").unwrap());
    mixed.ramp = Duration::from_secs(1);
    let report = hub.bench_on(&mixed, hub.endpoints(&way), &()).await;
    let result = &report.result;
    assert_sound(result);
    let ledger = result.ledger.as_ref().unwrap();
    // A second's ramp, one of warm-up, two that count, at 40 a second.
    assert_eq!((ledger.moved.as_str(), ledger.expected.as_str()), ("140", "140"));
    let moved: Vec<(&str, bool)> =
        ledger.currencies.iter().map(|(code, moved)| (code.as_str(), moved.moved == moved.expected)).collect();
    assert_eq!(moved, [("KES", true), ("USD", true)]);
    assert!(ledger.currencies.values().all(|moved| moved.moved != "0"), "{ledger:?}");
    assert_eq!(result.payments.offered, 80);
    assert_eq!(report.evidence.course.iter().filter(|second| second.warmup).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overload_is_measured_apart() {
    let hub = TestHub::start().await;
    let way = Way::to(&hub).await;
    let mut overloaded = plan();
    (overloaded.overload, overloaded.duration) = (Some(2.0), Duration::from_secs(6));
    overloaded.phases = Phases::of(&[Phase::Clearing]);
    let report = hub.bench(&overloaded, &way, &()).await;
    let found = report.result.overload.unwrap();
    assert_eq!((found.from_s, found.until_s), (3.0, 5.0));
    // 40 a second for four seconds, 80 for two.
    assert_eq!(report.result.payments.offered, 320);
    assert!(found.offered_per_s > found.rated_per_s, "{found:?}");
    assert_eq!(load::conclude(&report.evidence), report.result, "the same evidence, the same conclusion");
}
