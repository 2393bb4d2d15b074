//! Small random programs, which a store and the model must carry out alike. The seed is fixed: the programs are the same in
//! each run, so that a failure comes again.

use std::sync::Arc;

use fspiop::{Fulfilment, PartyIdType, Timestamp, TransferId};
use ledger::Entry;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use switch::{Administration, Command, EndpointType, MessageId, OracleId, OracleSettings};

use super::{
    Fixture, block_on,
    command::{
        HUB, OTHER, PAYEE, PAYER, PAYER_SETTLEMENT, Payment, amount, answer_quote, currency, delivered, failing, fsp,
        funds_in, funds_out, funds_out_end, given_up, onboarding, party, quote_id, register, register_party,
        remove_party, request_quote, transfer_id, usd,
    },
    world::{ALL, World},
};
use crate::{Books, MemoryStore, Store};

/// Programs; each costs a store and its commits.
const PROGRAMS: u32 = 32;
/// Ids of each kind, few enough that they collide.
const IDS: u32 = 5;
const FSPS: [&str; 3] = [PAYER, PAYEE, OTHER];

/// A step of a program.
#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Action>),
    Advance(i64),
    Reopen,
}

/// What a command is made of when its turn comes.
#[derive(Clone, Debug)]
enum Action {
    Prepare(u32, usize, u32),
    Fulfil(u32, bool, bool),
    Abort(u32, bool),
    Expire(u32),
    RequestQuote(u32, u8),
    AnswerQuote(u32, u8, bool),
    RegisterParty(usize, bool, bool),
    RemoveParty(usize, bool),
    FundsIn(u32, u32),
    AdjustLimit(u32),
    Activate(usize, bool),
    Register(u32, bool),
    SetEndpoint(usize, u8),
    CreateOracle(bool),
    DeleteOracle(i64),
    Deliver(usize),
    GiveUp(usize),
    Fail(usize, u32),
    FundsOut(u32, u32),
    EndFundsOut(u32, bool),
}

fn action() -> impl Strategy<Value = Action> {
    let (id, who) = (0..IDS, 0..FSPS.len());
    prop_oneof![
        4 => (id.clone(), who.clone(), 1_u32..500).prop_map(|(id, who, units)| Action::Prepare(id, who, units)),
        3 => (id.clone(), prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(id, wrong, notify)| Action::Fulfil(id, wrong, notify)),
        1 => (id.clone(), any::<bool>()).prop_map(|(id, rejected)| Action::Abort(id, rejected)),
        1 => id.clone().prop_map(Action::Expire),
        1 => (id.clone(), 0_u8..2).prop_map(|(id, content)| Action::RequestQuote(id, content)),
        1 => (id.clone(), 0_u8..2, any::<bool>()).prop_map(|(id, content, failed)| Action::AnswerQuote(id, content, failed)),
        1 => (who.clone(), any::<bool>(), any::<bool>()).prop_map(|(who, sub, usd)| Action::RegisterParty(who, sub, usd)),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, sub)| Action::RemoveParty(who, sub)),
        1 => (id.clone(), 1_u32..3).prop_map(|(id, paid)| Action::FundsIn(id, paid)),
        1 => (0_u32..2000).prop_map(Action::AdjustLimit),
        1 => (who.clone(), prop::bool::weighted(0.7)).prop_map(|(who, on)| Action::Activate(who, on)),
        1 => (id, any::<bool>()).prop_map(|(id, usd)| Action::Register(id, usd)),
        1 => (who, any::<u8>()).prop_map(|(who, value)| Action::SetEndpoint(who, value)),
        1 => any::<bool>().prop_map(Action::CreateOracle),
        1 => (1_i64..4).prop_map(Action::DeleteOracle),
        2 => (0_usize..4).prop_map(Action::Deliver),
        1 => (0_usize..4).prop_map(Action::GiveUp),
        1 => (0_usize..4, 1_u32..4).prop_map(|(index, attempts)| Action::Fail(index, attempts)),
        1 => (0..IDS, 1_u32..3).prop_map(|(id, paid)| Action::FundsOut(id, paid)),
        1 => (0..IDS, any::<bool>()).prop_map(|(id, done)| Action::EndFundsOut(id, done)),
    ]
}

fn program() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(action(), 0..8).prop_map(Step::Batch),
        2 => (-5_000_i64..20_000).prop_map(Step::Advance),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..16)
}

/// The store and the model, side by side on one clock.
struct Pair<F> {
    world: World<F>,
    model: MemoryStore,
}

