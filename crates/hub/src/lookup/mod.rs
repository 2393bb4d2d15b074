//! Questions: which FSP serves a party, who is it, what became of a transfer or a quote. They change nothing, so nothing of
//! them is stored; whoever loses an answer asks again. And registrations of parties, which the built-in directory stores, or
//! an oracle.
//!
//! An answer about a party is passed on to the FSP that it names, whether or not that FSP has asked: upstream does so, and
//! an FSP that gets one for which it does not wait throws it away. So questions need not be remembered.

mod breaker;
mod cache;
mod oracle;
mod registration;

use std::{collections::HashSet, sync::Arc};

use fspiop::{Currency, ErrorCode, FspId, FspiopError, PartyId, QuoteId, Resource, Timestamp, TransferId};
use store::{Clock, Store};
use switch::{Configuration, EndpointType, Inbound, Message, PartyEntry, Subject, lookup, relay, request_to_pay};
use tokio::{sync::Semaphore, time::Instant};

use self::cache::{Cache, Key};
pub(crate) use self::oracle::Oracles;
use crate::{committer::Committer, current::Current, delivery::DeliveryHandle, edge::Question};

/// Questions that are being answered at the same time; beyond them the hub says that it is busy.
const AT_A_TIME: usize = 2_000;
/// Of them bulk registrations that wait for oracles: each may hold a body of the largest size.
const BULKS_AT_A_TIME: usize = 16;
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
    pub(crate) oracles: Oracles,
    pub(crate) cache: Arc<Cache>,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) bulks: Arc<Semaphore>,
}

