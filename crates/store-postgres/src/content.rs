//! Messages and ILP packets of a batch as compressed bytes.

use std::collections::BTreeMap;

use fspiop::{Identifier, Timestamp, TransferId};
use serde::{Deserialize, Serialize, Serializer};
use switch::{Message, MessageId, Subject};

use crate::value::Stored;

/// The first byte: which form the rest has.
const FORM: u8 = 1;
/// The fastest level: the next ones save a few percent and take half as long again.
const LEVEL: i32 = 1;
/// The longest content, once it is unpacked: a batch's requests are bounded, and each leads to four messages at the most.
const MAX_BYTES: usize = 1 << 30;

/// What a batch says.
pub(crate) struct Content {
    pub(crate) messages: Vec<Message>,
    pub(crate) packets: Vec<(TransferId, Box<str>)>,
}

/// A message, but its number and the moment of its decision, which are the batch's.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    recipient: &'a str,
    endpoint: &'a str,
    method: &'a str,
    path: &'a str,
    #[serde(borrow)]
    headers: std::borrow::Cow<'a, str>,
    #[serde(serialize_with = "as_bytes")]
    body: &'a [u8],
    #[serde(borrow)]
    subject: std::borrow::Cow<'a, str>,
    give_up_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Records<'a> {
    #[serde(borrow)]
    messages: Vec<Record<'a>>,
    packets: Vec<([u8; Identifier::LENGTH], &'a str)>,
}

fn as_bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl<'a> Record<'a> {
    fn of(message: &'a Message) -> Record<'a> {
        Record {
            recipient: message.recipient.as_str(),
            endpoint: message.endpoint.as_str(),
            method: message.method.as_str(),
            path: &message.path,
            headers: message.headers.to_text().into(),
            body: &message.body,
            subject: message.subject.to_string().into(),
            give_up_at: message.give_up_at.as_millis(),
        }
    }

    fn message(self, id: MessageId, created_at: Timestamp) -> Option<Message> {
        Some(Message {
            id,
            recipient: Stored::read(self.recipient.to_owned())?,
            endpoint: Stored::read(self.endpoint.to_owned())?,
            method: Stored::read(self.method.to_owned())?,
            path: self.path.into(),
            headers: Stored::read(self.headers.into_owned())?,
            body: bytes::Bytes::copy_from_slice(self.body),
            subject: Subject::parse(&self.subject)?,
            created_at,
            give_up_at: Timestamp::from_millis(self.give_up_at),
        })
    }
}

/// The bytes of messages and packets.
pub(crate) fn write(messages: &[Message], packets: &BTreeMap<TransferId, Box<str>>) -> Vec<u8> {
    let records = Records {
        messages: messages.iter().map(Record::of).collect(),
        packets: packets.iter().map(|(id, packet)| (id.0.to_bytes(), packet.as_ref())).collect(),
    };
    let plain = postcard::to_allocvec(&records).expect("memory takes everything");
    let mut bytes = vec![FORM];
    bytes.extend(zstd::bulk::compress(&plain, LEVEL).expect("memory takes everything"));
    bytes
}

/// What [`write`] wrote; `None` for anything else. Its messages have numbers from `first` on.
pub(crate) fn read(bytes: &[u8], first: MessageId, at: Timestamp) -> Option<Content> {
    let (&FORM, compressed) = bytes.split_first()? else { return None };
    let plain = zstd::bulk::decompress(compressed, MAX_BYTES).ok()?;
    let records: Records<'_> = postcard::from_bytes(&plain).ok()?;
    let numbered = (first.0..).map(MessageId).zip(records.messages);
    let messages = numbered.map(|(id, record)| record.message(id, at)).collect::<Option<_>>()?;
    let packet = |(id, packet): ([u8; Identifier::LENGTH], &str)| {
        Some((TransferId(Identifier::from_bytes(&id)?), Box::<str>::from(packet)))
    };
    let packets = records.packets.into_iter().map(packet).collect::<Option<_>>()?;
    Some(Content { messages, packets })
}
