//! The steps of deals: what payers, payees and strangers send.

use bytes::Bytes;
use fspiop::Amount;
use http::Method;

use crate::{
    deal::{Answer, When, other_than},
    event::Act,
    scenario::whole,
    wire::{Envelope, Terms, reprinted},
    world::World,
};

impl World {
    /// Somebody does something about a deal.
    pub(crate) fn act(&mut self, number: usize, act: Act) {
        let payer = self.deals[number].payer;
        let first = self.deals[number].bodies.first().cloned();
        match (act, first) {
            (Act::Pay, _) => self.pay(number),
            (Act::Prepare, None) => {
                let body = self.new_body(number, Amount::ZERO);
                self.prepare(number, payer, body);
            }
            (Act::Change, Some(_)) => {
                let body = self.new_body(number, whole(1));
                self.prepare(number, payer, body);
            }
            (Act::Resend, Some(body)) => self.prepare(number, payer, body),
            (Act::Reprint, Some(body)) => self.prepare(number, payer, reprinted(&body)),
            (Act::Impersonate, Some(body)) => {
                let stranger = other_than(&mut self.random, self.scenario.fsps, &[payer]);
                self.prepare(number, stranger, body);
            }
            (Act::Repeat, _) => self.repeat(number),
            (Act::Ask(bank), _) => self.ask(number, bank),
            (Act::Answer(index), _) => self.give_answer(number, index),
            (Act::Prepare | Act::Change | Act::Resend | Act::Reprint | Act::Impersonate, _) => {}
        }
    }

    /// The payer sends the request that the hub knows, once more.
    fn repeat(&mut self, number: usize) {
        let deal = &self.deals[number];
        let known = self.auditor.content_of(deal.id);
        let same = |body: &&Bytes| Some(switch::content_hash(body)) == known;
        if let Some(body) = deal.bodies.iter().find(same).cloned() {
            self.prepare(number, deal.payer, body);
        }
    }

    /// A new content of POST /transfers, for an amount so much higher than planned.
    fn new_body(&mut self, number: usize, more: Amount) -> Bytes {
        let deal = &self.deals[number];
        let mut money = deal.money;
        money.amount = money.amount.checked_add(more).expect("small amounts");
        let body = Terms {
            id: deal.id,
            payer: &self.banks[deal.payer].name,
            payee: &self.banks[deal.payee].name,
            money,
            fulfilment: deal.fulfilment,
            expiration: self.time.wall().plus_millis(deal.life_ms),
        }
        .body();
        self.deals[number].bodies.push(body.clone());
        body
    }

    /// Sends POST /transfers.
    pub(crate) fn prepare(&mut self, number: usize, source: usize, body: Bytes) {
        let deal = &self.deals[number];
        let (burst, source_name) = (deal.burst, self.name(source));
        let destination = self.name(deal.payee);
        let envelope = Envelope { source: &source_name, destination: Some(&destination), now: self.time.wall() };
        let request = envelope.seal(Method::POST, "/transfers".to_owned(), body);
        if burst {
            self.send_direct(source, request);
        } else {
            self.send(source, request, None);
        }
    }

    fn ask(&mut self, number: usize, bank: usize) {
        let (id, name) = (self.deals[number].id, self.name(bank));
        let envelope = Envelope { source: &name, destination: None, now: self.time.wall() };
        let request = envelope.seal(Method::GET, format!("/transfers/{id}"), Bytes::new());
        self.send(bank, request, None);
    }

    fn give_answer(&mut self, number: usize, index: usize) {
        let now = self.time.wall();
        let deal = &mut self.deals[number];
        let (id, fulfilment) = (deal.id, deal.fulfilment);
        let answer = &mut deal.answers[index];
        let (by, what, races) = (answer.by, answer.what, matches!(answer.when, When::Sweep(_)));
        let completed = answer.dated.then_some(now);
        let body = answer.body.get_or_insert_with(|| what.body(fulfilment, completed)).clone();
        let path = match what {
            Answer::Error => format!("/transfers/{id}/error"),
            _ => format!("/transfers/{id}"),
        };
        let (name, payer) = (self.name(by), self.name(self.deals[number].payer));
        let envelope = Envelope { source: &name, destination: Some(&payer), now };
        let request = envelope.seal(Method::PUT, path, body);
        self.note(|| format!("fsp{by} decides about {id}: {what:?}"));
        if races {
            self.send_direct(by, request);
        } else {
            self.send(by, request, None);
        }
    }
}
