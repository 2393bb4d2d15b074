//! What is going to happen: deals and their steps, crashes, troubles, an operator at work.

use fspiop::Money;
use participant::{Payment, Phase};

use crate::{
    deal::Deal,
    event::{Act, Event, Trouble},
    random::Random,
    report::Check,
    scenario::{Scenario, whole},
    world::{INSPECTION_MS, World},
};

/// Most transfers of a burst, and of one in ten.
const BURSTS: [usize; 2] = [12, 60];

impl World {
    /// Draws everything that does not depend on what happens before.
    pub(crate) fn plan(&mut self) {
        while self.deals.len() < self.scenario.deals {
            match self.random.below(10) {
                0 => self.plan_burst(),
                1..4 => self.plan_journey(),
                _ => self.plan_transfer(),
            }
        }
        let chaos = self.scenario.chaos_ms;
        for _ in 0..self.random.below(12) {
            let at = self.random.between(0, chaos);
            self.time.after(at, Event::Operate);
        }
        if self.scenario.crashes > 0 {
            for _ in 0..self.random.below(4 + self.nodes.len()) {
                let (at, node) = (self.random.between(0, chaos), self.any_node());
                self.time.after(at, Event::Crash(node));
            }
        }
        if self.scenario.freezes > 0 {
            for _ in 0..self.random.below(3) {
                let (at, node, pause) = (self.random.between(0, chaos), self.any_node(), self.draw_pause());
                self.time.after(at, Event::Pause(node, pause));
            }
        }
        if self.scenario.upgrade {
            let at = self.random.between(0, chaos);
            self.upgrading = Some(0);
            self.time.after(at, Event::Upgrade(0));
        }
        if self.scenario.loss > 0 {
            self.plan_troubles();
        }
    }

    fn plan_troubles(&mut self) {
        let chaos = self.scenario.chaos_ms;
        for _ in 0..self.random.below(4) {
            let bank = self.random.below(self.banks.len());
            let trouble = self.random.pick(&[Trouble::Apart, Trouble::Failing, Trouble::Mute]);
            let from = self.random.between(0, chaos);
            self.time.after(from, Event::Trouble(bank, Some(trouble)));
            let longest = self.random.pick(&[2_000, 12_000, 60_000]);
            let until = from + self.random.between(100, longest);
            self.time.after(until, Event::Trouble(bank, None));
        }
        for _ in 0..self.random.below(3) {
            let at = self.random.between(0, chaos);
            let jump = self.random.between(-2_000, 2_000);
            let node = if self.random.chance(40) { None } else { Some(self.any_node()) };
            self.time.after(at, Event::JumpClock(node, jump));
        }
    }

    fn plan_transfer(&mut self) {
        let (payer, money) = draw_order(&mut self.random, &self.scenario);
        let deal = Deal::draw(&mut self.random, &self.scenario, payer, money);
        // Some begin when the faults are over already.
        let at = self.random.between(0, self.scenario.chaos_ms * 11 / 10);
        let number = self.add(deal);
        self.time.after(at, Event::Act(number, Act::Prepare));
        self.plan_nuisances(number, at);
    }

    fn plan_journey(&mut self) {
        let (payer, money) = draw_order(&mut self.random, &self.scenario);
        let deal = Deal::draw_journey(&mut self.random, &self.scenario, payer, money);
        let at = self.random.between(0, self.scenario.chaos_ms * 11 / 10);
        let number = self.add(deal);
        self.time.after(at, Event::Act(number, Act::Pay));
    }

    /// Many transfers of one payer at one moment, for more than it may send.
    fn plan_burst(&mut self) {
        let (payer, money) = draw_order(&mut self.random, &self.scenario);
        let amount = whole(self.random.between(15, 200));
        let at = self.random.between(0, self.scenario.chaos_ms);
        let most = BURSTS[usize::from(self.random.chance(10))];
        for _ in 0..2 + self.random.below(most - 1) {
            let mut deal = Deal::draw(&mut self.random, &self.scenario, payer, Money { amount, ..money });
            deal.burst = true;
            let number = self.add(deal);
            self.time.after(at, Event::Act(number, Act::Prepare));
        }
    }

    fn add(&mut self, deal: Deal) -> usize {
        self.deal_of.insert(deal.id, self.deals.len());
        self.deals.push(deal);
        self.deals.len() - 1
    }

    /// Senders that repeat themselves, contradict themselves, or say what is not theirs to say.
    fn plan_nuisances(&mut self, number: usize, at: i64) {
        for (percent, act) in [
            (15, Act::Resend),
            (15, Act::Resend),
            (8, Act::Reprint),
            (12, Act::Change),
            (4, Act::Impersonate),
            (15, Act::Ask(self.random.below(self.banks.len()))),
        ] {
            if self.random.chance(percent) {
                let longest = self.random.pick(&[5, 500, 15_000]);
                let later = at + self.random.between(0, longest);
                self.time.after(later, Event::Act(number, act));
            }
        }
    }

    /// Everybody asks what became of everything, and repeats what it asked for.
    pub(crate) fn inspect(&mut self) -> Check {
        self.note(|| "everybody asks once more".to_owned());
        self.auditor.settled()?;
        for number in 0..self.deals.len() {
            let (payer, payee) = (self.deals[number].payer, self.deals[number].payee);
            for act in [Act::Ask(payer), Act::Ask(payee), Act::Repeat] {
                let at = self.random.between(0, INSPECTION_MS / 2);
                self.time.after(at, Event::Act(number, act));
            }
        }
        Ok(())
    }

    /// A payer begins a payment.
    pub(crate) fn pay(&mut self, number: usize) {
        let (now, deal) = (self.time.wall(), &mut self.deals[number]);
        let (payer, payee, money) = (&self.banks[deal.payer], &self.banks[deal.payee], deal.money);
        let Some(journey) = &mut deal.journey else { return };
        let order = participant::Order {
            from: payer.name.clone(),
            payer: payer.profile().parties[0].clone(),
            to: payee.party.clone(),
            amount: money,
            note: None,
            timeout_ms: journey.timeout_ms,
            version: fspiop::ApiVersion::V2_0,
        };
        let (payment, request) = Payment::new(journey.identifiers, order, now);
        journey.payment = Some(payment);
        let payer = deal.payer;
        self.send(payer, request, Some((number, Phase::Lookup)));
    }
}

fn draw_order(random: &mut Random, scenario: &Scenario) -> (usize, Money) {
    let payer = random.below(scenario.fsps);
    let amount = whole(if random.chance(80) { random.between(1, 40) } else { random.between(40, 500) });
    (payer, Money { currency: random.pick(&scenario.currencies), amount })
}
