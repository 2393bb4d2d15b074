//! One payment of the past, and what a hub remembers of it.

use fspiop::{
    Amount, AmountType, Currency, FspId, Fulfilment, Identifier, IlpPacket, Money, PartyId, QuoteId, Timestamp,
    TransactionId, TransferId,
    write::{Party, PartyIdInfo, QuoteRequestBody, TransactionType, to_body},
};
use ledger::{AccountId, ContentHash, Entry, EntryKind, Transfer, TransferStatus};
use sha2::{Digest, Sha256};
use store::{
    Fate, SentMessage,
    past::{Circle, Member, Past, Schedule},
};
use switch::{MessageId, Method, Quote, QuoteStatus, Subject};

/// What each transfer moves: 1, see [`Amount::units`].
const AMOUNT: Amount = Amount::from_units(10_000);
/// What the hub sends of one payment: the quote, its answer, the transfer, its fulfilment.
pub(super) const MESSAGES: usize = 4;
/// How long before its transfer a quote is asked for, in milliseconds; it is answered in the same moment as the transfer comes.
const QUOTED_MS: i64 = 3;
/// How long after its beginning a transfer is committed, in milliseconds.
const COMMITTED_MS: i64 = 5;
/// How long the delivery of a message takes, in milliseconds.
const DELIVERED_MS: i64 = 2;
/// How long transfers are valid, in milliseconds.
const VALID_MS: i64 = 30_000;

/// All payments of a run.
pub(super) struct Payments {
    seed: i64,
    circle: Circle,
    schedule: Schedule,
    /// Who pays and who is paid; of whom a hub only knows what the packet says.
    parties: [PartyId; 2],
}

/// A payment of 1 from one participant to the next, whose transfer and quote have the same id.
pub(super) struct Payment<'a> {
    pub(super) id: TransferId,
    /// How many payments of the same transaction came before.
    place: i64,
    at: Timestamp,
    currency: Currency,
    payer: &'a Member,
    payee: &'a Member,
    parties: &'a [PartyId; 2],
    fulfilment: Fulfilment,
}

impl Payments {
    pub(super) fn new(past: Past, circle: Circle, schedule: Schedule) -> Payments {
        let parties = ["MSISDN/10000000001", "MSISDN/10000000002"].map(|party| party.parse().expect("parties"));
        Payments { seed: past.seed, circle, schedule, parties }
    }

    /// The payment of this number, which is at this place in its transaction.
    pub(super) fn of(&self, number: u64, place: i64) -> Payment<'_> {
        let (payer, payee) = self.circle.pair(number);
        let (id, fulfilment) = secrets(self.seed, number);
        let (at, currency) = (self.schedule.at(number), self.circle.currency);
        Payment { id, place, at, currency, payer, payee, parties: &self.parties, fulfilment }
    }
}

