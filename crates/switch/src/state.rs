//! The working set of one batch, and the batch itself.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fspiop::{PartyId, QuoteId, Timestamp, TransferId};
use ledger::{AccountId, AccountType, Ledger, ParticipantId, Registry};

use crate::{
    Administration, BulkFate, Command, Configuration, Delivery, DeliveryResult, EndpointType, JwsKeyId, Message,
    MessageId, OracleId, Outcome, PartyChange, PartyEntry, Quote, Routing, administration, agreement, clearing, lookup,
    undeliverable,
};

/// What a batch names, so that a store can load it.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Transfers.
    pub transfers: BTreeSet<TransferId>,
    /// Quotes.
    pub quotes: BTreeSet<QuoteId>,
    /// Movements of funds; their ids share one space with those of transfers.
    pub funds: BTreeSet<TransferId>,
    /// Parties of the built-in directory.
    pub parties: BTreeSet<PartyId>,
}

impl Keys {
    /// Everything that these commands name.
    pub fn of(commands: &[Command]) -> Keys {
        let mut keys = Keys::default();
        for command in commands {
            keys.add(command);
        }
        keys
    }

    fn add(&mut self, command: &Command) {
        match command {
            Command::Prepare { prepare, .. } => {
                self.transfers.insert(prepare.transfer_id);
                self.funds.insert(prepare.transfer_id);
            }
            Command::Fulfil { fulfil, .. } => drop(self.transfers.insert(fulfil.transfer_id)),
            Command::Abort { abort, .. } => drop(self.transfers.insert(abort.transfer_id)),
            Command::Expire(id) => drop(self.transfers.insert(*id)),
            Command::RequestQuote { quote_id, .. } | Command::AnswerQuote { quote_id, .. } => {
                self.quotes.insert(*quote_id);
            }
            Command::Administer(Administration::RecordFundsIn(funds) | Administration::ReserveFundsOut(funds)) => {
                self.funds.insert(funds.id);
                self.transfers.insert(funds.id);
            }
            Command::Administer(Administration::EndFundsOut(end)) => drop(self.funds.insert(end.id)),
            Command::Deliveries(deliveries) => {
                for delivery in deliveries {
                    if let DeliveryResult::GaveUp { message, .. } = &delivery.result
                        && let crate::Subject::Quote(id) = message.subject
                    {
                        self.quotes.insert(id);
                    }
                }
            }
            Command::RegisterParty { party, .. }
            | Command::RemoveParty { party, .. }
            | Command::Administer(Administration::EnterParty(party, ..) | Administration::RemoveParty(party, ..)) => {
                self.parties.insert(party.clone());
            }
            Command::RegisterParties { parties, .. } => {
                self.parties.extend(parties.iter().filter_map(|bulk| match &bulk.fate {
                    BulkFate::Enter(party) => Some(party.clone()),
                    BulkFate::Taken | BulkFate::Refused(_) => None,
                }));
            }
            Command::Administer(_) => {}
        }
    }
}

/// What a batch changed beside the ledger.
#[derive(Debug, Default)]
pub struct Changes {
    /// Endpoints added or altered.
    pub endpoints: BTreeSet<(ParticipantId, EndpointType)>,
    /// Oracles added or altered, those included that were taken away.
    pub oracles: BTreeSet<OracleId>,
    /// Public keys added or altered.
    pub jws_keys: BTreeSet<(ParticipantId, JwsKeyId)>,
    /// ILP packets of transfers that were reserved.
    pub ilp_packets: BTreeMap<TransferId, Box<str>>,
    /// Quotes added or altered.
    pub quotes: BTreeSet<QuoteId>,
    /// Changes of the built-in directory, in order.
    pub parties: Vec<PartyChange>,
    /// The outbox: messages to be sent once the batch is durable, in order.
    pub messages: Vec<Message>,
    /// Messages that are done with.
    pub deliveries: Vec<Delivery>,
}

