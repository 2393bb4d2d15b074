//! This process among the others that share the database.
//!
//! A node has a row with its epoch: a process that starts under the same name raises it, and from then on its former self
//! can't write. The row also holds this node's block of message numbers, the time of its last batch, and which of its batches
//! are settled, so that the one update of it in each batch does all of this, and waits for no other node.

use fspiop::Timestamp;
use store::StoreError;
use switch::MessageId;

use crate::{
    columns::{self, Columns},
    error::Failure,
    session::Session,
    time::{Time, now},
    unpack::{Open, unpack},
};

/// How long a node's claim to its part of the outbox holds without being renewed. It is renewed every second, so that one or
/// two renewals may fail; FSPs wait for 10 s at the least.
macro_rules! claim_ms {
    () => {
        "5000"
    };
}

/// Message numbers that a node gets at a time: a block lasts for hours, and 2^63 numbers hold 9 * 10^12 blocks.
pub(crate) const BLOCK: i64 = 1_000_000;

/// Number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) i32);

/// This process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) epoch: i64,
}

/// Where this node's next batch goes on.
pub(crate) struct Place {
    /// The time of the batch, unless what it loads is later.
    pub(crate) now: Timestamp,
    pub(crate) next_message: MessageId,
    pub(crate) last_message: MessageId,
    /// How many batches this node has committed before.
    pub(crate) batches: i64,
    /// Up to which of them all messages are done with, or have rows of their own.
    pub(crate) settled: i64,
}