/// The id of a transfer, a UUID of version 4, and its fulfilment: the same that a database is filled with.
pub(super) fn secrets(seed: i64, number: u64) -> (TransferId, Fulfilment) {
    let hash = sha256(&[seed.to_be_bytes(), number.to_be_bytes()].concat());
    let mut bytes = [0; Identifier::LENGTH];
    bytes[1..].copy_from_slice(&hash[..16]);
    bytes[7] = bytes[7] & 0x0f | 0x40;
    bytes[9] = bytes[9] & 0x3f | 0x80;
    let id = Identifier::from_bytes(&bytes).expect("version and variant are set");
    (TransferId(id), Fulfilment::from_bytes(sha256(&hash[..16])))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Payment<'_> {
    pub(super) fn transfer(&self) -> Transfer {
        Transfer {
            id: self.id,
            payer: self.payer.id,
            payee: Some(self.payee.id),
            amount: AMOUNT,
            currency: self.currency,
            condition: self.fulfilment.condition(),
            expiration: self.expiration(),
            prepare_hash: self.hash("prepare"),
            status: TransferStatus::Committed,
            prepared_at: self.at,
            completed_at: Some(self.committed_at()),
            ended_at: Some(self.committed_at()),
            fulfilment: Some(self.fulfilment),
            answer_hash: Some(self.hash("fulfil")),
            abort_reason: None,
        }
    }

    pub(super) fn entries(&self) -> [Entry; 2] {
        let entry = |kind, raised, lowered, at| Entry {
            transfer_id: self.id,
            kind,
            raised,
            lowered,
            amount: AMOUNT,
            currency: self.currency,
            at,
        };
        [
            entry(EntryKind::Reserve, self.payer.position, AccountId::TRANSIT, self.at),
            entry(EntryKind::Commit, AccountId::TRANSIT, self.payee.position, self.committed_at()),
        ]
    }

    pub(super) fn quote(&self) -> Quote {
        Quote {
            id: self.quote_id(),
            payer: self.payer.id,
            payee: self.payee.id,
            request_hash: self.hash("quote"),
            status: QuoteStatus::Answered,
            answer_hash: Some(self.hash("terms")),
            requested_at: self.quoted_at(),
            answered_at: Some(self.at),
        }
    }

    /// The packet of the transfer, as long as real ones.
    pub(super) fn packet(&self) -> String {
        let packet = IlpPacket::Prepare {
            amount: 10_u64.pow(u32::from(self.currency.minor_unit_digits())),
            expires_at: self.expiration(),
            condition: self.fulfilment.condition(),
            destination: "g.mojaloop".to_owned(),
            data: IlpPacket::data_of(&self.transaction()),
        };
        packet.to_string()
    }

    /// What payer and payee agreed on, in the words of the quote's request.
    fn transaction(&self) -> Vec<u8> {
        let party = |party, fsp| Party {
            party_id_info: PartyIdInfo::new(party, Some(fsp)),
            name: None,
            personal_info: None,
            supported_currencies: &[],
        };
        to_body(&QuoteRequestBody {
            quote_id: self.quote_id(),
            transaction_id: TransactionId(self.id.0),
            payee: party(&self.parties[1], &self.payee.name),
            payer: party(&self.parties[0], &self.payer.name),
            amount_type: AmountType::Send,
            amount: Money { currency: self.currency, amount: AMOUNT },
            transaction_type: TransactionType { scenario: "TRANSFER", initiator: "PAYER", initiator_type: "CONSUMER" },
            expiration: None,
            note: None,
        })
    }

    /// What was sent, and what it is about; `first` is the number of the transaction's first message.
    pub(super) fn messages(&self, first: MessageId) -> [(SentMessage, Subject); MESSAGES] {
        let (quote, transfer) = (Subject::Quote(self.quote_id()), Subject::Transfer(self.id));
        let number = first.0 + self.place * MESSAGES as i64;
        let (payer, payee, id) = (&self.payer.name, &self.payee.name, self.id);
        [
            (sent(number, Method::Post, payee, "/quotes".to_owned(), self.quoted_at()), quote.clone()),
            (sent(number + 1, Method::Put, payer, format!("/quotes/{id}"), self.at), quote),
            (sent(number + 2, Method::Post, payee, "/transfers".to_owned(), self.at), transfer.clone()),
            (sent(number + 3, Method::Put, payer, format!("/transfers/{id}"), self.committed_at()), transfer),
        ]
    }

    fn quote_id(&self) -> QuoteId {
        QuoteId(self.id.0)
    }

    fn quoted_at(&self) -> Timestamp {
        self.at.plus_millis(-QUOTED_MS)
    }

    fn committed_at(&self) -> Timestamp {
        self.at.plus_millis(COMMITTED_MS)
    }

    fn expiration(&self) -> Timestamp {
        self.at.plus_millis(VALID_MS)
    }

    /// Of the content of a message, which the past does not have.
    fn hash(&self, message: &str) -> ContentHash {
        ContentHash(sha256(&[message.as_bytes(), &self.id.0.to_bytes()].concat()))
    }
}

/// A message that was delivered at the first attempt.
fn sent(number: i64, method: Method, recipient: &FspId, path: String, created_at: Timestamp) -> SentMessage {
    SentMessage {
        id: MessageId(number),
        recipient: recipient.clone(),
        method,
        path: path.into(),
        created_at,
        attempts: 1,
        last_attempt_at: Some(created_at.plus_millis(DELIVERED_MS)),
        fate: Fate::Delivered,
    }
}
