//! ILP packets of transfers, which are kept with the messages of the batch in which the transfer was prepared.

use std::collections::{BTreeSet, HashMap};

use fspiop::{Timestamp, TransferId};
use store::Between;

use crate::{
    columns,
    error::Failure,
    session::Session,
    tables::{ilp_packet, outbox_batch, transfer},
    value::{Stored, column},
};

/// The packet of a transfer.
pub(crate) async fn of(session: &Session, id: TransferId) -> Result<Option<Box<str>>, Failure> {
    let rows = session.find(transfer::PREPARED, &id.write()).await?;
    let prepared = columns::all("transfer", &rows, transfer::read_prepared)?;
    Ok(find(session, prepared).await?.pop().map(|(_, packet)| packet))
}

/// The packets of transfers between two participants within some time, the earliest first.
pub(crate) async fn between(
    session: &Session,
    between: Between,
    limit: i64,
) -> Result<Vec<(TransferId, Box<str>)>, Failure> {
    let Between { payer, payee, since, until } = between;
    let (payer, payee) = (payer.write(), payee.write());
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&payer, &payee, &since.as_millis(), &until.as_millis(), &limit];
    let rows = session.query(transfer::BETWEEN, &parameters).await?;
    find(session, columns::all("transfer", &rows, transfer::read_prepared)?).await
}

/// The packets of transfers that were prepared at these moments, in their order. Those that were refused have none.
async fn find(
    session: &Session,
    prepared: Vec<(TransferId, Timestamp)>,
) -> Result<Vec<(TransferId, Box<str>)>, Failure> {
    let moments: BTreeSet<_> = prepared.iter().map(|(_, at)| *at).collect();
    let rows = session.find(outbox_batch::AT, &column(&moments, |at| *at)).await?;
    let mut packets = HashMap::new();
    for content in columns::all("outbox_batch", &rows, outbox_batch::read_content)? {
        packets.extend(content.packets);
    }
    let rows = session.find(ilp_packet::FIND, &column(&prepared, |(id, _)| *id)).await?;
    packets.extend(columns::all("old_ilp_packet", &rows, ilp_packet::read)?);
    Ok(prepared.into_iter().filter_map(|(id, _)| packets.remove_entry(&id)).collect::<Vec<_>>())
}
