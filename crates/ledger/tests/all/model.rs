//! Random programs against a tiny model that was written apart from the ledger: plain integers, no journal.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fspiop::{Amount, Timestamp};
use ledger::{
    AccountId, AccountType, Balance, FundsMovement, FundsRequest, FundsStatus, Ledger, Prepare, Registry, Transfer,
    TransferStatus,
};
use proptest::prelude::*;

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, aborted, account, consent, fsp, fulfilled, fulfilment, funds_in, hash, hub_only,
    id, join, payment, prepared, refusal, usd,
};

const FSPS: [&str; 3] = [PAYER, PAYEE, OTHER];
/// Ids of transfers, few enough that they collide.
const IDS: u32 = 6;
/// Caps and what was paid in at the start, in units.
const CAP: i128 = 1_000;

/// A step of a program.
#[derive(Clone, Debug)]
enum Step {
    Prepare {
        id: u32,
        payer: usize,
        payee: usize,
        units: i128,
        life_ms: i64,
        content: u8,
    },
    Fulfil {
        id: u32,
        source: usize,
        fits: bool,
        content: u8,
    },
    Abort {
        id: u32,
        source: usize,
        content: u8,
    },
    Expire(u32),
    FundsIn(u32, usize, i128),
    FundsOut(u32, usize, i128),
    EndFundsOut(u32, usize, FundsStatus),
    AdjustCap(usize, i128),
    Activate(usize, bool),
    Advance(i64),
    /// The batch ends: another one begins, with what it would load from a store.
    NewBatch,
}

fn step() -> impl Strategy<Value = Step> {
    let (id, who) = (0..IDS, 0..FSPS.len());
    let content = 0_u8..2;
    prop_oneof![
        6 => (id.clone(), who.clone(), who.clone(), 0_i128..700, -1_i64..60, content.clone()).prop_map(
            |(id, payer, payee, units, life_ms, content)| Step::Prepare { id, payer, payee, units, life_ms, content }
        ),
        5 => (id.clone(), who.clone(), prop::bool::weighted(0.8), content.clone())
            .prop_map(|(id, source, fits, content)| Step::Fulfil { id, source, fits, content }),
        2 => (id.clone(), who.clone(), content).prop_map(|(id, source, content)| Step::Abort { id, source, content }),
        2 => id.clone().prop_map(Step::Expire),
        1 => (id.clone(), who.clone(), 0_i128..300).prop_map(|(id, who, units)| Step::FundsIn(id, who, units)),
        2 => (id.clone(), who.clone(), 0_i128..1_200).prop_map(|(id, who, units)| Step::FundsOut(id, who, units)),
        2 => (id, who.clone(), 0..FundsStatus::ALL.len())
            .prop_map(|(id, who, end)| Step::EndFundsOut(id, who, FundsStatus::ALL[end])),
        1 => (who.clone(), 0_i128..2_000).prop_map(|(who, units)| Step::AdjustCap(who, units)),
        1 => (who, prop::bool::weighted(0.7)).prop_map(|(who, active)| Step::Activate(who, active)),
        2 => (0_i64..30).prop_map(Step::Advance),
        2 => Just(Step::NewBatch),
    ]
}

/// A transfer as the model knows it.
#[derive(Clone, Debug)]
struct Known {
    payer: usize,
    payee: usize,
    units: i128,
    expiration: i64,
    content: u8,
    state: &'static str,
    answer: Option<u8>,
}

/// The model: what each participant owes, has paid in and may owe, and what is known of transfers.
#[derive(Clone, Debug)]
struct Model {
    now: i64,
    owes: [i128; 3],
    paid_in: [i128; 3],
    caps: [i128; 3],
    active: [bool; 3],
    transfers: HashMap<u32, Known>,
    funds: HashMap<u32, (usize, i128)>,
    /// Payments out, with where they stand.
    out: HashMap<u32, (usize, i128, &'static str)>,
}

impl Model {
    fn new() -> Model {
        let (transfers, funds, out) = (HashMap::new(), HashMap::new(), HashMap::new());
        Model { now: 0, owes: [0; 3], paid_in: [CAP; 3], caps: [CAP; 3], active: [true; 3], transfers, funds, out }
    }

