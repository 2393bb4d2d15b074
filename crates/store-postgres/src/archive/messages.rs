//! Messages and ILP packets of a day as lines of JSON.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use fspiop::{Timestamp, TransferId};
use serde::Serialize;
use switch::{Message, MessageId};
use tokio_postgres::{Portal, Transaction};

use super::{
    Step,
    day::Day,
    error::ArchiveError,
    export::{Exported, tell_rows},
    file::Content,
    tables::{BATCHES, DELIVERED, MESSAGES, PACKETS},
};
use crate::{
    columns,
    tables::outbox_batch::{read_content, read_delivered},
};

/// Batches whose content is fetched at a time: some megabytes, once they are unpacked.
const BATCHES_AT_A_TIME: i32 = 64;
/// Deliveries that are fetched at a time.
const DELIVERIES_AT_A_TIME: i32 = 10_000;

/// A message: what was sent, and when its recipient took it. Of one that took longer, `sent_message.csv` tells the rest.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    decided_at: Timestamp,
    delivered_at: Option<Timestamp>,
    recipient: &'a str,
    endpoint: &'a str,
    method: &'a str,
    path: &'a str,
    subject: String,
    headers: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    /// A body that is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    give_up_at: Timestamp,
}

#[derive(Serialize)]
struct Packet<'a> {
    transfer: TransferId,
    ilp_packet: &'a str,
}

/// Writes both files. Batches and deliveries come by the numbers of the messages, so that they are read side by side.
pub(super) async fn export(
    transaction: &Transaction<'_>,
    day: Day,
    folder: Option<&Path>,
    exported: &mut Exported,
    tell: &mut dyn FnMut(Step),
) -> Result<(), ArchiveError> {
    let (mut messages, mut packets) = (Content::of(folder, MESSAGES)?, Content::of(folder, PACKETS)?);
    let batches = transaction.bind(&day.sql(BATCHES), &[]).await?;
    let mut deliveries = Deliveries::of(transaction, day).await?;
    loop {
        let rows = transaction.query_portal(&batches, BATCHES_AT_A_TIME).await?;
        if rows.is_empty() {
            break;
        }
        for batch in columns::all("outbox_batch", &rows, read_content)? {
            for message in &batch.messages {
                messages.row(&line(message, deliveries.of_message(message.id).await?))?;
                tell_rows(tell, day, MESSAGES, messages.rows());
            }
            for (transfer, packet) in &batch.packets {
                packets.row(&json(&Packet { transfer: *transfer, ilp_packet: packet }))?;
            }
        }
    }
    exported.insert(MESSAGES, messages.finish()?);
    exported.insert(PACKETS, packets.finish()?);
    Ok(())
}

fn line(message: &Message, delivered_at: Option<Timestamp>) -> Vec<u8> {
    let body = std::str::from_utf8(&message.body).ok();
    json(&Line {
        id: message.id.0,
        decided_at: message.created_at,
        delivered_at,
        recipient: message.recipient.as_str(),
        endpoint: message.endpoint.as_str(),
        method: message.method.as_str(),
        path: &message.path,
        subject: message.subject.to_string(),
        headers: message.headers.to_text(),
        body,
        body_base64: body.is_none().then(|| STANDARD.encode(&message.body)),
        give_up_at: message.give_up_at,
    })
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("it has keys that are text");
    line.push(b'\n');
    line
}

/// When messages were delivered, by their numbers.
struct Deliveries<'a> {
    transaction: &'a Transaction<'a>,
    portal: Portal,
    at_hand: std::vec::IntoIter<(MessageId, Timestamp)>,
    next: Option<(MessageId, Timestamp)>,
}

impl<'a> Deliveries<'a> {
    async fn of(transaction: &'a Transaction<'a>, day: Day) -> Result<Deliveries<'a>, ArchiveError> {
        let portal = transaction.bind(&day.sql(DELIVERED), &[]).await?;
        let mut deliveries = Deliveries { transaction, portal, at_hand: Vec::new().into_iter(), next: None };
        deliveries.advance().await?;
        Ok(deliveries)
    }

    async fn advance(&mut self) -> Result<(), ArchiveError> {
        self.next = self.at_hand.next();
        if self.next.is_none() {
            let rows = self.transaction.query_portal(&self.portal, DELIVERIES_AT_A_TIME).await?;
            self.at_hand = columns::all("outbox_batch", &rows, read_delivered)?.into_iter();
            self.next = self.at_hand.next();
        }
        Ok(())
    }

    /// When a message was delivered. To be asked for rising numbers.
    async fn of_message(&mut self, id: MessageId) -> Result<Option<Timestamp>, ArchiveError> {
        while self.next.is_some_and(|(known, _)| known < id) {
            self.advance().await?;
        }
        Ok(self.next.filter(|(known, _)| *known == id).map(|(_, at)| at))
    }
}
