//! What was found out about parties a short while ago: which FSPs serve them.
//!
//! Each node has its own. A registration or deletion that passes this node is forgotten about here at once; what passes
//! other nodes, or changes behind an oracle, is noticed when an answer is no longer fresh. Old answers are kept for the
//! time in which the database fails over or an oracle is away: a party changes its FSP rarely, and whoever is asked in
//! error says so.

use std::{
    collections::BTreeMap,
    mem::size_of,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fspiop::{Currency, FspId, PartyId};
use switch::OracleId;
use tokio::time::Instant;

/// How long an answer of the built-in directory is fresh: so long may another node's registration stay unnoticed here.
const DIRECTORY_FRESH: Duration = Duration::from_secs(5);
/// How long an oracle's answer is fresh. An oracle is changed behind the hub's back; this takes the load of a party whom
/// many pay at the same time off it, and no more.
const ORACLE_FRESH: Duration = Duration::from_secs(2);
/// How long it is believed that nobody serves a party. Somebody may just be registering it.
const NOT_FOUND_FRESH: Duration = Duration::from_secs(1);
/// How long an answer is kept for the time in which nobody else answers; longer than a database needs to fail over (25 s)
/// and people need to see that an oracle is down.
const KEPT: Duration = Duration::from_secs(300);
/// Answers that are kept: the parties that are paid within [`KEPT`] at 150 payments a second to different ones each.
const ENTRIES: usize = 50_000;
/// Bytes of all answers that are kept; names may be long.
const BYTES: usize = 32 << 20;

/// What was asked, and of whom; `None` is the built-in directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) party: PartyId,
    pub(super) oracle: Option<OracleId>,
    pub(super) currency: Option<Currency>,
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    entries: usize,
    bytes: usize,
}

/// Answers, the oldest dropped first when there is no more room.
#[derive(Debug)]
pub(crate) struct Cache {
    bounds: Bounds,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: BTreeMap<Key, Answer>,
    /// Keys in the order of their answers.
    order: BTreeMap<u64, Key>,
    next: u64,
    bytes: usize,
    /// Rises when something is forgotten, so that an answer that was on its way then is not kept.
    forgotten: u64,
}

#[derive(Debug)]
struct Answer {
    fsps: Vec<FspId>,
    at: Instant,
    number: u64,
}

/// When a question was put; an answer to it is kept only if nothing was forgotten since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked(u64);

impl Cache {
    /// An empty one.
    pub(super) fn new() -> Cache {
        Cache::bounded(Bounds { entries: ENTRIES, bytes: BYTES })
    }

    fn bounded(bounds: Bounds) -> Cache {
        Cache { bounds, kept: Mutex::default() }
    }

    /// An answer that may be given without asking.
    pub(super) fn fresh(&self, key: &Key, now: Instant) -> Option<Vec<FspId>> {
        let kept = self.kept();
        let answer = kept.answers.get(key)?;
        let fresh = match (answer.fsps.is_empty(), key.oracle) {
            (true, _) => NOT_FOUND_FRESH,
            (false, Some(_)) => ORACLE_FRESH,
            (false, None) => DIRECTORY_FRESH,
        };
        (now.duration_since(answer.at) < fresh).then(|| answer.fsps.clone())
    }

    /// An answer to be given when nobody can be asked. That nobody serves a party is never said like this.
    pub(super) fn kept_for_trouble(&self, key: &Key, now: Instant) -> Option<Vec<FspId>> {
        let kept = self.kept();
        let answer = kept.answers.get(key).filter(|answer| !answer.fsps.is_empty())?;
        (now.duration_since(answer.at) < KEPT).then(|| answer.fsps.clone())
    }

    /// To be called before asking.
    pub(super) fn asking(&self) -> Asked {
        Asked(self.kept().forgotten)
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, key: Key, fsps: &[FspId], asked: Asked, now: Instant) {
        let mut kept = self.kept();
        if kept.forgotten != asked.0 {
            return;
        }
        kept.drop_answer(&key);
        let number = kept.next;
        kept.next += 1;
        kept.bytes += weight(&key, fsps);
        kept.order.insert(number, key.clone());
        kept.answers.insert(key, Answer { fsps: fsps.to_vec(), at: now, number });
        while (kept.answers.len() > self.bounds.entries || kept.bytes > self.bounds.bytes)
            && let Some(oldest) = kept.order.first_key_value().map(|(_, key)| key.clone())
        {
            kept.drop_answer(&oldest);
        }
    }

    /// Forgets everything about a party, whoever said it.
    pub(super) fn forget(&self, party: &PartyId) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        let first = Key { party: party.clone(), oracle: None, currency: None };
        let of_it = |(key, _): &(&Key, &Answer)| key.party == *party;
        let keys: Vec<Key> = kept.answers.range(first..).take_while(of_it).map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| kept.drop_answer(key));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn drop_answer(&mut self, key: &Key) {
        if let Some(answer) = self.answers.remove(key) {
            self.order.remove(&answer.number);
            self.bytes -= weight(key, &answer.fsps);
        }
    }
}