    fn prepare(&mut self, id: u32, transfer: Known) -> String {
        if let Some(known) = self.transfers.get(&id) {
            let duplicate = known.content == transfer.content;
            return if duplicate { format!("duplicate of {}", known.state) } else { "modified".to_owned() };
        }
        if self.funds.contains_key(&id) || self.out.contains_key(&id) {
            return "modified".to_owned();
        }
        let Known { payer, payee, units, expiration, .. } = transfer;
        let after = self.owes[payer] + units;
        let refusal =
            if !self.active[payer] || !self.active[payee] || expiration <= self.now || units == 0 || payer == payee {
                Some("3100")
            } else if after > self.paid_in[payer] {
                Some("4001")
            } else if after > self.caps[payer] {
                Some("4200")
            } else {
                self.owes[payer] += units;
                None
            };
        let state = if refusal.is_some() { "INVALID" } else { "RESERVED" };
        self.transfers.insert(id, Known { state, ..transfer });
        refusal.unwrap_or("reserved").to_owned()
    }

    /// What comes before the content of an answer is looked at; `None` if it may end the transfer.
    fn standing(&mut self, id: u32, source: usize, answer: u8) -> Option<&'static str> {
        let Some(known) = self.transfers.get(&id).cloned() else { return Some("not found") };
        if known.payee != source {
            return Some("not the payee");
        }
        match (known.state, known.answer) {
            ("RESERVED", _) if self.expire(id) => Some("expired"),
            ("RESERVED", _) => None,
            (_, Some(earlier)) if earlier == answer => Some("duplicate"),
            // States are numbered from 10 on, errors from 20 on; one is no version of the other.
            (_, Some(earlier)) if earlier / 10 == answer / 10 => Some("modified"),
            _ => Some("not reserved"),
        }
    }

    fn fulfil(&mut self, id: u32, source: usize, fits: bool, answer: u8) -> &'static str {
        if let Some(said) = self.standing(id, source, answer) {
            return said;
        }
        if !fits {
            self.give_back(id, "ABORTED_ERROR", Some(answer));
            return "wrong fulfilment";
        }
        let known = self.transfers.get_mut(&id).unwrap();
        (known.state, known.answer) = ("COMMITTED", Some(answer));
        self.owes[known.payee] -= known.units;
        "committed"
    }

    fn abort(&mut self, id: u32, source: usize, answer: u8) -> &'static str {
        self.standing(id, source, answer).unwrap_or_else(|| {
            self.give_back(id, "ABORTED_ERROR", Some(answer));
            "aborted"
        })
    }

    fn expire(&mut self, id: u32) -> bool {
        let due =
            self.transfers.get(&id).is_some_and(|known| known.state == "RESERVED" && self.now >= known.expiration);
        if due {
            self.give_back(id, "EXPIRED_RESERVED", None);
        }
        due
    }

    fn give_back(&mut self, id: u32, state: &'static str, answer: Option<u8>) {
        let known = self.transfers.get_mut(&id).unwrap();
        (known.state, known.answer) = (state, answer);
        self.owes[known.payer] -= known.units;
    }

    fn funds_in(&mut self, id: u32, who: usize, units: i128) -> bool {
        if let Some(earlier) = self.funds.get(&id) {
            return *earlier == (who, units);
        }
        if self.transfers.contains_key(&id) || self.out.contains_key(&id) || units == 0 || !self.active[who] {
            return false;
        }
        self.funds.insert(id, (who, units));
        self.paid_in[who] += units;
        true
    }

    fn funds_out(&mut self, id: u32, who: usize, units: i128) -> bool {
        if let Some((owner, asked, _)) = self.out.get(&id) {
            return (*owner, *asked) == (who, units);
        }
        let free = (self.paid_in[who] - self.owes[who].max(0)).max(0);
        let used = self.transfers.contains_key(&id) || self.funds.contains_key(&id);
        if used || units == 0 || units > free || !self.active[who] {
            return false;
        }
        self.out.insert(id, (who, units, "RESERVED"));
        self.paid_in[who] -= units;
        true
    }

    fn end_funds_out(&mut self, id: u32, who: usize, end: &'static str) -> bool {
        let Some((owner, units, state)) = self.out.get_mut(&id).filter(|(owner, ..)| *owner == who) else {
            return false;
        };
        if *state != "RESERVED" || end == "RESERVED" {
            return *state == end;
        }
        *state = end;
        if end == "ABORTED" {
            self.paid_in[*owner] += *units;
        }
        true
    }

    /// What the hub's mirror of the settlement bank shows: money that has come and has not left yet.
    fn at_the_bank(&self) -> i128 {
        let leaving: i128 =
            self.out.values().filter(|(.., state)| *state == "RESERVED").map(|(_, units, _)| units).sum();
        self.paid_in.iter().sum::<i128>() + leaving
    }
}

