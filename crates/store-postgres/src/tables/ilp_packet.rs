//! ILP packets of transfers that were reserved.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use fspiop::TransferId;
use store::StoreError;

use crate::{columns::Columns, value::column, writes::Writes, writes::parameters};

/// The packet of a transfer.
pub(crate) const FIND: &str = "SELECT transfer_id, packet, bytes FROM ilp_packet WHERE transfer_id = $1";

/// Packets of transfers between two participants within some time, the earliest first.
pub(crate) const BETWEEN: &str = "SELECT transfer_id, packet, bytes FROM transfer JOIN ilp_packet ON transfer_id = id
                                  WHERE payer = $1 AND payee = $2 AND prepared_at >= $3 AND prepared_at < $4
                                  ORDER BY prepared_at, id LIMIT $5";

/// Adds packets; they never change.
pub(crate) fn insert(writes: &mut Writes, packets: &BTreeMap<TransferId, Box<str>>) {
    let sql = "INSERT INTO ilp_packet (transfer_id, packet, bytes)
               SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[])";
    let packets: Vec<_> = packets.iter().map(|(id, packet)| (*id, packet, bytes_of(packet))).collect();
    let parameters = parameters![
        column(&packets, |(id, ..)| *id),
        column(&packets, |(_, packet, bytes)| bytes.is_none().then(|| (*packet).clone())),
        column(&packets, |(.., bytes)| bytes.clone()),
    ];
    writes.push(sql, parameters);
}

/// A row of [`FIND`] or [`BETWEEN`].
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<(TransferId, Box<str>), StoreError> {
    let id = columns.next("transfer_id")?;
    let packet = match (columns.next::<Option<Box<str>>>("packet")?, columns.next::<Option<Bytes>>("bytes")?) {
        (Some(packet), None) => packet,
        (None, Some(bytes)) => BASE64.encode(&bytes).into(),
        _ => return Err(columns.corrupt("packet", "with bytes, or without any")),
    };
    Ok((id, packet))
}

/// The bytes of a packet, if the packet is what they lead to.
fn bytes_of(packet: &str) -> Option<Bytes> {
    let bytes = BASE64.decode(packet).ok()?;
    (BASE64.encode(&bytes) == packet).then(|| bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(packet: &str, expect: Option<&[u8]>) {
        assert_eq!(bytes_of(packet).as_deref(), expect, "{packet}");
    }

    #[test]
    fn only_what_comes_back_the_same_is_kept_as_bytes() {
        check("AYIB-w", Some(&[1, 0x82, 1, 0xfb]));
        check("", Some(&[]));
        // Padding, the other alphabet, bits that say nothing, and what is no packet.
        for packet in ["AYIB-w==", "AYIB+w", "AYIB-x", "a packet", "A"] {
            check(packet, None);
        }
    }
}
