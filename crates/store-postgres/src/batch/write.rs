//! What a batch changed, written with one statement a table, and the COMMIT with them.

use std::{collections::HashMap, sync::Arc};

use fspiop::{QuoteId, TransferId};
use ledger::AccountId;
use switch::{Configuration, Message, MessageId};
use tokio::join;
use tokio_postgres::Error;

use super::{
    Writer,
    load::{Loaded, unforeseen},
    refused,
};
use crate::{
    error::{self, Failure},
    node,
    session::Session,
    tables::{
        balance, configuration, entry, funds_movement, identity, ilp_packet,
        outbox::{self, Addressed},
        party, quote, sent_message, transfer,
    },
    writes::{Writes, parameters},
};

/// Finds out what is to be written, with the messages that are this node's, and the configuration if it changed.
pub(super) async fn collect(
    writer: &Writer,
    session: &Session,
    loaded: &mut Loaded,
) -> Result<(Writes, Vec<Message>, Option<Arc<Configuration>>), Failure> {
    let mut writes = Writes::default();
    let state = &loaded.state;
    let changed = state.touches_configuration().then(|| Arc::new(state.configuration()));
    if let Some(configuration) = &changed {
        configuration::write(&mut writes, state, &loaded.before.registry, configuration.version);
    }
    write_ledger(&mut writes, loaded)?;
    write_switch(&mut writes, loaded);
    let messages = loaded.state.take_messages();
    let messages = assign(writer, session, loaded, messages).await?;
    if !messages.is_empty() {
        outbox::insert(&mut writes, &messages);
    }
    let deliveries = &loaded.state.changes().deliveries;
    if !deliveries.is_empty() {
        sent_message::settle(&mut writes, deliveries, loaded.now);
    }
    let (now, numbers) = (loaded.now.as_millis(), (loaded.next_message.0, loaded.last_message.0));
    writes.push(node::MOVE_ON, parameters![writer.node.id.0, now, numbers.0, numbers.1, loaded.number]);
    writes.prepare(session).await?;
    let told = messages.into_iter().filter(|one| !one.untold);
    Ok((writes, told.map(|one| one.message).collect(), changed))
}

/// Sends the writes and the COMMIT together. If a write fails, the COMMIT finds a transaction that is undone already.
pub(super) async fn finish(session: &Session, writes: &Writes) -> Result<(), Failure> {
    let (written, committed) = join!(biased; writes.run(session), session.client.batch_execute("COMMIT"));
    match written {
        // The server itself says so, and it was before the COMMIT.
        Err(error) if error.as_db_error().is_some() => Err(error.into()),
        Err(error) => Err(unknown(&error).into()),
        Ok(()) => committed.map_err(|error| error::of_commit(&error).into()),
    }
}

fn unknown(error: &Error) -> store::StoreError {
    store::StoreError::Unknown(error::text(error))
}

fn write_ledger(writes: &mut Writes, loaded: &Loaded) -> Result<(), Failure> {
    let (ledger, changes) = (&loaded.state.ledger, loaded.state.ledger.changes());
    let transfer = |id: &TransferId| ledger.transfer(*id).expect("a changed transfer is in the working set");
    let (old, new): (Vec<_>, Vec<_>) =
        changes.transfers.iter().map(transfer).partition(|transfer| loaded.transfers.contains(&transfer.id));
    let funds = |id: &TransferId| ledger.funds(*id).expect("a changed movement is in the working set");
    let funds: Vec<_> = changes.funds.iter().map(funds).collect();
    let new_ids: Vec<_> = new.iter().map(|transfer| transfer.id).collect();
    let new_funds: Vec<_> = funds.iter().map(|funds| funds.id).filter(|id| !loaded.funds.contains(id)).collect();
    if new_ids.iter().chain(&new_funds).any(|id| loaded.used.contains(id)) {
        return Err(unforeseen("a transfer whose id was used").into());
    }
    for (kind, ids) in [("TRANSFER", &new_ids), ("FUNDS", &new_funds)] {
        if !ids.is_empty() {
            identity::insert(writes, kind, ids);
        }
    }
    if !new.is_empty() {
        transfer::insert(writes, &new);
    }
    if !old.is_empty() {
        transfer::update(writes, &old);
    }
    if !funds.is_empty() {
        funds_movement::write(writes, &funds);
    }
    if !changes.entries.is_empty() {
        entry::insert(writes, &changes.entries);
    }
    let balance = |id: AccountId| (id, ledger.balance_of(id).expect("a changed balance is in the working set"));
    let balances: Vec<_> = changes.balances.iter().copied().map(balance).collect();
    if !balances.is_empty() {
        balance::update(writes, &balances);
    }
    Ok(())
}

fn write_switch(writes: &mut Writes, loaded: &Loaded) {
    let (state, changes) = (&loaded.state, loaded.state.changes());
    let quote = |id: &QuoteId| state.quote(*id).expect("a changed quote is in the working set");
    let (old, new): (Vec<_>, Vec<_>) =
        changes.quotes.iter().map(quote).partition(|quote| loaded.quotes.contains(&quote.id));
    if !new.is_empty() {
        quote::insert(writes, &new);
    }
    if !old.is_empty() {
        quote::update(writes, &old);
    }
    if !changes.ilp_packets.is_empty() {
        ilp_packet::insert(writes, &changes.ilp_packets);
    }
    changes.parties.iter().for_each(|change| party::change(writes, change));
}

/// Finds the owner of each message: this node, unless another one still has an earlier message about the same to the same
/// FSP. Numbers must rise within those: if this node's are too low, the batch gets new ones.
async fn assign(
    writer: &Writer,
    session: &Session,
    loaded: &mut Loaded,
    messages: Vec<Message>,
) -> Result<Vec<Addressed>, Failure> {
    let earlier: HashMap<_, _> = loaded.earlier.iter().map(|one| ((&one.recipient, &one.subject), one)).collect();
    let earlier_of = |message: &Message| earlier.get(&(&message.recipient, &message.subject)).copied();
    let too_low = messages.iter().any(|message| earlier_of(message).is_some_and(|one| one.id >= message.id));
    let mut addressed: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let earlier = earlier_of(&message);
            let owner = earlier.map_or(writer.node.id, |one| one.owner);
            // What is behind a message that its owner was not told of waits with it, or it would overtake it.
            let untold = owner != writer.node.id || earlier.is_some_and(|one| one.untold);
            Addressed { message, owner, untold }
        })
        .collect();
    if too_low {
        (loaded.next_message, loaded.last_message) = node::next_block(session).await?;
    }
    for Addressed { message, .. } in &mut addressed {
        message.id = loaded.next_message;
        loaded.next_message = MessageId(loaded.next_message.0 + 1);
    }
    if loaded.next_message.0 > loaded.last_message.0 + 1 {
        return Err(refused("more messages than numbers").into());
    }
    Ok(addressed)
}