impl Lookup {
    /// Room for as many questions as are answered at a time.
    pub(crate) fn room() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(AT_A_TIME))
    }

    /// Room for as many bulk registrations as wait for oracles at a time.
    pub(crate) fn room_for_bulks() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(BULKS_AT_A_TIME))
    }

    /// Nothing is known yet of who serves whom.
    pub(crate) fn cache() -> Arc<Cache> {
        Arc::new(Cache::new())
    }

    /// A party may be served by others from now on.
    pub(crate) fn forget(&self, party: &PartyId) {
        self.cache.forget(party);
    }

    /// Takes a question over; its answer goes out as a callback. What the hub itself keeps of it is durable when this
    /// returns.
    pub(crate) async fn take(&self, question: Question, weight: usize) -> Result<(), FspiopError> {
        if let Some(inbound) = of_participants(&question)
            && !self.knows(&inbound.source)
            && !self.knows_by_now(&inbound.source).await
        {
            tracing::warn!(source = %inbound.source, path = %inbound.path, "a stranger's request comes to nothing");
            return Ok(());
        }
        match question {
            Question::RegisterParty(inbound, party, fsp, currency) if !self.has_oracle(&party, currency) => {
                self.enter(inbound, party, fsp, currency, weight).await
            }
            Question::RemoveParty(inbound, party, currency) if !self.has_oracle(&party, currency) => {
                self.take_out(inbound, party, currency, weight).await
            }
            Question::RegisterParties(inbound, mut bulk) => {
                let sorted = self.sort(&inbound, &mut bulk);
                if sorted.is_built_in() {
                    return self.enter_many(inbound, &bulk, sorted, weight).await;
                }
                let bulks = self.bulks.clone().try_acquire_owned().map_err(|_| busy())?;
                self.spawn(|this| async move {
                    let _bulks = bulks;
                    this.enter_many_elsewhere(inbound, bulk, sorted, weight).await
                })
            }
            other => self.spawn(|this| async move { this.answer(other).await }),
        }
    }

    /// Sends the messages of an answer when they are known.
    fn spawn<F>(&self, answer: impl FnOnce(Lookup) -> F) -> Result<(), FspiopError>
    where
        F: Future<Output = Vec<Message>> + Send + 'static,
    {
        let room = self.room.clone().try_acquire_owned().map_err(|_| busy())?;
        let (answer, delivery) = (answer(self.clone()), self.delivery.clone());
        tokio::spawn(async move {
            // A callback that overtakes the answer to its request confuses senders.
            tokio::task::yield_now().await;
            delivery.send(answer.await);
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
                let refuse = |error: &FspiopError, now| {
                    lookup::refuse(&configuration, &inbound, Resource::Parties, &party, error, now)
                };
                vec![self.pass_answer(&configuration, &inbound, pass, refuse)]
            }
            Question::AnswerFsp(inbound, party, failed) => {
                let pass = |asker: &FspId, now| lookup::answer_fsp(&inbound, &party, asker, failed, now);
                let refuse = |error: &FspiopError, now| {
                    lookup::refuse(&configuration, &inbound, Resource::Participants, &party, error, now)
                };
                vec![self.pass_answer(&configuration, &inbound, pass, refuse)]
            }
            Question::AnswerRegistration(inbound, id, failed) => {
                let pass = |asker: &FspId, now| lookup::answer_bulk(&inbound, id, asker, failed, now);
                let refuse = |error: &FspiopError, now| lookup::refuse_bulk(&configuration, &inbound, id, error, now);
                vec![self.pass_answer(&configuration, &inbound, pass, refuse)]
            }
            Question::RegisterParty(inbound, party, fsp, currency) => {
                vec![self.register(&configuration, &inbound, &party, &fsp, currency).await]
            }
            Question::RemoveParty(inbound, party, currency) => {
                vec![self.remove(&configuration, &inbound, &party, currency).await]
            }
            // It never gets here: it has messages of its own.
            Question::RegisterParties(..) => Vec::new(),
            Question::GetTransfer(inbound, id) => self.transfer_state(&configuration, &inbound, id).await,
            Question::Interim(inbound, id) => match self.store.transfer(id).await {
                Ok(known) => {
                    let now = self.clock.now();
                    switch::answer_interim(&configuration, now, &inbound, id, known.as_ref()).into_iter().collect()
                }
                Err(error) => unanswered(&error),
            },
            Question::Pass(inbound, resource, id) => {
                let now = self.clock.now();
                request_to_pay::pass(&configuration, now, &inbound, resource, &id).into_iter().collect()
            }
            Question::GetQuote(inbound, id) => match self.store.quote(id).await {
                Ok(known) => vec![self.ask_about_quote(&configuration, &inbound, id, known.as_ref())],
                Err(error) => unanswered(&error),
            },
        }
    }

    /// What became of a transfer, or of a movement of funds: their ids share one space.
    async fn transfer_state(&self, configuration: &Configuration, inbound: &Inbound, id: TransferId) -> Vec<Message> {
        let known = match self.store.transfer(id).await {
            Ok(known) => known,
            Err(error) => return unanswered(&error),
        };
        if known.is_none() {
            match self.store.story(id).await {
                Ok(store::Story { funds: Some(funds), .. }) => {
                    return vec![switch::answer_funds_get(configuration, self.clock.now(), inbound, &funds)];
                }
                Ok(_) => {}
                Err(error) => return unanswered(&error),
            }
        }
        vec![switch::answer_transfer_get(configuration, self.clock.now(), inbound, id, known.as_ref())]
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
            Some(named) => Ok(vec![named.clone()]),
            None => self.serving(configuration, party, currency).await,
        };
        // It may be newer now.
        let configuration = &self.current.get();
        match serving.and_then(|fsps| known(configuration, of_this_scheme(configuration, fsps))) {
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
        let serving = self.serving(configuration, party, currency).await;
        // It may be newer now.
        let configuration = &self.current.get();
        match serving.and_then(|fsps| known(configuration, fsps)) {
            Ok(fsps) => lookup::served_by(configuration, inbound, party, &fsps[0], now),
            Err(error) => lookup::refuse(configuration, inbound, Resource::Participants, party, &error, now),
        }
    }

    /// An answer goes to the FSP that it names; that nobody is named is upstream's 3201 to its sender.
    fn pass_answer(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        pass: impl FnOnce(&FspId, Timestamp) -> Message,
        refuse: impl FnOnce(&FspiopError, Timestamp) -> Message,
    ) -> Message {
        let now = self.clock.now();
        let Some(asker) = inbound.destination.clone() else {
            return refuse(&FspiopError::plain(ErrorCode::DestinationFspError), now);
        };
        match known(configuration, vec![asker]) {
            Ok(asker) => pass(&asker[0], now),
            Err(error) => refuse(&error, now),
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

    /// The FSPs that serve a party: from the oracle for its type, else from the built-in directory.
    async fn serving(
        &self,
        configuration: &Configuration,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Result<Vec<FspId>, FspiopError> {
        let oracle = configuration.routing.oracle_for(party.kind, currency);
        let key = Key { party: party.clone(), oracle: oracle.map(|oracle| oracle.id), currency };
        match self.cache.fresh(&key, Instant::now()) {
            Some(fsps) => Ok(fsps),
            None => self.ask(configuration, oracle, key).await,
        }
    }

    /// Asks, and keeps the answer. While nobody answers, the last answer goes on to be given.
    async fn ask(
        &self,
        configuration: &Configuration,
        oracle: Option<&switch::Oracle>,
        key: Key,
    ) -> Result<Vec<FspId>, FspiopError> {
        let asking = self.cache.asking();
        let answer = match oracle {
            Some(oracle) => self.oracles.ask(oracle, &key.party, key.currency).await,
            None => match self.entries(&key.party, key.currency).await {
                Ok(entries) => self.names(configuration, &entries).await,
                Err(error) => Err(error),
            },
        };
        match answer {
            Ok(mut fsps) => {
                let mut seen = HashSet::new();
                fsps.retain(|fsp| seen.insert(fsp.clone()));
                fsps.truncate(FSPS_PER_PARTY);
                self.cache.keep(key, &fsps, asking, Instant::now());
                Ok(fsps)
            }
            Err(error) => self.cache.kept_for_trouble(&key, Instant::now()).ok_or(error),
        }
    }

    async fn entries(&self, party: &PartyId, currency: Option<Currency>) -> Result<Vec<PartyEntry>, FspiopError> {
        self.store.party(party.clone(), currency).await.map_err(|error| {
            tracing::error!(%error, "the built-in directory can't be read");
            FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable)
        })
    }

    /// The names of those who serve a party. One that is not known was registered at another node just now: then it is read
    /// what that node has made known, before it is said, and kept, that nobody serves the party.
    async fn names(&self, configuration: &Configuration, entries: &[PartyEntry]) -> Result<Vec<FspId>, FspiopError> {
        let is_known = |entry: &PartyEntry| configuration.registry.participant(entry.participant).is_some();
        if entries.iter().all(is_known) {
            return Ok(names(configuration, entries));
        }
        self.catch_up().await.map_err(|error| {
            tracing::error!(%error, "the configuration can't be read");
            FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable)
        })?;
        Ok(names(&self.current.get(), entries))
    }

    /// Takes over what other nodes have made known, sooner than it would be by itself.
    async fn catch_up(&self) -> Result<(), store::StoreError> {
        self.current.set(self.store.configuration().await?);
        Ok(())
    }

    async fn knows_by_now(&self, fsp: &FspId) -> bool {
        self.catch_up().await.is_ok() && self.knows(fsp)
    }

    fn knows(&self, fsp: &FspId) -> bool {
        self.current.get().registry.participant_named(fsp.as_str()).is_some()
    }

    fn has_oracle(&self, party: &PartyId, currency: Option<Currency>) -> bool {
        self.current.get().routing.oracle_for(party.kind, currency).is_some()
    }
}

