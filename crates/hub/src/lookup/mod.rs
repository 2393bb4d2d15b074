//! Questions: which FSP serves a party, who is it, what became of a transfer or a quote. They change nothing, so nothing of
//! them is stored; whoever loses an answer asks again.

mod oracle;

use std::{collections::HashSet, sync::Arc};

use fspiop::{Currency, ErrorCode, FspId, FspiopError, PartyId, QuoteId, Resource, Timestamp, headers};
use store::{Clock, Store};
use switch::{Command, Configuration, EndpointType, Inbound, Message, Subject, lookup, relay};
use tokio::sync::Semaphore;

use crate::{
    committer::Committer,
    current::Current,
    delivery::{CallbackClient, DeliveryHandle},
    edge::Question,
};

/// Questions that are being answered at the same time; beyond them the hub says that it is busy.
const AT_A_TIME: usize = 2_000;
/// FSPs that may serve one party; an oracle that names more is not believed beyond.
const FSPS_PER_PARTY: usize = 16;
/// How long a quote's question is tried.
const QUESTION_MS: i64 = 10_000;

/// Answers questions.
#[derive(Clone)]
pub(crate) struct Lookup {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) current: Arc<Current>,
    pub(crate) committer: Committer,
    pub(crate) delivery: DeliveryHandle,
    pub(crate) client: CallbackClient,
    pub(crate) room: Arc<Semaphore>,
}

