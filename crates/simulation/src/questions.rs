//! Questions, as the hub answers them without oracles.

use fspiop::{Currency, ErrorCode, FspId, FspiopError, PartyId, QuoteId, Resource};
use hub::edge::Question;
use store::Store;
use switch::{Command, EndpointType, Inbound, Message, Subject, lookup};

use crate::{node::ready, world::World};

/// How long a quote's question is tried.
const QUESTION_MS: i64 = 10_000;

impl World {
    /// The messages that answer a question; the command, for a question that must be decided.
    pub(crate) fn answer_question(&self, question: Question) -> Result<Vec<Message>, Box<Command>> {
        let (configuration, now) = (self.node.configuration.clone(), self.time.wall());
        Ok(match question {
            Question::RegisterParty(inbound, party, fsp, currency) => {
                return Err(Box::new(Command::RegisterParty { inbound, party, fsp, currency }));
            }
            Question::FindParty(inbound, party, currency) => match self.serving(&inbound, &party, currency) {
                Ok(fsp) => vec![lookup::ask(&inbound, &party, &fsp, now)],
                Err(error) => vec![lookup::refuse(&configuration, &inbound, Resource::Parties, &party, &error, now)],
            },
            Question::FindFsp(inbound, party, currency) => match self.serving(&inbound, &party, currency) {
                Ok(fsp) => vec![lookup::served_by(&configuration, &inbound, &party, &fsp, now)],
                Err(error) => {
                    vec![lookup::refuse(&configuration, &inbound, Resource::Participants, &party, &error, now)]
                }
            },
            Question::AnswerParty(inbound, party, failed) => {
                let asker = inbound.destination.clone();
                asker.map(|asker| lookup::answer(&inbound, &party, &asker, failed, now)).into_iter().collect()
            }
            Question::GetTransfer(inbound, id) => {
                let known = ready(self.store.transfer(id));
                vec![switch::answer_transfer_get(&configuration, now, &inbound, id, known.as_ref())]
            }
            Question::GetQuote(inbound, id) => vec![self.ask_about_quote(&inbound, id)],
        })
    }

    fn ask_about_quote(&self, inbound: &Inbound, id: QuoteId) -> Message {
        let (configuration, now) = (&self.node.configuration, self.time.wall());
        let payee = ready(self.store.quote(id)).and_then(|quote| configuration.registry.participant(quote.payee));
        match payee {
            None => switch::quote_not_found(configuration, now, inbound, id),
            Some(payee) => {
                let give_up_at = now.plus_millis(QUESTION_MS);
                switch::relay(inbound, &payee.name, EndpointType::Quotes, Subject::Quote(id), now, give_up_at)
            }
        }
    }

    fn serving(&self, inbound: &Inbound, party: &PartyId, currency: Option<Currency>) -> Result<FspId, FspiopError> {
        if let Some(named) = &inbound.destination {
            return Ok(named.clone());
        }
        let registry = &self.node.configuration.registry;
        let entries = ready(self.store.party(party.clone(), currency));
        let found = entries.first().and_then(|entry| registry.participant(entry.participant));
        found.map(|fsp| fsp.name.clone()).ok_or_else(|| FspiopError::plain(ErrorCode::PartyNotFound))
    }
}