/// The message of a registration, or of an answer to one: these are taken from strangers, too, as upstream takes them.
fn of_participants(question: &Question) -> Option<&Inbound> {
    match question {
        Question::FindFsp(inbound, ..)
        | Question::AnswerFsp(inbound, ..)
        | Question::RegisterParty(inbound, ..)
        | Question::RegisterParties(inbound, ..)
        | Question::AnswerRegistration(inbound, ..)
        | Question::RemoveParty(inbound, ..) => Some(inbound),
        _ => None,
    }
}

fn busy() -> FspiopError {
    FspiopError::new(ErrorCode::ServerBusy, "too many questions are waiting")
}

/// The names of those who serve a party.
fn names(configuration: &Configuration, entries: &[PartyEntry]) -> Vec<FspId> {
    let named = |entry: &PartyEntry| configuration.registry.participant(entry.participant);
    entries.iter().filter_map(named).map(|participant| participant.name.clone()).collect()
}

/// Leaves only FSPs that the scheme has. That a party of another scheme is not found is what upstream says of it.
fn of_this_scheme(configuration: &Configuration, mut fsps: Vec<FspId>) -> Vec<FspId> {
    fsps.retain(|fsp| configuration.registry.participant_named(fsp.as_str()).is_some());
    fsps
}

/// Leaves only FSPs that take part in the scheme; an error if none is left. One that was switched off counts as unknown, as
/// upstream's quoting service has it.
fn known(configuration: &Configuration, mut fsps: Vec<FspId>) -> Result<Vec<FspId>, FspiopError> {
    let Some(first) = fsps.first().cloned() else { return Err(lookup::not_found()) };
    let takes_part = |fsp: &FspId| {
        let found = configuration.registry.participant_named(fsp.as_str());
        found.is_some_and(|participant| participant.active && participant.name != configuration.hub_name())
    };
    fsps.retain(takes_part);
    if fsps.is_empty() {
        let detail = format!("Unsupported participant '{first}'");
        return Err(FspiopError::new(ErrorCode::DestinationFspError, detail));
    }
    Ok(fsps)
}

fn unanswered(error: &store::StoreError) -> Vec<Message> {
    tracing::error!(%error, "a question could not be answered; its sender will ask again");
    Vec::new()
}