impl<F: Fixture> Pair<F> {
    fn new() -> Pair<F> {
        let world = World::empty();
        let model = MemoryStore::new(fsp(HUB), world.clock.clone());
        let pair = Pair { world, model };
        pair.commit(onboarding());
        pair
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Batch(actions) => self.commit(actions.iter().flat_map(|action| self.commands(action)).collect()),
            Step::Advance(millis) => self.world.clock.advance(*millis),
            Step::Reopen => self.world.reopen(),
        }
    }

    fn commit(&self, commands: Vec<Command>) {
        let model = self.ask(self.model.commit(Arc::new(commands.clone())));
        let store = self.world.commit(commands);
        assert_eq!(store.now, model.now);
        assert_eq!(store.outcomes, model.outcomes);
        assert_eq!(store.messages, model.messages);
        assert_eq!(store.configuration, model.configuration);
    }

    fn ask<T>(&self, asked: impl Future<Output = Result<T, crate::StoreError>>) -> T {
        block_on(asked).expect("the model answers")
    }

    fn compare(&self) {
        let (world, store, model) = (&self.world, self.world.store(), &self.model);
        let parts = |books: Books| (books.accounts, books.transfers, books.funds, in_order(books.entries));
        assert_eq!(parts(world.books()), parts(self.ask(model.books())));
        assert_eq!(world.outbox(), self.ask(model.pending_messages(MessageId(0), ALL)));
        assert_eq!(world.configuration(), self.ask(model.configuration()));
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(world.wait(store.due(end, ALL)), self.ask(model.due(end, ALL)));
        for id in (0..IDS).map(quote_id) {
            assert_eq!(world.wait(store.quote(id)), self.ask(model.quote(id)));
            let id = TransferId(id.0);
            assert_eq!(world.wait(store.story(id)), self.ask(model.story(id)));
            assert_eq!(world.wait(store.ilp_packet(id)), self.ask(model.ilp_packet(id)));
        }
        for (sub, currency) in [(false, None), (false, Some(usd())), (true, None), (true, Some(usd()))] {
            let party = alice(sub);
            assert_eq!(world.wait(store.party(party.clone(), currency)), self.ask(model.party(party, currency)));
        }
    }

    fn commands(&self, action: &Action) -> Option<Command> {
        let outbox = || self.ask(self.model.pending_messages(MessageId(0), ALL));
        Some(match *action {
            Action::Prepare(id, who, units) => {
                let expiration = payment(id).expiration.plus_millis(i64::from(units % 3) * 5_000 - 5_000);
                let amount = amount(&(units / 100 * 100).to_string());
                Payment { payer: FSPS[who], amount, expiration, ..payment(id) }.prepare()
            }
            Action::Fulfil(id, true, notify) => payment(id).fulfil_with(Fulfilment::from_bytes([1; 32]), notify),
            Action::Fulfil(id, false, notify) => payment(id).fulfil_with(payment(id).fulfilment(), notify),
            Action::Abort(id, true) => payment(id).reject(),
            Action::Abort(id, false) => payment(id).fail(),
            Action::Expire(id) => Command::Expire(transfer_id(id)),
            Action::RequestQuote(id, content) => request_quote(quote_id(id), &[content]),
            Action::AnswerQuote(id, content, failed) => answer_quote(PAYEE, quote_id(id), &[content], failed),
            Action::RegisterParty(who, sub, any) => register_party(FSPS[who], &alice(sub), any.then(usd)),
            Action::RemoveParty(who, sub) => remove_party(FSPS[who], &alice(sub)),
            Action::FundsIn(id, paid) => funds_in(id, PAYER, PAYER_SETTLEMENT, &paid.to_string()),
            Action::Deliver(count) => delivered(outbox().get(..count)?),
            Action::GiveUp(index) => given_up(outbox().get(index)?),
            Action::Fail(index, attempts) => failing(outbox().get(index)?, attempts, "timed out"),
            Action::FundsOut(id, paid) => funds_out(id, PAYER, PAYER_SETTLEMENT, &paid.to_string()),
            Action::EndFundsOut(id, done) => funds_out_end(id, PAYER, PAYER_SETTLEMENT, done),
            _ => Command::Administer(administration(action)?),
        })
    }
}

fn administration(action: &Action) -> Option<Administration> {
    Some(match *action {
        Action::AdjustLimit(cap) => Administration::AdjustLimit(fsp(PAYER), usd(), amount(&cap.to_string())),
        Action::Activate(who, on) => Administration::ActivateParticipant(fsp(FSPS[who]), on),
        Action::Register(id, usd_too) => match register(&format!("fsp{id}"), usd_too.then(usd)) {
            Command::Administer(administration) => administration,
            _ => return None,
        },
        Action::SetEndpoint(who, value) => {
            Administration::SetEndpoints(fsp(FSPS[who]), vec![(EndpointType::Quotes, value.to_string().into())])
        }
        Action::CreateOracle(any) => Administration::CreateOracle(OracleSettings {
            party_id_type: PartyIdType::Msisdn,
            currency: any.then(|| currency("KES")),
            endpoint: "http://oracle".into(),
            is_default: any,
        }),
        Action::DeleteOracle(id) => Administration::DeleteOracle(OracleId(id)),
        _ => return None,
    })
}

/// The journal by time; lines of one moment have no order among different movements.
fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| (entry.at, entry.transfer_id));
    entries
}

fn payment(id: u32) -> Payment {
    Payment::new(id, "1")
}

fn alice(sub: bool) -> fspiop::PartyId {
    party(if sub { "MSISDN/27713803912/x" } else { "MSISDN/27713803912" })
}

/// The same outcomes, messages and moments for each batch, and the same contents at the end.
pub fn a_store_does_what_the_model_does<F: Fixture>() {
    let config = Config { cases: PROGRAMS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&program(), |steps| {
        let mut pair = Pair::<F>::new();
        steps.iter().for_each(|step| pair.run(step));
        pair.compare();
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