impl Lookup {
    /// Room for as many questions as are answered at a time.
    pub(crate) fn room() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(AT_A_TIME))
    }

    /// Takes a question over; its answer goes out as a callback. A registration that the hub itself keeps is durable when
    /// this returns.
    pub(crate) async fn take(&self, question: Question, weight: usize) -> Result<(), FspiopError> {
        let question = match question {
            Question::FindFsp(ref inbound, ..)
            | Question::RegisterParty(ref inbound, ..)
            | Question::AnswerFsp(ref inbound, ..)
                if !self.knows(&inbound.source) =>
            {
                tracing::warn!(source = %inbound.source, path = %inbound.path, "a stranger's request comes to nothing");
                return Ok(());
            }
            Question::RegisterParty(inbound, party, fsp, currency) if !self.has_oracle(&party, currency) => {
                let command = Command::RegisterParty { inbound, party, fsp, currency };
                return self.committer.commit(command, weight).await.map(drop);
            }
            Question::AnswerParty(ref inbound, ..) | Question::AnswerFsp(ref inbound, ..)
                if inbound.destination.is_none() =>
            {
                let detail = format!("/header must have required property '{}'", headers::FSPIOP_DESTINATION);
                return Err(FspiopError::new(ErrorCode::MissingElement, detail));
            }
            other => other,
        };
        let busy = |_| FspiopError::new(ErrorCode::ServerBusy, "too many questions are waiting");
        let room = self.room.clone().try_acquire_owned().map_err(busy)?;
        let this = self.clone();
        tokio::spawn(async move {
            let messages = this.answer(question).await;
            this.delivery.send(messages);
            drop(room);
        });
        Ok(())
    }

    async fn answer(&self, question: Question) -> Vec<Message> {
        let configuration = self.current.get();
        match question {
            Question::FindParty(inbound, party, currency) => {
                self.find_party(&configuration, &inbound, &party, currency).await
            }
            Question::FindFsp(inbound, party, currency) => {
                vec![self.find_fsp(&configuration, &inbound, &party, currency).await]
            }
            Question::AnswerParty(inbound, party, failed) => {
                let pass = |asker: &FspId, now| lookup::answer(&inbound, &party, asker, failed, now);
                vec![self.pass_answer(&configuration, &inbound, Resource::Parties, &party, pass)]
            }
            Question::AnswerFsp(inbound, party, failed) => {
                let pass = |asker: &FspId, now| lookup::answer_fsp(&inbound, &party, asker, failed, now);
                vec![self.pass_answer(&configuration, &inbound, Resource::Participants, &party, pass)]
            }
            Question::RegisterParty(inbound, party, fsp, currency) => {
                vec![self.register(&configuration, &inbound, &party, &fsp, currency).await]
            }
            Question::GetTransfer(inbound, id) => match self.store.transfer(id).await {
                Ok(known) => {
                    let now = self.clock.now();
                    vec![switch::answer_transfer_get(&configuration, now, &inbound, id, known.as_ref())]
                }
                Err(error) => unanswered(&error),
            },
            Question::GetQuote(inbound, id) => match self.store.quote(id).await {
                Ok(known) => vec![self.ask_about_quote(&configuration, &inbound, id, known.as_ref())],
                Err(error) => unanswered(&error),
            },
        }
    }

    async fn find_party(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Vec<Message> {
        let now = self.clock.now();
        let serving = match &inbound.destination {
            Some(named) => known(configuration, vec![named.clone()]),
            None => self.serving(configuration, party, currency).await,
        };
        match serving {
            Ok(fsps) => fsps.iter().map(|fsp| lookup::ask(inbound, party, fsp, now)).collect(),
            Err(error) => vec![lookup::refuse(configuration, inbound, Resource::Parties, party, &error, now)],
        }
    }

    async fn find_fsp(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Message {
        let now = self.clock.now();
        match self.serving(configuration, party, currency).await {
            Ok(fsps) => lookup::served_by(configuration, inbound, party, &fsps[0], now),
            Err(error) => lookup::refuse(configuration, inbound, Resource::Participants, party, &error, now),
        }
    }

    fn pass_answer(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        resource: Resource,
        party: &PartyId,
        pass: impl FnOnce(&FspId, Timestamp) -> Message,
    ) -> Message {
        let now = self.clock.now();
        let asker = inbound.destination.clone().into_iter().collect();
        match known(configuration, asker) {
            Ok(asker) => pass(&asker[0], now),
            Err(error) => lookup::refuse(configuration, inbound, resource, party, &error, now),
        }
    }

    async fn register(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        party: &PartyId,
        fsp: &FspId,
        currency: Option<Currency>,
    ) -> Message {
        let entered =
            match (lookup::may_register(configuration, inbound, fsp), self.oracle(configuration, party, currency)) {
                (Ok(()), Some(oracle)) => oracle::register(&self.client, oracle, party, fsp, currency).await,
                (Ok(()), None) => {
                    Err(FspiopError::new(ErrorCode::AddPartyInformationError, "the oracle was taken away"))
                }
                (Err(error), _) => Err(error),
            };
        let now = self.clock.now();
        match entered {
            Ok(()) => lookup::served_by(configuration, inbound, party, fsp, now),
            Err(error) => lookup::refuse(configuration, inbound, Resource::Participants, party, &error, now),
        }
    }

    fn ask_about_quote(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        id: QuoteId,
        known: Option<&switch::Quote>,
    ) -> Message {
        let now = self.clock.now();
        let payee = known.and_then(|quote| configuration.registry.participant(quote.payee));
        match payee {
            Some(payee) => {
                let give_up_at = now.plus_millis(QUESTION_MS);
                relay(inbound, &payee.name, EndpointType::Quotes, Subject::Quote(id), now, give_up_at)
            }
            None => switch::quote_not_found(configuration, now, inbound, id),
        }
    }

    /// The FSPs that serve a party: from the oracle for its type, else from the built-in directory. At least one.
    async fn serving(
        &self,
        configuration: &Configuration,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Result<Vec<FspId>, FspiopError> {
        let mut fsps = match self.oracle(configuration, party, currency) {
            Some(oracle) => oracle::ask(&self.client, oracle, party, currency).await?,
            None => {
                let entries = self.store.party(party.clone(), currency).await.map_err(|error| {
                    tracing::error!(%error, "the built-in directory can't be read");
                    FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable)
                })?;
                let name = |entry: &switch::PartyEntry| configuration.registry.participant(entry.participant);
                entries.iter().filter_map(name).map(|participant| participant.name.clone()).collect()
            }
        };
        let mut seen = HashSet::new();
        fsps.retain(|fsp| seen.insert(fsp.clone()));
        fsps.truncate(FSPS_PER_PARTY);
        if fsps.is_empty() {
            return Err(lookup::not_found());
        }
        known(configuration, fsps)
    }

    fn oracle<'a>(
        &self,
        configuration: &'a Configuration,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Option<&'a switch::Oracle> {
        configuration.routing.oracle_for(party.kind, currency)
    }

    fn knows(&self, fsp: &FspId) -> bool {
        self.current.get().registry.participant_named(fsp.as_str()).is_some()
    }

    fn has_oracle(&self, party: &PartyId, currency: Option<Currency>) -> bool {
        self.oracle(&self.current.get(), party, currency).is_some()
    }
}

/// Leaves only participants of the scheme; an error if none is left.
fn known(configuration: &Configuration, mut fsps: Vec<FspId>) -> Result<Vec<FspId>, FspiopError> {
    let first = fsps.first().cloned();
    fsps.retain(|fsp| configuration.registry.participant_named(fsp.as_str()).is_some());
    match (fsps.is_empty(), first) {
        (false, _) => Ok(fsps),
        (true, Some(stranger)) => {
            Err(FspiopError::new(ErrorCode::DestinationFspError, format!("Unsupported participant '{stranger}'")))
        }
        (true, None) => Err(lookup::not_found()),
    }
}

fn unanswered(error: &store::StoreError) -> Vec<Message> {
    tracing::error!(%error, "a question could not be answered; its sender will ask again");
    Vec::new()
}
