//! The FSPs: what they do with the hub's messages, as payees and as payers.

use fspiop::{Currency, FspId, PartyId, PartyIdType, Resource, Timestamp, TransferPrepare, check_request};
use http::Method;
use participant::{Behaviour, Fsp, Phase, Profile, Reaction, Request, Script};

use crate::{
    deal::When,
    event::{Act, Event, Trouble},
    report::{Breach, Check, ensure},
    wire::{self, Topic},
    world::World,
};

/// An FSP.
pub(crate) struct Bank {
    pub(crate) name: FspId,
    /// Its only customer.
    pub(crate) party: PartyId,
    pub(crate) trouble: Option<Trouble>,
    /// What answers lookups, quotes, and the transfers of payments.
    fsp: Fsp,
}

impl Bank {
    pub(crate) fn new(number: usize, currencies: &[Currency]) -> Bank {
        let name = FspId::parse(&format!("fsp{number}")).expect("a name");
        let identifier = format!("2771380{number}");
        let party = PartyId::new(PartyIdType::Msisdn, &identifier, None).expect("a number");
        let profile = Profile::new(name.clone(), currencies.to_vec()).with_party(party.clone(), "Ann Onym");
        let fsp = Fsp::new(profile, Script::default()).expect("the default is within its limits");
        Bank { name, party, trouble: None, fsp }
    }

    pub(crate) fn profile(&self) -> &Profile {
        self.fsp.profile()
    }

    fn react(&mut self, now: Timestamp, request: &Request, behaviour: Behaviour) -> (u16, Vec<Reaction>) {
        self.fsp.set_script(Script::of(behaviour)).expect("behaviours are drawn within their limits");
        let received = self.fsp.receive(now, request);
        (received.status.as_u16(), received.reactions)
    }
}

impl World {
    /// An FSP takes a message of the hub.
    pub(crate) fn receive(&mut self, bank: usize, request: &Request, durable: bool) -> Check {
        check_form(request)?;
        match wire::topic(request) {
            Topic::Told(id, is_error) => {
                let participant = self.auditor.participant(&self.banks[bank].name);
                self.auditor.told(participant, request, id, is_error, durable)?;
                self.advance_payments(bank, request);
            }
            Topic::Prepare => return self.asked(bank, request),
            Topic::Other if request.method == Method::PUT => self.advance_payments(bank, request),
            Topic::Other => {
                let behaviour = self.everyday_behaviour();
                return self.let_fsp_react(bank, request, behaviour);
            }
        }
        Ok(())
    }

    /// A payee is asked to take a transfer.
    fn asked(&mut self, bank: usize, request: &Request) -> Check {
        let wrong = |what: &str| Breach { invariant: "I5", what: format!("fsp{bank} got POST /transfers, {what}") };
        let prepare = TransferPrepare::read(&request.body).map_err(|error| wrong(&error.to_string()))?;
        let (id, expiration) = (prepare.transfer_id, prepare.expiration);
        let number = *self.deal_of.get(&id).ok_or_else(|| wrong("which nobody sent"))?;
        self.auditor.asked(id, &self.banks[bank].name, &request.body)?;
        let deal = &mut self.deals[number];
        if let Some(journey) = &deal.journey {
            let behaviour = journey.behaviour.clone();
            return self.let_fsp_react(bank, request, behaviour);
        }
        let again = std::mem::replace(&mut deal.asked, true);
        if again && !deal.answers_again {
            return Ok(());
        }
        let planned: Vec<_> = deal.answers.iter().map(|answer| (answer.when, answer.copies)).collect();
        // The node whose sweep a racing answer races with.
        let node = number % self.nodes.len();
        for (index, (when, copies)) in planned.into_iter().enumerate() {
            for _ in 0..copies {
                let delay = if again { self.random.between(0, 200) } else { self.delay_of(when, expiration, node) };
                self.time.after(delay, Event::Act(number, Act::Answer(index)));
            }
        }
        Ok(())
    }

    /// Milliseconds until a planned answer is sent.
    fn delay_of(&self, when: When, expiration: Timestamp, node: usize) -> i64 {
        let until_expiration = expiration.millis_since(self.time.wall());
        match when {
            When::After(delay) => delay,
            When::Expiration(offset) => until_expiration + offset,
            When::Sweep(offset) => self.sweep_after(node, until_expiration.max(0)) + offset,
        }
    }

    fn everyday_behaviour(&mut self) -> Behaviour {
        let mut behaviour = Behaviour { delay_ms: self.random.next() % 100, ..Behaviour::default() };
        if !self.healed {
            match self.random.below(30) {
                0 => behaviour.silent = true,
                1 => behaviour.error = Some("5000".to_owned()),
                2..4 => behaviour.copies = 2,
                _ => {}
            }
        }
        behaviour
    }

    fn let_fsp_react(&mut self, bank: usize, request: &Request, behaviour: Behaviour) -> Check {
        let now = self.time.wall();
        let (status, reactions) = self.banks[bank].react(now, request, behaviour);
        ensure(status < 300, "I4", || {
            format!("fsp{bank} refuses {} {} of the hub with status {status}", request.method, request.path)
        })?;
        for reaction in reactions {
            let delay = i64::try_from(reaction.after_ms).unwrap_or(0);
            self.time.after(delay, Event::React(bank, Box::new(reaction.to_hub)));
        }
        Ok(())
    }

    /// The payments of an FSP go on, if the message is what they wait for.
    fn advance_payments(&mut self, bank: usize, request: &Request) {
        for number in 0..self.deals.len() {
            let now = self.time.wall();
            let deal = &mut self.deals[number];
            let payment = deal.journey.as_mut().and_then(|journey| journey.payment.as_mut());
            if deal.payer == bank
                && let Some(next) = payment.and_then(|payment| payment.receive(now, request))
            {
                let phase = if next.path == "/transfers" { Phase::Clearing } else { Phase::Agreement };
                if phase == Phase::Clearing {
                    deal.bodies.push(next.body.clone());
                }
                self.send(bank, next, Some((number, phase)));
            }
        }
    }
}

/// Every message of the hub is one that a correct FSP accepts.
fn check_form(request: &Request) -> Check {
    let resource = request.path.split('/').nth(1).and_then(Resource::from_path);
    let checked = resource.map(|resource| check_request(&request.method, resource, &request.headers));
    ensure(matches!(checked, Some(Ok(_))), "I4", || {
        format!("no correct FSP takes the message {} {}: {checked:?}", request.method, request.path)
    })
}
