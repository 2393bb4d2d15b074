//! Messages of a batch that take longer get rows of their own, in which their attempts are written down, and which other
//! nodes can take over. Then the batches up to here need not be looked at any more.

use std::collections::HashSet;

use tokio_postgres::Row;

use crate::{
    columns,
    error::Failure,
    node::{self, NodeId},
    session::Session,
    tables::{
        outbox::{self, Addressed},
        outbox_batch::{self, Listed},
    },
    writes::Writes,
};

/// Batches whose content is read at a time: those of a hub at its limit have a thousand messages of some kilobytes, and their
/// rows are held besides.
const BATCHES_AT_A_TIME: usize = 4;

/// The batches of a node that may hold messages which are still to be delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) node: NodeId,
    /// Those up to this one are settled.
    pub(crate) settled: i64,
    /// The last one.
    pub(crate) last: i64,
}

/// Gives what is still to be delivered of a node's batches rows of their own, which are the node's `owner`; `untold` if it
/// does not know of them. To be run in a transaction that has locked the node's row.
pub(crate) async fn unpack(session: &Session, open: Open, owner: NodeId, untold: bool) -> Result<(), Failure> {
    if open.settled >= open.last {
        return Ok(());
    }
    let rows = session.query(outbox_batch::OF_NODE, &[&open.node.0, &open.settled]).await?;
    let batches = columns::all("outbox_batch", &rows, outbox_batch::read_listed)?;
    let delivered: HashSet<i64> = batches.iter().flat_map(|batch| batch.delivered.iter().copied()).collect();
    let is_open = |batch: &&Listed| batch.messages.clone().any(|id| !delivered.contains(&id));
    let numbers: Vec<i64> = batches.iter().filter(is_open).map(|batch| batch.number).collect();
    for some in numbers.chunks(BATCHES_AT_A_TIME) {
        let rows = session.query(outbox_batch::CONTENT, &[&open.node.0, &some]).await?;
        insert(session, &rows, &delivered, owner, untold).await?;
    }
    session.execute(node::SETTLE, &[&open.node.0, &open.last]).await?;
    Ok(())
}

/// A batch that can't be read must not keep the others back: it is said in the log, and its row stays.
async fn insert(
    session: &Session,
    rows: &[Row],
    delivered: &HashSet<i64>,
    owner: NodeId,
    untold: bool,
) -> Result<(), Failure> {
    let contents = columns::readable("outbox_batch", rows, outbox_batch::read_content);
    let messages = contents.into_iter().flat_map(|content| content.messages);
    let open = messages.filter(|message| !delivered.contains(&message.id.0));
    let addressed: Vec<_> = open.map(|message| Addressed { message, owner, untold }).collect();
    if addressed.is_empty() {
        return Ok(());
    }
    let mut writes = Writes::default();
    outbox::insert(&mut writes, &addressed);
    Ok(writes.run(session).await?)
}
