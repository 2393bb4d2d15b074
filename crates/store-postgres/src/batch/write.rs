//! What a batch changed, written with one statement a table, and the COMMIT with them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fspiop::{QuoteId, TransferId};
use ledger::AccountId;
use switch::{Configuration, Delivery, Message, MessageId};
use tokio::join;
use tokio_postgres::Error;

use super::{
    Writer, is_prompt,
    load::{Loaded, unforeseen},
    refused,
    unsettled::Settlement,
};
use crate::{
    error::{self, Failure},
    node,
    session::Session,
    tables::{
        balance, configuration, entry, funds_movement,
        identity::{self, Kind},
        outbox::{self, Addressed},
        outbox_batch::{self, Hash, OutboxBatch},
        party, quote, sent_message, transfer,
    },
    writes::{Writes, parameters},
};

/// What a batch leads to: its writes, the messages that are this node's, the configuration if it changed, and which messages
/// are still to be delivered then.
type Collected = (Writes, Vec<Message>, Option<Arc<Configuration>>, Settlement);

/// Finds out what is to be written.
pub(super) async fn collect(writer: &Writer, session: &Session, loaded: &mut Loaded) -> Result<Collected, Failure> {
    let mut writes = Writes::default();
    let state = &loaded.state;
    let changed = state.touches_configuration().then(|| Arc::new(state.configuration()));
    if let Some(configuration) = &changed {
        configuration::write(&mut writes, state, &loaded.before.registry, configuration.version);
    }
    write_ledger(&mut writes, loaded)?;
    write_switch(&mut writes, loaded);
    let messages = loaded.state.take_messages();
    let (own, others) = assign(writer, session, loaded, messages).await?;
    if !others.is_empty() {
        outbox::insert(&mut writes, &others);
    }
    let settlement = write_outbox(&mut writes, writer, loaded, &own);
    let (now, numbers) = (loaded.now.as_millis(), (loaded.next_message.0, loaded.last_message.0));
    let parameters = parameters![writer.node.id.0, now, numbers.0, numbers.1, settlement.number, settlement.settled];
    writes.push(node::MOVE_ON, parameters);
    writes.prepare(session).await?;
    Ok((writes, own, changed, settlement))
}

/// The row of this batch, and what became of messages that have rows of their own.
fn write_outbox(writes: &mut Writes, writer: &Writer, loaded: &Loaded, messages: &[Message]) -> Settlement {
    let changes = loaded.state.changes();
    let last = sent_message::last_words(&changes.deliveries);
    let (delivered, slow): (BTreeMap<MessageId, &Delivery>, BTreeMap<_, _>) =
        last.into_iter().partition(|(id, delivery)| is_prompt(delivery) && writer.unsettled.holds(*id, loaded.settled));
    sent_message::settle(writes, &slow, loaded.now);
    let batch = OutboxBatch {
        node: writer.node.id,
        number: loaded.number,
        at: loaded.now,
        messages,
        delivered: &delivered.values().copied().collect::<Vec<_>>(),
        packets: &changes.ilp_packets,
    };
    outbox_batch::insert(writes, &batch);
    let added = messages.iter().map(|message| message.id).collect();
    writer.unsettled.settle(loaded.number, added, delivered.into_keys().collect(), loaded.settled)
}

/// Sends the writes and the COMMIT together. If a write fails, the COMMIT finds a transaction that is undone already.
pub(super) async fn finish(session: &Session, writes: &Writes) -> Result<(), Failure> {
    let (written, committed) = join!(biased; writes.run(session), session.run("COMMIT"));
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
    let of_transfers = new.iter().map(|transfer| (transfer.id.0, transfer.prepared_at));
    let new_funds = funds.iter().filter(|funds| new_funds.contains(&funds.id));
    let ids: Vec<_> = of_transfers.chain(new_funds.map(|funds| (funds.id.0, funds.recorded_at))).collect();
    identity::insert(writes, Kind::Movement, &ids);
    if !new.is_empty() {
        transfer::insert(writes, &new);
    }
    if !old.is_empty() {
        transfer::update(writes, &old);
    }
    if !funds.is_empty() {
        funds_movement::write(writes, &funds);
    }
    let began = |id: TransferId| {
        let of_transfer = ledger.transfer(id).map(|transfer| transfer.prepared_at);
        of_transfer.or_else(|| ledger.funds(id).map(|funds| funds.recorded_at))
    };
    let entries: Option<Vec<_>> = changes.entries.iter().map(|line| Some((began(line.transfer_id)?, line))).collect();
    let entries = entries.ok_or_else(|| unforeseen("the journal of a movement that is not there"))?;
    if !entries.is_empty() {
        entry::insert(writes, &entries);
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
    identity::insert(
        writes,
        Kind::Quote,
        &new.iter().map(|quote| (quote.id.0, quote.requested_at)).collect::<Vec<_>>(),
    );
    if !new.is_empty() {
        quote::insert(writes, &new);
    }
    if !old.is_empty() {
        quote::update(writes, &old);
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
) -> Result<(Vec<Message>, Vec<Addressed>), Failure> {
    loaded.earlier.sort_by_key(|one| one.id);
    let earlier: HashMap<_, _> = loaded.earlier.iter().map(|one| ((one.recipient, one.subject), one)).collect();
    let key = |message: &Message| (Hash::of_recipient(&message.recipient), Hash::of_subject(&message.subject));
    let earlier_of = |message: &Message| earlier.get(&key(message)).copied();
    let too_low = messages.iter().any(|message| earlier_of(message).is_some_and(|one| one.id >= message.id));
    let (mut own, mut others) = (Vec::with_capacity(messages.len()), Vec::new());
    for message in messages {
        match earlier_of(&message) {
            // What is behind a message that its owner was not told of waits with it, or it would overtake it.
            Some(one) if one.owner != writer.node.id || one.untold => {
                others.push(Addressed { message, owner: one.owner, untold: true });
            }
            _ => own.push(message),
        }
    }
    if too_low {
        (loaded.next_message, loaded.last_message) = node::next_block(session).await?;
    }
    // The own ones follow each other.
    for message in own.iter_mut().chain(others.iter_mut().map(|one| &mut one.message)) {
        message.id = loaded.next_message;
        loaded.next_message = MessageId(loaded.next_message.0 + 1);
    }
    if loaded.next_message.0 > loaded.last_message.0 + 1 {
        return Err(refused("more messages than numbers").into());
    }
    Ok((own, others))
}
