//! Who serves which party from now on, or no longer: in the built-in directory, or passed on to the oracle for the type.
//!
//! An FSP enters and takes out only parties of its own. Operators do both for anybody, through the oracle admin API.

use std::collections::BTreeMap;

use fspiop::{BulkRegistration, Currency, ErrorCode, FspId, FspiopError, PartyId, RegisteredParty, Resource};
use http::Method;
use switch::{BulkFate, BulkParty, Command, Configuration, Inbound, Message, OracleId, lookup};

use super::{Lookup, oracle::BULK_PARTIES};

/// A bulk registration, with what must be asked of oracles.
pub(super) struct Sorted {
    parties: Vec<BulkParty>,
    /// For each oracle the parties that it keeps, by their places in the list.
    elsewhere: BTreeMap<OracleId, Vec<(usize, PartyId)>>,
}

impl Sorted {
    /// Whether the built-in directory keeps all of it.
    pub(super) fn is_built_in(&self) -> bool {
        self.elsewhere.is_empty()
    }
}

impl Lookup {
    /// Enters a party into the built-in directory.
    pub(super) async fn enter(
        &self,
        inbound: Inbound,
        party: PartyId,
        fsp: FspId,
        currency: Option<Currency>,
        weight: usize,
    ) -> Result<(), FspiopError> {
        let command = Command::RegisterParty { inbound, party: party.clone(), fsp, currency };
        let entered = self.committer.commit(command, weight).await;
        // Even if it was refused: it may be durable all the same.
        self.cache.forget(&party);
        entered.map(drop)
    }

    /// Takes a party out of the built-in directory. Durable when this returns.
    pub(super) async fn take_out(
        &self,
        inbound: Inbound,
        party: PartyId,
        currency: Option<Currency>,
        weight: usize,
    ) -> Result<(), FspiopError> {
        let configuration = self.current.get();
        let mut entries = self.entries(&party, currency).await?;
        // An order that names a currency does not take out what is for any.
        entries.retain(|entry| currency.is_none() || entry.currency == currency);
        if let Err(error) = lookup::may_remove(&inbound, &super::names(&configuration, &entries)) {
            self.delivery.send(vec![self.refuse_participants(&configuration, &inbound, &party, &error)]);
            return Ok(());
        }
        let command = Command::RemoveParty { inbound, party: party.clone(), currency };
        let removed = self.committer.commit(command, weight).await;
        self.cache.forget(&party);
        removed.map(drop)
    }

    /// Passes a registration on to the oracle.
    pub(super) async fn register(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        party: &PartyId,
        fsp: &FspId,
        currency: Option<Currency>,
    ) -> Message {
        let method = if inbound.method == switch::Method::Put { Method::PUT } else { Method::POST };
        let oracle = configuration.routing.oracle_for(party.kind, currency);
        let entered = match (lookup::may_register(configuration, inbound, fsp), oracle) {
            (Ok(()), Some(oracle)) => self.oracles.register(oracle, method, party, fsp, currency).await,
            (Ok(()), None) => Err(taken_away(ErrorCode::AddPartyInformationError)),
            (Err(error), _) => Err(error),
        };
        self.cache.forget(party);
        match entered {
            Ok(()) => lookup::registered(configuration, inbound, party, fsp, currency, self.clock.now()),
            Err(error) => self.refuse_participants(configuration, inbound, party, &error),
        }
    }

