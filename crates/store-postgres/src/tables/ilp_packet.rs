//! ILP packets of transfers that were reserved before version 4 of the schema. Others are in the content of their batch.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use fspiop::TransferId;
use store::StoreError;

use crate::columns::Columns;

/// The packets of transfers.
pub(crate) const FIND: &str = "SELECT transfer_id, packet, bytes FROM old_ilp_packet WHERE transfer_id = ANY($1)";

/// A row of [`FIND`].
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<(TransferId, Box<str>), StoreError> {
    let id = columns.next("transfer_id")?;
    let packet = match (columns.next::<Option<Box<str>>>("packet")?, columns.next::<Option<Bytes>>("bytes")?) {
        (Some(packet), None) => packet,
        (None, Some(bytes)) => BASE64.encode(&bytes).into(),
        _ => return Err(columns.corrupt("packet", "with bytes, or without any")),
    };
    Ok((id, packet))
}