/// The ledger beside the model, and everything that was ever written to its journal.
struct Pair {
    ledger: Ledger,
    model: Model,
    journal: Vec<(AccountId, AccountId, i128)>,
    written: usize,
}

impl Pair {
    fn new() -> Pair {
        let mut ledger = hub_only();
        let text = Amount::from_units(CAP).to_string();
        FSPS.iter().for_each(|name| join(&mut ledger, name, usd(), &text, &text));
        let mut pair = Pair { ledger, model: Model::new(), journal: Vec::new(), written: 0 };
        pair.read_journal();
        pair
    }

    fn now(&self) -> Timestamp {
        START.plus_millis(self.model.now)
    }

    fn run(&mut self, step: &Step) {
        let now = self.now();
        match *step {
            Step::Prepare { id, payer, payee, units, life_ms, content } => {
                let expiration = now.plus_millis(life_ms);
                let (payer_fsp, payee_fsp) = (fsp(FSPS[payer]), fsp(FSPS[payee]));
                let asked = Prepare {
                    payer: payer_fsp,
                    payee: payee_fsp,
                    amount: Amount::from_units(units),
                    expiration,
                    hash: hash(content),
                    ..payment(id, "1")
                };
                let found = prepared(&self.ledger.prepare(now, &asked));
                let (expiration, state) = (self.model.now + life_ms, "RESERVED");
                let known = Known { payer, payee, units, expiration, content, state, answer: None };
                let expect = self.model.prepare(id, known);
                assert!(found.starts_with(&expect), "{step:?}: {found}, but {expect} by the model");
            }
            Step::Fulfil { id, source, fits, content } => {
                let answer = 10 + content;
                let fulfilment = Some(fulfilment(if fits { id } else { 99 }));
                let asked = ledger::Fulfil { source: fsp(FSPS[source]), fulfilment, hash: hash(answer), ..consent(id) };
                let found = fulfilled(&self.ledger.fulfil(now, &asked));
                assert_eq!(found, self.model.fulfil(id, source, fits, answer), "{step:?}");
            }
            Step::Abort { id, source, content } => {
                let answer = 20 + content;
                let asked = ledger::Abort { source: fsp(FSPS[source]), hash: hash(answer), ..refusal(id) };
                let found = aborted(&self.ledger.abort(now, &asked));
                assert_eq!(found, self.model.abort(id, source, answer), "{step:?}");
            }
            Step::Expire(number) => {
                assert_eq!(self.ledger.expire(now, id(number)).is_some(), self.model.expire(number), "{step:?}");
            }
            Step::FundsIn(number, who, units) => {
                let found = self.ledger.record_funds_in(now, &self.funds(number, who, units)).is_ok();
                assert_eq!(found, self.model.funds_in(number, who, units), "{step:?}");
            }
            Step::FundsOut(number, who, units) => {
                let found = self.ledger.reserve_funds_out(now, &self.funds(number, who, units)).is_ok();
                assert_eq!(found, self.model.funds_out(number, who, units), "{step:?}");
            }
            Step::EndFundsOut(number, who, end) => {
                let settlement = self.settlement(who);
                let found = self.ledger.end_funds_out(now, &fsp(FSPS[who]), settlement, id(number), end).is_ok();
                assert_eq!(found, self.model.end_funds_out(number, who, end.as_str()), "{step:?}");
            }
            Step::AdjustCap(who, units) => {
                self.ledger.adjust_limit(&fsp(FSPS[who]), usd(), Amount::from_units(units)).unwrap();
                self.model.caps[who] = units;
            }
            Step::Activate(who, active) => {
                self.ledger.activate_participant(&fsp(FSPS[who]), active).unwrap();
                self.model.active[who] = active;
            }
            Step::Advance(millis) => self.model.now += millis,
            Step::NewBatch => self.new_batch(),
        }
        self.compare(step);
    }

    fn settlement(&self, who: usize) -> AccountId {
        account(&self.ledger, FSPS[who], usd(), AccountType::Settlement).id
    }

    /// A request whose hash says what it holds.
    fn funds(&self, number: u32, who: usize, units: i128) -> FundsRequest {
        let paid = Amount::from_units(units).to_string();
        let mut funds = funds_in(number, FSPS[who], self.settlement(who), &paid);
        funds.hash.0[..2].copy_from_slice(&[u8::try_from(who).unwrap(), 1]);
        funds.hash.0[2..18].copy_from_slice(&units.to_be_bytes());
        funds
    }