    /// Passes a deletion on to the oracle, if it names the sender for the party.
    pub(super) async fn remove(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Message {
        let removed = match configuration.routing.oracle_for(party.kind, currency) {
            Some(oracle) => match self.oracles.ask(oracle, party, currency).await {
                Ok(serving) => match lookup::may_remove(inbound, &serving) {
                    Ok(()) => self.oracles.remove(oracle, party, currency).await,
                    refused => refused,
                },
                Err(error) => Err(error),
            },
            None => Err(taken_away(ErrorCode::DeletePartyInformationError)),
        };
        self.cache.forget(party);
        match removed {
            Ok(()) => lookup::served_by(configuration, inbound, party, &inbound.source, self.clock.now()),
            Err(error) => self.refuse_participants(configuration, inbound, party, &error),
        }
    }

    /// Sorts a bulk's parties by who is to keep them. Refused are those of other FSPs (3204, as upstream has it) and those
    /// that can't be; a party without an FSP is the sender's.
    pub(super) fn sort(&self, inbound: &Inbound, bulk: &mut BulkRegistration) -> Sorted {
        let configuration = self.current.get();
        let mut elsewhere = BTreeMap::<_, Vec<_>>::new();
        let mut parties = Vec::with_capacity(bulk.parties.len());
        for (place, named) in std::mem::take(&mut bulk.parties).into_iter().enumerate() {
            let fate = match read(inbound, &named) {
                Ok(party) => match configuration.routing.oracle_for(party.kind, bulk.currency) {
                    Some(oracle) => {
                        elsewhere.entry(oracle.id).or_default().push((place, party));
                        BulkFate::Refused(FspiopError::plain(ErrorCode::AddPartyInformationError))
                    }
                    None => BulkFate::Enter(party),
                },
                Err(error) => BulkFate::Refused(error),
            };
            parties.push(BulkParty { named, fate });
        }
        Sorted { parties, elsewhere }
    }

    /// Enters a bulk: what oracles keep first, then the rest together with the answer to the sender.
    pub(super) async fn enter_many(
        &self,
        inbound: Inbound,
        bulk: &BulkRegistration,
        sorted: Sorted,
        weight: usize,
    ) -> Result<(), FspiopError> {
        let Sorted { mut parties, elsewhere } = sorted;
        let configuration = self.current.get();
        for (id, kept) in elsewhere {
            // One that was taken away meanwhile keeps nothing: what it would have kept stays refused.
            let Some(oracle) = configuration.routing.oracle(id) else { continue };
            for some in kept.chunks(BULK_PARTIES) {
                let names: Vec<_> = some.iter().map(|(_, party)| party.clone()).collect();
                let (source, currency) = (&inbound.source, bulk.currency);
                let answer = self.oracles.register_many(oracle, bulk.request_id, &names, source, currency).await;
                let fates = answer.unwrap_or_else(|error| vec![Err(error); names.len()]);
                for ((place, party), fate) in some.iter().zip(fates) {
                    parties[*place].fate = fate.map_or_else(BulkFate::Refused, |()| BulkFate::Taken);
                    self.cache.forget(party);
                }
            }
        }
        let entered = |bulk: &BulkParty| match &bulk.fate {
            BulkFate::Enter(party) => Some(party.clone()),
            BulkFate::Taken | BulkFate::Refused(_) => None,
        };
        let built_in: Vec<_> = parties.iter().filter_map(entered).collect();
        let (request_id, currency) = (bulk.request_id, bulk.currency);
        let command = Command::RegisterParties { inbound, request_id, parties, currency };
        let entered = self.committer.commit(command, weight).await;
        built_in.iter().for_each(|party| self.cache.forget(party));
        entered.map(drop)
    }

    /// Enters a bulk of which oracles keep some. The sender was told that it is taken, so it is told if it fails.
    pub(super) async fn enter_many_elsewhere(
        &self,
        inbound: Inbound,
        bulk: BulkRegistration,
        sorted: Sorted,
        weight: usize,
    ) -> Vec<Message> {
        match self.enter_many(inbound.clone(), &bulk, sorted, weight).await {
            Ok(()) => Vec::new(),
            Err(error) => {
                let (configuration, now) = (self.current.get(), self.clock.now());
                vec![lookup::refuse_bulk(&configuration, &inbound, bulk.request_id, &error, now)]
            }
        }
    }

    fn refuse_participants(
        &self,
        configuration: &Configuration,
        inbound: &Inbound,
        party: &PartyId,
        error: &FspiopError,
    ) -> Message {
        lookup::refuse(configuration, inbound, Resource::Participants, party, error, self.clock.now())
    }
}

/// The party that is named, if the sender may enter it.
fn read(inbound: &Inbound, named: &RegisteredParty) -> Result<PartyId, FspiopError> {
    if named.fsp_id.as_ref().is_some_and(|fsp| *fsp != inbound.source) {
        return Err(FspiopError::new(ErrorCode::PartyNotFound, "FSPIOP-Source header should match fspId"));
    }
    Ok(PartyId::new(named.kind, &named.identifier, named.sub_id.as_deref())?)
}

fn taken_away(code: ErrorCode) -> FspiopError {
    FspiopError::new(code, "the oracle was taken away")
}