/// The working set of one batch: the configuration, and everything that [`Keys`] names and [`State::accounts`] asks for.
#[derive(Debug)]
pub struct State {
    /// The money.
    pub ledger: Ledger,
    pub(crate) routing: Arc<Routing>,
    pub(crate) quotes: HashMap<QuoteId, Quote>,
    used_quotes: HashSet<QuoteId>,
    parties: HashMap<PartyId, Vec<PartyEntry>>,
    pub(crate) changes: Changes,
    pub(crate) now: Timestamp,
    next_message: i64,
    version: i64,
}

impl State {
    /// A working set with nothing loaded but the configuration. `next_message` is the first free message number.
    pub fn new(configuration: &Configuration, now: Timestamp, next_message: MessageId) -> State {
        State {
            ledger: Ledger::new(configuration.registry.clone()),
            routing: configuration.routing.clone(),
            quotes: HashMap::new(),
            used_quotes: HashSet::new(),
            parties: HashMap::new(),
            changes: Changes::default(),
            now,
            next_message: next_message.0,
            version: configuration.version,
        }
    }

    /// Puts a stored quote into the working set.
    pub fn load_quote(&mut self, quote: Quote) {
        self.quotes.insert(quote.id, quote);
    }

    /// Says that a quote's id was used, though the quote may have been archived: no new one gets it.
    pub fn load_used_quote(&mut self, id: QuoteId) {
        self.used_quotes.insert(id);
    }

    /// Puts a stored entry of the built-in directory into the working set.
    pub fn load_party(&mut self, entry: PartyEntry) {
        self.parties.entry(entry.party.clone()).or_default().push(entry);
    }

    /// The accounts whose balances the commands can touch, in the order in which they must be locked. To be called when
    /// the transfers are loaded. Accounts that the batch itself creates are not among them: they start at zero.
    pub fn accounts(&self, commands: &[Command]) -> BTreeSet<AccountId> {
        let mut accounts = BTreeSet::new();
        for command in commands {
            match command {
                Command::Prepare { prepare, .. } => {
                    let id =
                        |name: &fspiop::FspId| self.registry().participant_named(name.as_str()).map(|known| known.id);
                    let (payer, payee) = (id(&prepare.payer), id(&prepare.payee));
                    accounts.extend(Ledger::accounts_touched(self.registry(), payer, payee, prepare.currency));
                }
                Command::Fulfil { fulfil, .. } => self.add_transfer_accounts(fulfil.transfer_id, &mut accounts),
                Command::Abort { abort, .. } => self.add_transfer_accounts(abort.transfer_id, &mut accounts),
                Command::Expire(id) => self.add_transfer_accounts(*id, &mut accounts),
                Command::Administer(Administration::RecordFundsIn(funds) | Administration::ReserveFundsOut(funds)) => {
                    accounts.extend(self.funds_accounts(funds.account));
                }
                Command::Administer(Administration::EndFundsOut(end)) => {
                    accounts.extend(self.funds_accounts(end.account));
                }
                _ => {}
            }
        }
        accounts
    }

    /// The configuration as the batch has left it so far.
    pub fn configuration(&self) -> Configuration {
        // Until the batch is written it is the next version; one that changes nothing is not written.
        let version = self.version + i64::from(self.touches_configuration());
        Configuration { registry: self.ledger.registry().clone(), routing: self.routing.clone(), version }
    }

    /// A quote of the working set.
    pub fn quote(&self, id: QuoteId) -> Option<&Quote> {
        self.quotes.get(&id)
    }

    /// Whether a quote of this id was archived.
    pub(crate) fn is_archived(&self, id: QuoteId) -> bool {
        self.used_quotes.contains(&id) && !self.quotes.contains_key(&id)
    }

    /// Endpoints and oracles as the batch has left them so far.
    pub fn routing(&self) -> &Routing {
        &self.routing
    }

    /// What the batch has changed beside the ledger.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Whether participants, accounts, endpoints or oracles changed.
    pub fn touches_configuration(&self) -> bool {
        let changes = &self.changes;
        self.ledger.changes().touches_registry()
            || !(changes.endpoints.is_empty() && changes.oracles.is_empty() && changes.jws_keys.is_empty())
    }

