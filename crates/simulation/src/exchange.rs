//! Requests of FSPs to the hub: an FSP that gets no answer sends the same again, a few times.

use participant::{Phase, Request};

use crate::{
    event::{Event, Trouble},
    report::{Breach, Check},
    wire,
    world::World,
};

/// How often an FSP sends a request at the most.
const TRIES: u32 = 6;
/// How long a node is down until it gets no more requests.
const FOUND_OUT_MS: i64 = 1_000;

/// A request of an FSP, until it is answered.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) from: usize,
    pub(crate) request: Request,
    /// What it is about, in words.
    about: String,
    tries: u32,
    done: bool,
    /// The payment whose step it is, if it is one.
    journey: Option<(usize, Phase)>,
    /// The network does not touch it.
    pub(crate) direct: bool,
}

impl World {
    /// An FSP sends a request to the hub.
    pub(crate) fn send(&mut self, from: usize, request: Request, journey: Option<(usize, Phase)>) {
        let about = wire::about(&request);
        self.exchanges.push(Exchange { from, request, about, tries: 0, done: false, journey, direct: false });
        self.try_send(self.exchanges.len() - 1);
    }

    /// An FSP sends a request that reaches the hub at the next moment, with all others that are sent now.
    pub(crate) fn send_direct(&mut self, from: usize, request: Request) {
        let about = wire::about(&request);
        self.exchanges.push(Exchange { from, request, about, tries: 0, done: false, journey: None, direct: true });
        self.try_send(self.exchanges.len() - 1);
    }

    pub(crate) fn try_send(&mut self, id: usize) {
        let exchange = &mut self.exchanges[id];
        if exchange.done {
            return;
        }
        if exchange.tries == TRIES {
            exchange.done = true;
            return self.give_up(id);
        }
        exchange.tries += 1;
        let (from, tries, direct) = (exchange.from, exchange.tries, exchange.direct);
        let line = format!("fsp{from} sends #{id}, attempt {tries}: {}", exchange.about);
        self.note(|| line);
        if direct && tries == 1 {
            let node = self.any_node();
            self.time.after(1, Event::AtHub(id, node));
        } else {
            // What is in front of the nodes sends each connection to any of them, that of a copy, too.
            for delay in self.ways(from) {
                let node = self.any_node();
                self.time.after(delay, Event::AtHub(id, node));
            }
        }
        let patience = self.random.between(2_000, 5_000);
        self.time.after(patience, Event::Unanswered(id, tries));
    }

    /// The times after which copies of a message arrive; none if it gets lost.
    pub(crate) fn ways(&mut self, bank: usize) -> Vec<i64> {
        let (loss, doubling, longest) = match self.healed {
            true => (0, 0, 5),
            false => (self.scenario.loss, self.scenario.doubling, self.scenario.delay_ms),
        };
        if self.random.chance(loss) || self.banks[bank].trouble == Some(Trouble::Apart) {
            self.report.lost += 1;
            return Vec::new();
        }
        let mut ways = vec![self.random.between(1, longest)];
        if self.random.chance(doubling) {
            self.report.doubled += 1;
            ways.push(self.random.between(1, longest * 2));
        }
        ways
    }

    /// The hub's answer reaches the FSP.
    pub(crate) fn answered(&mut self, id: usize, status: u16) -> Check {
        let exchange = &mut self.exchanges[id];
        if exchange.done {
            return Ok(());
        }
        let line = format!("#{id} was answered {status}: {}", exchange.about);
        match status {
            200..300 => exchange.done = true,
            500..600 => {
                let pause = self.random.between(100, 1_000);
                self.time.after(pause, Event::Send(id));
            }
            _ => {
                let what = format!("a correct request was refused: {line}");
                return Err(Breach { invariant: "I4", what });
            }
        }
        self.note(|| line);
        Ok(())
    }

    pub(crate) fn unanswered(&mut self, id: usize, attempt: u32) {
        if self.exchanges[id].tries == attempt {
            self.try_send(id);
        }
    }

    /// The node that a request comes to: what is in front of the nodes finds out, after a while, which of them are down.
    pub(crate) fn any_node(&mut self) -> usize {
        let now = self.time.now();
        let known_as_down = |node: &usize| self.nodes[*node].down_since.is_some_and(|since| now - since > FOUND_OUT_MS);
        let reachable: Vec<usize> = (0..self.nodes.len()).filter(|node| !known_as_down(node)).collect();
        if reachable.is_empty() { self.random.below(self.nodes.len()) } else { self.random.pick(&reachable) }
    }

    fn give_up(&mut self, id: usize) {
        let line = format!("the sender gives #{id} up: {}", self.exchanges[id].about);
        self.note(|| line);
        if let Some((deal, phase)) = self.exchanges[id].journey
            && let Some(payment) = self.deals[deal].journey.as_mut().and_then(|journey| journey.payment.as_mut())
        {
            payment.unanswered(phase, "no answer");
        }
    }
}