const REGISTER: &str = concat!(
    "INSERT INTO node (name, epoch, lease_until, last_batch, next_message, last_message)
     VALUES ($2, 1, ",
    now!(),
    " + ",
    claim_ms!(),
    ", (SELECT coalesce(max(last_batch), 0) FROM node), 0, -1)
     ON CONFLICT (name) DO UPDATE SET epoch = node.epoch + 1, lease_until = excluded.lease_until,
                                      last_batch = greatest(node.last_batch, excluded.last_batch)
     RETURNING id, epoch"
);

/// Names of pods come and go: those that nothing refers to any more are forgotten after a day.
const FORGET: &str = concat!(
    "DELETE FROM node WHERE lease_until < ",
    now!(),
    // Asked so, each node is looked up by the index; NOT EXISTS reads the whole outbox.
    " - 86400000 AND (SELECT min(outbox.id) FROM outbox WHERE owner = node.id) IS NULL AND settled_batch = batches
     AND name <> $2"
);

/// Registers this process; what its former self left behind is its own at once.
pub(crate) async fn register(session: &Session, name: &str, time: &Time) -> Result<Node, Failure> {
    let now = time.parameter();
    session.execute(FORGET, &[&now, &name]).await?;
    let rows = session.query(REGISTER, &[&now, &name]).await?;
    let node = columns::one("node", &rows, |columns| {
        Ok(Node { id: NodeId(columns.next("id")?), epoch: columns.next("epoch")? })
    })?;
    Ok(node.ok_or_else(superseded)?)
}

/// This node's row, locked: where the next batch goes on. No row: another process took this node's name.
pub(crate) const PLACE: &str = concat!(
    "SELECT greatest(last_batch, ",
    now!(),
    ") AS now, next_message, last_message, batches, settled_batch FROM node WHERE id = $2 AND epoch = $3 FOR UPDATE"
);

/// Writes down where the batch after this one goes on.
pub(crate) const MOVE_ON: &str = "UPDATE node SET last_batch = $2, next_message = $3, last_message = $4, batches = $5, settled_batch = $6 WHERE id = $1";

/// Writes down that batches up to one are settled.
pub(crate) const SETTLE: &str = "UPDATE node SET settled_batch = $2 WHERE id = $1";

/// How many batches this node has committed. A batch that is still under way has locked the row, so that this waits for its
/// end; and since it writes, its answer comes when all that was committed before is as durable as itself.
const COUNT: &str = "UPDATE node SET batches = batches WHERE id = $1 AND epoch = $2 RETURNING batches";

/// How many batches this node has committed, once none is under way.
pub(crate) async fn batches(session: &Session, node: Node) -> Result<i64, Failure> {
    let rows = session.query(COUNT, &[&node.id.0, &node.epoch]).await?;
    Ok(columns::one("node", &rows, |columns| columns.next("batches"))?.ok_or_else(superseded)?)
}

/// A new block of message numbers. Its numbers are above all that were given out before.
pub(crate) const NEXT_BLOCK: &str = "SELECT nextval('message_block') AS block";

/// The row of [`PLACE`].
pub(crate) fn read_place(columns: &mut Columns<'_>) -> Result<Place, StoreError> {
    Ok(Place {
        now: columns.next("now")?,
        next_message: columns.next("next_message")?,
        last_message: columns.next("last_message")?,
        batches: columns.next("batches")?,
        settled: columns.next("settled_batch")?,
    })
}

/// Takes a new block of numbers: the first and the last one.
pub(crate) async fn next_block(session: &Session) -> Result<(MessageId, MessageId), Failure> {
    let rows = session.query(NEXT_BLOCK, &[]).await?;
    let block: i64 = columns::one("message_block", &rows, |columns| columns.next("block"))?.unwrap_or_default();
    Ok((MessageId(block * BLOCK + 1), MessageId((block + 1) * BLOCK)))
}

/// What a node is told whose name another process uses.
pub(crate) fn superseded() -> StoreError {
    StoreError::Unavailable(
        "another process has registered under this node's name; give each node a name of its own".into(),
    )
}

const RENEW: &str = concat!(
    "UPDATE node SET lease_until = greatest(last_batch, ",
    now!(),
    ") + ",
    claim_ms!(),
    " WHERE id = $2 AND epoch = $3 RETURNING lease_until - ",
    claim_ms!(),
    " AS now, settled_batch, batches,
      (SELECT count(*) FROM node AS live WHERE live.lease_until > node.lease_until - ",
    claim_ms!(),
    ") AS nodes"
);

const LEAVE: &str = concat!("UPDATE node SET lease_until = ", now!(), " WHERE id = $2 AND epoch = $3");

/// Lets this node's claim run out now.
pub(crate) async fn leave(session: &Session, node: Node, time: &Time) -> Result<(), Failure> {
    session.execute(LEAVE, &[&time.parameter(), &node.id.0, &node.epoch]).await?;
    Ok(())
}

/// The nodes are found first: joined to them, the outbox would be read whole, every second.
const ADOPT: &str = "UPDATE outbox SET owner = $2, untold = true
     WHERE owner = ANY (ARRAY(SELECT id FROM node WHERE lease_until <= $1 AND id <> $2))";

/// Nodes whose claims ran out with batches that are not settled, locked. One that is in the middle of a batch after all, or
/// that another node takes over, is left for the next time.
const LOST: &str = "SELECT id, settled_batch, batches FROM node
     WHERE lease_until <= $1 AND id <> $2 AND settled_batch < batches ORDER BY id FOR UPDATE SKIP LOCKED";

const TELL: &str = "UPDATE outbox SET untold = false WHERE owner = $1 AND untold";

/// Whether the first batch that is not settled is that old.
const IS_LATE: &str = "SELECT number FROM outbox_batch WHERE node = $1 AND number = $2 AND at < $3";

const OPEN: &str = "SELECT id, settled_batch, batches FROM node WHERE id = $1 AND epoch = $2 FOR UPDATE";

/// A message that is not delivered within this many milliseconds gets a row of its own, so that few batches are open. Most
/// arrive within 50.
const UNPACK_AFTER_MS: i64 = 10_000;

fn read_open(columns: &mut Columns<'_>) -> Result<Open, StoreError> {
    let node = NodeId(columns.next("id")?);
    Ok(Open { node, settled: columns.next("settled_batch")?, last: columns.next("batches")? })
}

/// Gives all messages that this node is to deliver rows of their own. To be run in a transaction.
pub(crate) async fn unpack_own(session: &Session, node: Node) -> Result<(), Failure> {
    let rows = session.query(OPEN, &[&node.id.0, &node.epoch]).await?;
    let open = columns::one("node", &rows, read_open)?.ok_or_else(superseded)?;
    unpack(session, open, node.id, false).await
}

/// What a node learns when it renews its claim.
pub(crate) struct Renewed {
    /// In milliseconds since 1970.
    pub(crate) now: i64,
    /// There are messages that this node was not told of.
    pub(crate) news: bool,
    /// Nodes with claims, this one included.
    pub(crate) nodes: i64,
}

/// Renews this node's claim and takes over what nodes left behind whose claims ran out. To be run in a transaction.
pub(crate) async fn take_over(session: &Session, node: Node, time: &Time) -> Result<Renewed, Failure> {
    let rows = session.query(RENEW, &[&time.parameter(), &node.id.0, &node.epoch]).await?;
    let renewed = columns::one("node", &rows, |columns| {
        let now: i64 = columns.next("now")?;
        let (settled, last) = (columns.next("settled_batch")?, columns.next("batches")?);
        Ok((now, Open { node: node.id, settled, last }, columns.next("nodes")?))
    });
    let (now, open, nodes) = renewed?.ok_or_else(superseded)?;
    let late = session.query(IS_LATE, &[&node.id.0, &(open.settled + 1), &(now - UNPACK_AFTER_MS)]).await?;
    if !late.is_empty() {
        unpack(session, open, node.id, false).await?;
    }
    let lost = columns::all("node", &session.query(LOST, &[&now, &node.id.0]).await?, read_open)?;
    for open in lost {
        unpack(session, open, node.id, true).await?;
    }
    session.execute(ADOPT, &[&now, &node.id.0]).await?;
    Ok(Renewed { now, news: session.execute(TELL, &[&node.id.0]).await? > 0, nodes })
}
