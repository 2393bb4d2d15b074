//! One batch, one transaction.

use std::sync::{Arc, Mutex, PoisonError};

use fspiop::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use store::{Clock, Committed, StoreError};
use switch::{Command, Configuration, DeliveryResult, Keys, Message, MessageId, State};

use crate::{
    error,
    tables::{
        balance, configuration, entry, funds_movement, ilp_packet, meta, meta::Meta, outbox, party, quote,
        sent_message, transfer,
    },
};

/// The configuration as last committed, for all threads.
pub(crate) struct Current(Mutex<Arc<Configuration>>);

impl Current {
    /// Starts with this one.
    pub(crate) fn new(configuration: Configuration) -> Current {
        Current(Mutex::new(Arc::new(configuration)))
    }

    /// The present one.
    pub(crate) fn get(&self) -> Arc<Configuration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, configuration: Arc<Configuration>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = configuration;
    }
}

/// The writing side of the store; lives on its own thread.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) current: Arc<Current>,
    pub(crate) meta: Meta,
}

impl Writer {
    /// Decides a batch and makes it durable. Nothing in memory changes before the COMMIT has succeeded, so that after an
    /// error or a panic everything stands as before.
    pub(crate) fn commit(&mut self, commands: &[Command]) -> Result<Committed, StoreError> {
        let now = self.clock.now().max(self.meta.last_batch);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error::at_write)?;
        let mut state = State::new(&self.current.get(), now, self.meta.next_message);
        load(&transaction, &mut state, commands)?;
        let outcomes = switch::decide(&mut state, commands);
        let messages = state.take_messages();
        let next_message = messages.last().map_or(self.meta.next_message, |last| MessageId(last.id.0 + 1));
        let configuration = state.touches_configuration().then(|| Arc::new(state.configuration()));
        let version = configuration.as_ref().map(|changed| changed.version);
        let configuration_version = version.unwrap_or(self.meta.configuration_version);
        let meta = Meta { next_message, configuration_version, last_batch: now };
        write(&transaction, &state, &messages, now)?;
        meta::write(&transaction, meta)?;
        transaction.commit().map_err(error::at_write)?;
        self.meta = meta;
        if let Some(configuration) = &configuration {
            self.current.set(configuration.clone());
        }
        Ok(Committed { now, outcomes, messages, configuration })
    }
}

fn load(connection: &Connection, state: &mut State, commands: &[Command]) -> Result<(), StoreError> {
    let keys = Keys::of(commands);
    for id in keys.transfers {
        transfer::find(connection, id)?.into_iter().for_each(|transfer| state.ledger.load_transfer(transfer));
    }
    for id in keys.funds {
        funds_movement::find(connection, id)?.into_iter().for_each(|movement| state.ledger.load_funds(movement));
    }
    for id in keys.quotes {
        quote::find(connection, id)?.into_iter().for_each(|quote| state.load_quote(quote));
    }
    for party in keys.parties {
        party::find(connection, party, None)?.into_iter().for_each(|entry| state.load_party(entry));
    }
    for id in state.accounts(commands) {
        balance::find(connection, id)?.into_iter().for_each(|balance| state.ledger.load_balance(id, balance));
    }
    Ok(())
}

/// Writes in the order in which rows refer to each other.
fn write(transaction: &Transaction<'_>, state: &State, messages: &[Message], now: Timestamp) -> Result<(), StoreError> {
    configuration::write(transaction, state)?;
    write_ledger(transaction, state)?;
    for id in &state.changes().quotes {
        quote::write(transaction, state.quote(*id).expect("a changed quote is in the working set"))?;
    }
    for (id, packet) in &state.changes().ilp_packets {
        ilp_packet::write(transaction, *id, packet)?;
    }
    for change in &state.changes().parties {
        party::change(transaction, change)?;
    }
    for message in messages {
        outbox::write(transaction, message)?;
    }
    for delivery in &state.changes().deliveries {
        match &delivery.result {
            DeliveryResult::Failing { reason } => sent_message::failing(transaction, delivery, reason)?,
            DeliveryResult::Delivered => {
                sent_message::done(transaction, delivery, None)?;
                outbox::remove(transaction, delivery.message)?;
            }
            DeliveryResult::GaveUp { reason, .. } => {
                sent_message::done(transaction, delivery, Some(reason))?;
                outbox::abandon(transaction, delivery.message, reason, now)?;
            }
        }
    }
    Ok(())
}

fn write_ledger(transaction: &Transaction<'_>, state: &State) -> Result<(), StoreError> {
    let changes = state.ledger.changes();
    for id in &changes.balances {
        let balance = state.ledger.balance_of(*id).expect("a changed balance is in the working set");
        balance::write(transaction, *id, balance)?;
    }
    for id in &changes.transfers {
        let transfer = state.ledger.transfer(*id).expect("a changed transfer is in the working set");
        transfer::write(transaction, transfer)?;
    }
    for id in &changes.funds {
        let movement = state.ledger.funds(*id).expect("a changed movement is in the working set");
        funds_movement::write(transaction, movement)?;
    }
    changes.entries.iter().try_for_each(|entry| entry::write(transaction, entry))
}
