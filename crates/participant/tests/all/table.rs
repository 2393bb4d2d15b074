//! A hub on a table: carries messages between two FSPs and a payment, without sockets.

use std::collections::VecDeque;

use fspiop::headers::FSPIOP_DESTINATION;
use http::Method;
use participant::{Fsp, Payment, Reaction, Request, Script};

use crate::world::{NOW, PAYEE, PAYER, payee, payer, payment};

pub(crate) struct Table {
    pub(crate) payer: Fsp,
    pub(crate) payee: Fsp,
    pub(crate) payment: Payment,
    /// What was carried, in order: `payeefsp PUT /quotes/… 200`.
    pub(crate) carried: Vec<String>,
    /// The delays of the reactions, in order.
    pub(crate) delays: Vec<u64>,
    on_the_way: VecDeque<Request>,
}

impl Table {
    pub(crate) fn new(to: &str, payee_script: Script) -> Self {
        let (payment, first) = payment(to);
        Self {
            payer: Fsp::new(payer(), Script::default()).unwrap(),
            payee: Fsp::new(payee(), payee_script).unwrap(),
            payment,
            carried: Vec::new(),
            delays: Vec::new(),
            on_the_way: VecDeque::from([first]),
        }
    }

    /// Carries messages until there are none.
    pub(crate) fn play(mut self) -> Self {
        while let Some(message) = self.on_the_way.pop_front() {
            self.carry(message);
        }
        self
    }

    /// A lookup, which has no destination, goes to the payee's FSP.
    fn carry(&mut self, message: Request) {
        let to = message.header(&FSPIOP_DESTINATION).unwrap_or(PAYEE).to_owned();
        let fsp = if to == PAYER { &mut self.payer } else { &mut self.payee };
        let received = fsp.receive(NOW, &message);
        self.carried.push(format!("{to} {} {} {}", message.method, message.path, received.status.as_u16()));
        for Reaction { to_hub, after_ms, .. } in received.reactions {
            self.delays.push(after_ms);
            self.on_the_way.push_back(to_hub);
        }
        if to == PAYER && message.method == Method::PUT {
            self.on_the_way.extend(self.payment.receive(NOW, &message));
        }
    }
}
