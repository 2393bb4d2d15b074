//! Transfers of the past, with which a store is filled to see how a hub works on one that has seen many: what all stores
//! that can be filled have in common.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    sync::Arc,
};

use fspiop::{Amount, Currency, FspId, Timestamp};
use ledger::{AccountId, AccountType, InitialPositionAndLimits, NewParticipant, ParticipantId, Registry};
use switch::{Administration, Command};

use crate::{Store, StoreError};

/// Transfers of one transaction, about: some seconds' work.
const CHUNK: u64 = 100_000;
/// Nothing is put into the last hour, in which the hub itself works.
const LATEST_MS: i64 = 3_600_000;
/// The most days over which transfers are spread: a database has partitions for each.
const MAX_DAYS: u16 = 365;
/// The most transfers: more than any disk holds.
const MAX_TRANSFERS: u64 = 1 << 40;
/// Participants of a store that has none: their names end with these numbers.
const PARTICIPANTS: RangeInclusive<u8> = 1..=8;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What a store is to be filled with.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// How many transfers, at least: each participant pays and is paid as often as the others.
    pub transfers: u64,
    /// Over how many days before now they are spread, 1 to 365.
    pub days: u16,
    /// Of the transfers' ids: those of another seed are others.
    pub seed: i64,
}

impl Past {
    /// Whether a store can be filled so.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for numbers that are out of range.
    pub fn check(&self) -> Result<(), StoreError> {
        if (1..=MAX_DAYS).contains(&self.days) && (1..=MAX_TRANSFERS).contains(&self.transfers) {
            return Ok(());
        }
        Err(StoreError::Refused(format!(
            "found {} transfers over {} days, expected 1 transfer or more over 1 to {MAX_DAYS} days",
            self.transfers, self.days
        )))
    }

    /// The error of a store that was filled with this seed before.
    pub fn is_there(&self) -> StoreError {
        StoreError::Refused(format!("transfers of seed {} are there already; name another seed", self.seed))
    }

    /// When the transfers took place, for a circle of so many.
    pub fn schedule(&self, circle: &Circle, now: Timestamp) -> Schedule {
        let round = u64::try_from(circle.members.len()).unwrap_or(u64::MAX);
        let transfers = self.transfers.div_ceil(round) * round;
        let span_ms = i64::from(self.days) * DAY_MS;
        let step = i128::from(span_ms - LATEST_MS) * 1_000_000 / i128::from(transfers);
        Schedule {
            transfers,
            first: now.plus_millis(-span_ms),
            step: i64::try_from(step).unwrap_or(i64::MAX),
            chunk: (CHUNK / round).max(1) * round,
        }
    }
}

/// When transfers took place: number 0 first, then one after the other at equal distances.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How many there are.
    pub transfers: u64,
    /// The moment of number 0.
    pub first: Timestamp,
    /// From one to the next, in millionths of a millisecond.
    pub step: i64,
    chunk: u64,
}

impl Schedule {
    /// The moment of a transfer.
    pub fn at(&self, number: u64) -> Timestamp {
        let after_ms = i128::from(number) * i128::from(self.step) / 1_000_000;
        self.first.plus_millis(i64::try_from(after_ms).unwrap_or(i64::MAX))
    }

    /// Which of them belong into one transaction: whole rounds of the circle, so that each leaves positions as they were.
    pub fn chunks(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let Schedule { transfers, chunk, .. } = *self;
        (0..transfers.div_ceil(chunk)).map(move |number| number * chunk..transfers.min((number + 1) * chunk))
    }
}

/// Participants of one currency, of whom each pays the next one and the last pays the first, so that no position changes.
#[derive(Clone, Debug)]
pub struct Circle {
    /// What they pay in.
    pub currency: Currency,
    /// At least two, in the order of their accounts.
    pub members: Vec<Member>,
}

/// A participant that pays and is paid.
#[derive(Clone, Debug)]
pub struct Member {
    /// The ledger's number for it.
    pub id: ParticipantId,
    /// Its name.
    pub name: FspId,
    /// Its position account.
    pub position: AccountId,
}

impl Circle {
    /// The participants of the currency that most of them have; of a store without two such participants some that are
    /// onboarded for it.
    ///
    /// # Errors
    /// Those of the store; [`StoreError::Refused`] if its own participants are in the way.
    pub async fn of(store: &dyn Store) -> Result<Circle, StoreError> {
        let configuration = store.configuration().await?;
        if let Some(circle) = Circle::among(&configuration.registry) {
            return Ok(circle);
        }
        store.commit(Arc::new(onboarding(&configuration.hub_name()))).await?;
        let registry = store.configuration().await?.registry.clone();
        Circle::among(&registry).ok_or_else(|| {
            StoreError::Refused("found less than two participants of one currency, and could not onboard past1".into())
        })
    }