/// What an answer takes, with its key in both maps.
fn weight(key: &Key, fsps: &[FspId]) -> usize {
    let names = key.party.identifier.len() + key.party.sub_id.as_ref().map_or(0, |sub_id| sub_id.len());
    let fsps: usize = fsps.iter().map(|fsp| size_of::<FspId>() + fsp.as_str().len()).sum();
    2 * (size_of::<Key>() + names) + size_of::<Answer>() + fsps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(party: &str) -> Key {
        Key { party: party.parse().unwrap(), oracle: None, currency: None }
    }

    fn fsps(names: &[&str]) -> Vec<FspId> {
        names.iter().map(|name| FspId::parse(name).unwrap()).collect()
    }

    fn keep(cache: &Cache, key: Key, names: &[&str], at: Instant) {
        cache.keep(key, &fsps(names), cache.asking(), at);
    }

    /// What is said of an answer after so many milliseconds: whether it is fresh, whether it is kept for trouble.
    #[track_caller]
    fn check(key: Key, names: &[&str], after_ms: u64, expect: (bool, bool)) {
        let (cache, start) = (Cache::new(), Instant::now());
        keep(&cache, key.clone(), names, start);
        let now = start + Duration::from_millis(after_ms);
        let found = (cache.fresh(&key, now).is_some(), cache.kept_for_trouble(&key, now).is_some());
        assert_eq!(found, expect, "{key:?} {names:?} after {after_ms} ms");
    }

    #[test]
    fn answers_are_fresh_for_a_while_and_kept_for_longer() {
        let of_oracle = || Key { oracle: Some(OracleId(1)), ..key("MSISDN/1") };
        check(key("MSISDN/1"), &["fsp"], 0, (true, true));
        check(key("MSISDN/1"), &["fsp"], 4_999, (true, true));
        check(key("MSISDN/1"), &["fsp"], 5_000, (false, true));
        check(key("MSISDN/1"), &["fsp"], 299_999, (false, true));
        check(key("MSISDN/1"), &["fsp"], 300_000, (false, false));
        check(of_oracle(), &["fsp"], 1_999, (true, true));
        check(of_oracle(), &["fsp"], 2_000, (false, true));
        check(key("MSISDN/1"), &[], 999, (true, false));
        check(key("MSISDN/1"), &[], 1_000, (false, false));
        check(of_oracle(), &[], 1_000, (false, false));
    }

    #[test]
    fn a_party_is_forgotten_in_all_currencies_and_of_all_oracles_and_others_are_not() {
        let (cache, now) = (Cache::new(), Instant::now());
        let usd = Some(Currency::parse("USD").unwrap());
        let of_it = [
            key("MSISDN/27"),
            Key { currency: usd, ..key("MSISDN/27") },
            Key { oracle: Some(OracleId(3)), ..key("MSISDN/27") },
        ];
        let others = [key("MSISDN/2"), key("MSISDN/271"), key("MSISDN/27/sub"), key("ALIAS/27")];
        for key in of_it.iter().chain(&others) {
            keep(&cache, key.clone(), &["fsp"], now);
        }
        cache.forget(&"MSISDN/27".parse().unwrap());
        assert!(of_it.iter().all(|key| cache.fresh(key, now).is_none()));
        assert!(others.iter().all(|key| cache.fresh(key, now).is_some()));
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_kept() {
        let (cache, now) = (Cache::new(), Instant::now());
        let asked = cache.asking();
        cache.forget(&"MSISDN/1".parse().unwrap());
        cache.keep(key("MSISDN/1"), &fsps(&["old"]), asked, now);
        assert_eq!(cache.fresh(&key("MSISDN/1"), now), None);
        keep(&cache, key("MSISDN/1"), &["new"], now);
        assert_eq!(cache.fresh(&key("MSISDN/1"), now), Some(fsps(&["new"])));
    }

    #[test]
    fn the_oldest_answers_make_room() {
        let now = Instant::now();
        let one = weight(&key("MSISDN/1"), &fsps(&["fsp"]));
        for bounds in [Bounds { entries: 2, bytes: usize::MAX }, Bounds { entries: 100, bytes: 2 * one }] {
            let cache = Cache::bounded(bounds);
            // The first is asked again before the third comes, so the second is the oldest.
            for party in ["MSISDN/1", "MSISDN/2", "MSISDN/1", "MSISDN/3"] {
                keep(&cache, key(party), &["fsp"], now);
            }
            let kept = ["MSISDN/1", "MSISDN/2", "MSISDN/3"].map(|party| cache.fresh(&key(party), now).is_some());
            assert_eq!(kept, [true, false, true], "{bounds:?}");
            assert_eq!(cache.kept().bytes, 2 * one);
            assert_eq!(cache.kept().order.len(), 2);
        }
    }
}
