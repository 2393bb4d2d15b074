//! Questions, as the hub answers them without oracles. The FSPs of a world ask about parties and transfers.

use fspiop::{Currency, FspId, FspiopError, PartyId, Resource};
use hub::edge::Question;
use store::Store;
use switch::{Inbound, Message, lookup};

use crate::{node::ready, world::World};

impl World {
    /// The messages by which a node answers a question.
    pub(crate) fn answer_question(&self, node: usize, question: Question) -> Vec<Message> {
        let (configuration, now) = (&self.nodes[node].configuration, self.node_time(node));
        match question {
            Question::FindParty(inbound, party, currency) => match self.serving(node, &inbound, &party, currency) {
                Ok(fsp) => vec![lookup::ask(&inbound, &party, &fsp, now)],
                Err(error) => vec![lookup::refuse(configuration, &inbound, Resource::Parties, &party, &error, now)],
            },
            Question::AnswerParty(inbound, party, failed) => {
                let asker = inbound.destination.clone();
                asker.map(|asker| lookup::answer(&inbound, &party, &asker, failed, now)).into_iter().collect()
            }
            Question::GetTransfer(inbound, id) => {
                let known = ready(self.store.transfer(id));
                vec![switch::answer_transfer_get(configuration, now, &inbound, id, known.as_ref())]
            }
            other => panic!("no FSP of a world asks this: {other:?}"),
        }
    }

    fn serving(
        &self,
        node: usize,
        inbound: &Inbound,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Result<FspId, FspiopError> {
        if let Some(named) = &inbound.destination {
            return Ok(named.clone());
        }
        let registry = &self.nodes[node].configuration.registry;
        let entries = ready(self.store.party(party.clone(), currency));
        let found = entries.first().and_then(|entry| registry.participant(entry.participant));
        found.map(|fsp| fsp.name.clone()).ok_or_else(lookup::not_found)
    }
}