    fn among(registry: &Registry) -> Option<Circle> {
        let mut circles = BTreeMap::<Currency, Vec<Member>>::new();
        for account in registry.accounts().filter(|account| account.kind == AccountType::Position) {
            let name = registry.participant(account.participant)?.name.clone();
            let member = Member { id: account.participant, name, position: account.id };
            circles.entry(account.currency).or_default().push(member);
        }
        // Of as many participants the first currency in the alphabet.
        let (currency, members) = circles.into_iter().rev().max_by_key(|(_, members)| members.len())?;
        (members.len() > 1).then_some(Circle { currency, members })
    }

    /// Who pays and who is paid in the transfer of this number.
    pub fn pair(&self, number: u64) -> (&Member, &Member) {
        let length = self.members.len() as u64;
        let member = |number: u64| &self.members[usize::try_from(number % length).unwrap_or_default()];
        (member(number), member(number + 1))
    }
}

/// Participants `past1` and so on, with accounts in USD.
fn onboarding(hub: &FspId) -> Vec<Command> {
    let currency = Currency::parse("USD").expect("a currency");
    let hub_accounts = [AccountType::HubReconciliation, AccountType::HubMultilateralSettlement]
        .map(|kind| Administration::CreateHubAccount(hub.clone(), currency, kind));
    let participants = PARTICIPANTS.flat_map(|number| {
        let name = FspId::parse(&format!("past{number}")).expect("letters and a digit");
        let limits = InitialPositionAndLimits {
            participant: name.clone(),
            currency,
            net_debit_cap: Amount::parse("1000000").expect("an amount"),
            initial_position: Amount::ZERO,
        };
        let participant = NewParticipant { name, currency: Some(currency) };
        [Administration::RegisterParticipant(participant), Administration::SetInitialLimits(limits)]
    });
    hub_accounts.into_iter().chain(participants).map(Command::Administer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryStore, suite::block_on};

    const NOW: Timestamp = Timestamp::from_millis(1_795_356_000_000);

    fn store() -> MemoryStore {
        MemoryStore::new(FspId::parse("Hub").unwrap(), Arc::new(|| NOW))
    }

    #[track_caller]
    fn check(transfers: u64, days: u16, expect: &[(u64, u64)]) {
        let circle = block_on(Circle::of(&store())).unwrap();
        let schedule = Past { transfers, days, seed: 0 }.schedule(&circle, NOW);
        let chunks: Vec<_> = schedule.chunks().map(|chunk| (chunk.start, chunk.end)).collect();
        assert_eq!(chunks, expect, "{transfers}");
        assert_eq!(schedule.first, NOW.plus_millis(-i64::from(days) * DAY_MS));
        let last = schedule.at(schedule.transfers - 1);
        assert!(schedule.first <= last && last < NOW.plus_millis(-LATEST_MS), "{last}");
    }

    #[test]
    fn chunks_are_whole_rounds_and_end_an_hour_ago() {
        check(1, 1, &[(0, 8)]);
        check(90, 3, &[(0, 96)]);
        check(100_001, 365, &[(0, 100_000), (100_000, 100_008)]);
        check(200_001, 30, &[(0, 100_000), (100_000, 200_000), (200_000, 200_008)]);
    }

    #[test]
    fn each_pays_the_next_one() {
        let store = store();
        let circle = block_on(Circle::of(&store)).unwrap();
        let names = |number| {
            let (payer, payee) = circle.pair(number);
            format!("{} {}", payer.name, payee.name)
        };
        assert_eq!([0, 6, 7, 8].map(names), ["past1 past2", "past7 past8", "past8 past1", "past1 past2"]);
        let again = block_on(Circle::of(&store)).unwrap();
        assert_eq!((again.currency.as_str(), again.members.len()), ("USD", 8));
        assert_eq!(
            block_on(store.configuration()).unwrap().registry.participants().count(),
            9,
            "nobody is added twice"
        );
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let past = Past { transfers: 1, days: 1, seed: 0 };
        past.check().unwrap();
        for wrong in [Past { transfers: 0, ..past }, Past { days: 0, ..past }, Past { days: 366, ..past }] {
            assert!(matches!(wrong.check(), Err(StoreError::Refused(text)) if text.contains("1 to 365 days")));
        }
    }
}