    /// Everything goes to a store and comes back.
    fn new_batch(&mut self) {
        let registry: Arc<Registry> = self.ledger.registry().clone();
        let mut next = Ledger::new(registry.clone());
        for account in registry.accounts() {
            // An account that never moved has no row.
            if let Some(balance) = self.ledger.balance_of(account.id) {
                next.load_balance(account.id, balance);
            }
        }
        for number in 0..IDS {
            self.ledger.transfer(id(number)).cloned().into_iter().for_each(|known| next.load_transfer(known));
            self.ledger.funds(id(number)).cloned().into_iter().for_each(|known| next.load_funds(known));
        }
        self.ledger = next;
        self.written = 0;
    }

    fn compare(&mut self, step: &Step) {
        let model = &self.model;
        for (who, name) in FSPS.iter().enumerate() {
            let balance = |kind| self.ledger.balance(&account(&self.ledger, name, usd(), kind)).amount.units();
            assert_eq!(balance(AccountType::Position), model.owes[who], "{step:?}: what {name} owes");
            assert_eq!(-balance(AccountType::Settlement), model.paid_in[who], "{step:?}: what {name} has paid in");
        }
        for number in 0..IDS {
            let found = self.ledger.transfer(id(number)).map(|transfer| transfer.status.as_str());
            assert_eq!(found, model.transfers.get(&number).map(|known| known.state), "{step:?}: transfer {number}");
        }
        self.check_conservation(step);
    }

    /// Takes over what the ledger has written since the last look.
    fn read_journal(&mut self) {
        let entries = &self.ledger.changes().entries;
        let fresh = entries[self.written..].iter();
        self.journal.extend(fresh.map(|entry| (entry.raised, entry.lowered, entry.amount.units())));
        self.written = entries.len();
    }

    /// Invariant I1: every balance is the sum of its entries, and positions together are what is reserved.
    fn check_conservation(&mut self, step: &Step) {
        self.read_journal();
        let mut sums = BTreeMap::<AccountId, i128>::new();
        for (raised, lowered, units) in &self.journal {
            assert!(*units > 0, "{step:?}: an entry of {units}");
            *sums.entry(*raised).or_default() += units;
            *sums.entry(*lowered).or_default() -= units;
        }
        assert_eq!(sums.values().sum::<i128>(), 0);
        let transit = sums.remove(&AccountId::TRANSIT).unwrap_or_default();
        for account in self.ledger.registry().accounts() {
            let Balance { amount, .. } = self.ledger.balance(account);
            assert_eq!(amount.units(), sums.get(&account.id).copied().unwrap_or_default(), "{step:?}: {account:?}");
        }
        let reserved: i128 = (0..IDS).filter_map(|number| self.reserved(number)).sum();
        let leaving: i128 = (0..IDS).filter_map(|number| self.leaving(number)).sum();
        assert_eq!(transit, -reserved - leaving, "{step:?}: transit holds what is reserved");
        let bank = self.ledger.balance(&account(&self.ledger, HUB, usd(), AccountType::HubReconciliation));
        assert_eq!(bank.amount.units(), self.model.at_the_bank(), "{step:?}: what is at the bank");
        assert_eq!(self.model.owes.iter().sum::<i128>(), reserved, "{step:?}: positions are what is reserved");
    }

    fn leaving(&self, number: u32) -> Option<i128> {
        let open = |movement: &&FundsMovement| movement.status == FundsStatus::Reserved;
        self.ledger.funds(id(number)).filter(open).map(|movement| movement.amount.units())
    }

    fn reserved(&self, number: u32) -> Option<i128> {
        let open = |transfer: &&Transfer| transfer.status == TransferStatus::Reserved;
        self.ledger.transfer(id(number)).filter(open).map(|transfer| transfer.amount.units())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_does_what_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let mut pair = Pair::new();
        steps.iter().for_each(|step| pair.run(step));
    }

    /// I9: the same commands give the same state.
    #[test]
    fn the_same_program_gives_the_same_state(steps in prop::collection::vec(step(), 1..40)) {
        let run = || {
            let mut pair = Pair::new();
            steps.iter().for_each(|step| pair.run(step));
            let changes = pair.ledger.changes();
            let transfers: Vec<_> = (0..IDS).map(|number| pair.ledger.transfer(id(number)).cloned()).collect();
            format!("{:?} {:?} {transfers:?} {:?}", changes.entries, changes.balances, pair.journal)
        };
        prop_assert_eq!(run(), run());
    }
}
