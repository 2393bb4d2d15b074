//! The commands of which the cases are made: a small scheme with three participants and one currency.

use bytes::Bytes;
use fspiop::{Amount, Currency, FspId, Fulfilment, PartyId, QuoteId, Timestamp, TransferId, headers};
use ledger::{
    AbortReason, AccountId, AccountType, FundsRequest, FundsStatus, InitialPositionAndLimits, NewParticipant,
    TransferStatus,
};
use switch::{
    Administration, Command, Delivery, DeliveryResult, FundsOutEnd, Headers, Inbound, Message, Method, NeededAccounts,
    content_hash,
};

/// When the clock starts: 2026-11-22T14:00:00Z.
pub(super) const START: Timestamp = Timestamp::from_millis(1_795_356_000_000);
/// How long a payment is valid, in milliseconds.
pub(super) const VALIDITY_MS: i64 = 30_000;

/// The hub's name.
pub(super) const HUB: &str = "Hub";
/// A participant that pays.
pub(super) const PAYER: &str = "payerfsp";
/// A participant that is paid.
pub(super) const PAYEE: &str = "payeefsp";
/// A participant that looks on.
pub(super) const OTHER: &str = "otherfsp";

/// The hub's account for what has been paid in.
pub(super) const RECONCILIATION: AccountId = AccountId(1);
/// The payer's position.
pub(super) const PAYER_POSITION: AccountId = AccountId(3);
/// What the payer has paid in.
pub(super) const PAYER_SETTLEMENT: AccountId = AccountId(4);
/// The payee's position.
pub(super) const PAYEE_POSITION: AccountId = AccountId(5);

/// A name that is one.
pub(super) fn fsp(name: &str) -> FspId {
    FspId::parse(name).expect("names in the suite are valid")
}

/// The currency of the scheme.
pub(super) fn usd() -> Currency {
    currency("USD")
}

/// A code that is one.
pub(super) fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("codes in the suite are valid")
}

/// A decimal number as an amount.
pub(super) fn amount(text: &str) -> Amount {
    Amount::parse_decimal(text).expect("amounts in the suite are valid")
}

/// A party by its printed form.
pub(super) fn party(text: &str) -> PartyId {
    PartyId::parse(text).expect("parties in the suite are valid")
}

/// The transfer id of this number, a UUID.
pub(super) fn transfer_id(number: u32) -> TransferId {
    TransferId::parse(&uuid(number)).expect("made in the right form")
}

/// The quote id of this number, a UUID.
pub(super) fn quote_id(number: u32) -> QuoteId {
    QuoteId::parse(&uuid(number)).expect("made in the right form")
}

fn uuid(number: u32) -> String {
    format!("{number:08x}-ee48-4575-b6a9-ead2955b8069")
}

/// The commands that bring the scheme to life: hub accounts, three participants, the payer with a cap of 1000 and 10000
/// paid in.
pub(super) fn onboarding() -> Vec<Command> {
    let mut commands = hub_accounts(usd());
    commands.extend([PAYER, PAYEE, OTHER].map(|name| register(name, Some(usd()))));
    commands.extend([cap(PAYER, "1000"), cap(PAYEE, "1000"), funds_in(1, PAYER, PAYER_SETTLEMENT, "10000")]);
    commands
}

/// The hub's accounts in a currency.
pub(super) fn hub_accounts(currency: Currency) -> Vec<Command> {
    let account = |kind| Command::Administer(Administration::CreateHubAccount(fsp(HUB), currency, kind));
    vec![account(AccountType::HubReconciliation), account(AccountType::HubMultilateralSettlement)]
}

/// Registers a participant, or gives it a further currency.
pub(super) fn register(name: &str, currency: Option<Currency>) -> Command {
    Command::Administer(Administration::RegisterParticipant(NewParticipant { name: fsp(name), currency }))
}

/// Sets the first cap of a participant.
pub(super) fn cap(name: &str, cap: &str) -> Command {
    Command::Administer(Administration::SetInitialLimits(InitialPositionAndLimits {
        participant: fsp(name),
        currency: usd(),
        net_debit_cap: amount(cap),
        initial_position: Amount::ZERO,
    }))
}