    /// The messages to be sent, once the batch is durable.
    pub fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.changes.messages)
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.ledger.registry()
    }

    /// Puts a message into the outbox, under the next number.
    pub(crate) fn send(&mut self, mut message: Message) {
        message.id = MessageId(self.next_message);
        self.next_message += 1;
        self.changes.messages.push(message);
    }

    pub(crate) fn save_quote(&mut self, quote: Quote) {
        self.changes.quotes.insert(quote.id);
        self.quotes.insert(quote.id, quote);
    }

    /// Who serves a party, as the batch has left it so far.
    pub(crate) fn serving(&self, party: &PartyId) -> &[PartyEntry] {
        self.parties.get(party).map(Vec::as_slice).unwrap_or_default()
    }

    /// Changes the built-in directory.
    pub(crate) fn change_party(&mut self, change: PartyChange) {
        let (PartyChange::Put(entry) | PartyChange::Remove(entry)) = &change;
        change.apply(self.parties.entry(entry.party.clone()).or_default());
        self.changes.parties.push(change);
    }

    fn add_transfer_accounts(&self, id: TransferId, accounts: &mut BTreeSet<AccountId>) {
        if let Some(transfer) = self.ledger.transfer(id) {
            let (payer, payee) = (Some(transfer.payer), transfer.payee);
            accounts.extend(Ledger::accounts_touched(self.registry(), payer, payee, transfer.currency));
        }
    }

    fn funds_accounts(&self, account: AccountId) -> impl Iterator<Item = AccountId> {
        let registry = self.registry();
        let found = registry.account(account);
        let of = |owner, kind| found.and_then(|found| registry.account_of(owner, found.currency, kind));
        let reconciliation = of(ParticipantId::HUB, AccountType::HubReconciliation);
        // A payment out leaves what secures the position.
        let position = found.and_then(|found| of(found.participant, AccountType::Position));
        [Some(account), reconciliation.map(|found| found.id), position.map(|found| found.id)].into_iter().flatten()
    }
}

/// Decides a batch: an outcome for each command, in order. Each command sees what those before it did.
///
/// A prepare and its fulfil may stand in one batch: what `accounts` did not foresee of a transfer that the batch itself
/// prepared was foreseen for its prepare.
pub fn decide(state: &mut State, commands: &[Command]) -> Vec<Outcome> {
    commands.iter().map(|command| decide_one(state, command)).collect()
}

fn decide_one(state: &mut State, command: &Command) -> Outcome {
    match command {
        Command::Prepare { inbound, prepare, ilp_packet } => clearing::prepare(state, inbound, prepare, ilp_packet),
        Command::Fulfil { inbound, fulfil, notify } => clearing::fulfil(state, inbound, fulfil, *notify),
        Command::Abort { inbound, abort } => clearing::abort(state, inbound, abort),
        Command::Expire(id) => clearing::expire(state, *id),
        Command::RequestQuote { inbound, quote_id, payee, needs, hash } => {
            agreement::request(state, inbound, *quote_id, payee, needs, *hash);
        }
        Command::AnswerQuote { inbound, quote_id, needs, hash, failed } => {
            agreement::answer(state, inbound, *quote_id, needs, *hash, *failed);
        }
        Command::RegisterParty { inbound, party, fsp, currency } => {
            lookup::register(state, inbound, party, fsp, *currency);
        }
        Command::RegisterParties { inbound, request_id, parties, currency } => {
            lookup::register_many(state, inbound, *request_id, parties, *currency);
        }
        Command::RemoveParty { inbound, party, currency } => lookup::remove(state, inbound, party, *currency),
        Command::Administer(administration) => {
            return Outcome::Administered(administration::administer(state, administration));
        }
        Command::Deliveries(deliveries) => deliveries.iter().for_each(|delivery| settle_delivery(state, delivery)),
    }
    Outcome::Accepted
}

fn settle_delivery(state: &mut State, delivery: &Delivery) {
    state.changes.deliveries.push(delivery.clone());
    if let DeliveryResult::GaveUp { message, refused, .. } = &delivery.result
        && let Some(error) = undeliverable(&state.configuration(), state.now, message, *refused)
    {
        agreement::forget_undeliverable(state, message);
        state.send(error);
    }
}