/// Records that a participant has paid in.
pub(super) fn funds_in(number: u32, name: &str, account: AccountId, paid: &str) -> Command {
    funds_in_of(number, name, account, amount(paid))
}

/// Records that a participant has paid in any amount.
pub(super) fn funds_in_of(number: u32, name: &str, account: AccountId, amount: Amount) -> Command {
    Command::Administer(Administration::RecordFundsIn(FundsRequest {
        id: funds_id(number),
        participant: fsp(name),
        account,
        amount,
        currency: None,
        hash: content_hash(format!("{name} {account:?} {amount}").as_bytes()),
    }))
}

/// Prepares that a participant is paid out.
pub(super) fn funds_out(number: u32, name: &str, account: AccountId, paid: &str) -> Command {
    match funds_in(number, name, account, paid) {
        Command::Administer(Administration::RecordFundsIn(request)) => {
            Command::Administer(Administration::ReserveFundsOut(request))
        }
        other => other,
    }
}

/// The payment out of this number is done, or called off.
pub(super) fn funds_out_end(number: u32, name: &str, account: AccountId, done: bool) -> Command {
    let end = if done { FundsStatus::Committed } else { FundsStatus::Aborted };
    let end = FundsOutEnd { participant: fsp(name), account, id: funds_id(number), end };
    Command::Administer(Administration::EndFundsOut(end))
}

/// The id of a movement of funds.
pub(super) fn funds_id(number: u32) -> TransferId {
    TransferId::parse(&format!("{number:08x}-0000-4000-8000-000000000000")).expect("made in the right form")
}

/// A message of an FSP.
pub(super) fn inbound(source: &str, method: Method, path: &str, body: &[u8]) -> Inbound {
    let mut headers = Headers::new();
    headers.set(headers::FSPIOP_SOURCE, source);
    headers.set(headers::FSPIOP_SIGNATURE, r#"{"signature":"abc:def","protectedHeader":""}"#);
    headers.set(headers::TRACESTATE, "");
    Inbound {
        source: fsp(source),
        destination: None,
        method,
        path: path.into(),
        headers,
        body: Bytes::copy_from_slice(body),
    }
}

/// A payment and everything that can be said about it.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    /// Its id.
    pub(super) id: TransferId,
    /// Who pays.
    pub(super) payer: &'static str,
    /// Who is paid.
    pub(super) payee: &'static str,
    /// How much.
    pub(super) amount: Amount,
    /// Its last moment.
    pub(super) expiration: Timestamp,
}

impl Payment {
    /// What stands in each payment's ILP packet.
    pub(super) const ILP_PACKET: &str = "AYIBgQ_-«»";

    /// A payment of this amount from the payer to the payee, valid from the start of the clock.
    pub(super) fn new(number: u32, text: &str) -> Payment {
        Payment {
            id: transfer_id(number),
            payer: PAYER,
            payee: PAYEE,
            amount: amount(text),
            expiration: START.plus_millis(VALIDITY_MS),
        }
    }

    /// The preimage of its condition.
    pub(super) fn fulfilment(&self) -> Fulfilment {
        let mut bytes = [7; 32];
        bytes[..17].copy_from_slice(&self.id.0.to_bytes());
        Fulfilment::from_bytes(bytes)
    }

    /// The payer asks.
    pub(super) fn prepare(&self) -> Command {
        let body = format!("{} {} {} {} {}", self.id, self.payer, self.payee, self.amount, self.expiration);
        let prepare = ledger::Prepare {
            transfer_id: self.id,
            payer: fsp(self.payer),
            payee: fsp(self.payee),
            amount: self.amount,
            currency: usd(),
            condition: self.fulfilment().condition(),
            expiration: self.expiration,
            may_be_on_us: false,
            hash: content_hash(body.as_bytes()),
        };
        Command::Prepare {
            inbound: inbound(self.payer, Method::Post, "/transfers", body.as_bytes()),
            prepare,
            ilp_packet: Payment::ILP_PACKET.into(),
        }
    }

    /// The payee agrees.
    pub(super) fn fulfil(&self) -> Command {
        self.fulfil_with(self.fulfilment(), false)
    }

    /// The payee agrees with this preimage, and wants to hear of the end if `notify`.
    pub(super) fn fulfil_with(&self, fulfilment: Fulfilment, notify: bool) -> Command {
        let inbound = self.answer("", fulfilment.to_string().as_bytes());
        let fulfil = ledger::Fulfil {
            transfer_id: self.id,
            source: fsp(self.payee),
            fulfilment: Some(fulfilment),
            completed_at: None,
            hash: content_hash(&inbound.body),
        };
        Command::Fulfil { inbound, fulfil, notify }
    }

    /// The payee declines.
    pub(super) fn reject(&self) -> Command {
        self.abort(TransferStatus::AbortedRejected)
    }

    /// The payee answers with an error.
    pub(super) fn fail(&self) -> Command {
        self.abort(TransferStatus::AbortedError)
    }

    fn abort(&self, status: TransferStatus) -> Command {
        let inbound = self.answer("/error", status.as_str().as_bytes());
        let abort = ledger::Abort {
            transfer_id: self.id,
            source: fsp(self.payee),
            status,
            reason: AbortReason { code: "5104".into(), description: "Payee rejected – «no»".into() },
            hash: content_hash(&inbound.body),
        };
        Command::Abort { inbound, abort }
    }

    fn answer(&self, suffix: &str, body: &[u8]) -> Inbound {
        inbound(self.payee, Method::Put, &format!("/transfers/{}{suffix}", self.id), body)
    }
}

/// The payer asks for terms.
pub(super) fn request_quote(id: QuoteId, body: &[u8]) -> Command {
    let hash = content_hash(body);
    Command::RequestQuote {
        inbound: inbound(PAYER, Method::Post, "/quotes", body),
        quote_id: id,
        payee: fsp(PAYEE),
        needs: NeededAccounts::default(),
        hash,
    }
}

/// Somebody answers with terms, or with an error.
pub(super) fn answer_quote(source: &str, id: QuoteId, body: &[u8], failed: bool) -> Command {
    let inbound = inbound(source, Method::Put, &format!("/quotes/{id}"), body);
    Command::AnswerQuote { inbound, quote_id: id, needs: NeededAccounts::default(), hash: content_hash(body), failed }
}

/// An FSP enters one of its parties.
pub(super) fn register_party(source: &str, party: &PartyId, currency: Option<Currency>) -> Command {
    let path = format!("/participants/{}", party.uri_path());
    Command::RegisterParty {
        inbound: inbound(source, Method::Post, &path, b"{}"),
        party: party.clone(),
        fsp: fsp(source),
        currency,
    }
}

/// An FSP takes out one of its parties.
pub(super) fn remove_party(source: &str, party: &PartyId) -> Command {
    let inbound = inbound(source, Method::Delete, &format!("/participants/{}", party.uri_path()), b"");
    Command::RemoveParty { inbound, party: party.clone(), currency: None }
}

/// The operator enters a party, whoever serves it.
pub(super) fn enter_party(name: &str, party: &PartyId, currency: Option<Currency>) -> Command {
    Command::Administer(Administration::EnterParty(party.clone(), currency, fsp(name)))
}

/// Messages that arrived.
pub(super) fn delivered(messages: &[Message]) -> Command {
    let delivered =
        |message: &Message| Delivery { message: message.id, attempts: 1, at: START, result: DeliveryResult::Delivered };
    Command::Deliveries(messages.iter().map(delivered).collect())
}

/// A message that is not tried any more.
pub(super) fn given_up(message: &Message) -> Command {
    let result = DeliveryResult::GaveUp {
        message: Box::new(message.clone()),
        refused: false,
        reason: "connection refused".into(),
    };
    Command::Deliveries(vec![Delivery { message: message.id, attempts: 1, at: START, result }])
}

/// A message that did not arrive so far.
pub(super) fn failing(message: &Message, attempts: u32, reason: &str) -> Command {
    let result = DeliveryResult::Failing { reason: reason.into() };
    let at = START.plus_millis(i64::from(attempts));
    Command::Deliveries(vec![Delivery { message: message.id, attempts, at, result }])
}
