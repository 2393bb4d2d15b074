//! A scheme of three participants over the in-memory store, and messages written out so that tests compare them whole.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use fspiop::{Amount, Currency, FspId, Fulfilment, PartyId, QuoteId, Timestamp, TransferId, headers};
use futures_util::FutureExt;
use http::header;
use ledger::{
    Abort, AbortReason, AccountId, AccountType, Fulfil, FundsRequest, InitialPositionAndLimits, NewParticipant,
    Prepare, TransferStatus,
};
use store::{Committed, MemoryStore, Store};
use switch::{
    Administration, Command, Configuration, Headers, Inbound, Message, MessageId, Method, Outcome, content_hash,
};

/// When everything begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_356_000_000);
/// The same moment as the Date header has it.
pub(crate) const START_DATE: &str = "Sun, 22 Nov 2026 14:00:00 GMT";
/// How long a payment is valid, in milliseconds.
pub(crate) const VALIDITY_MS: i64 = 30_000;

pub(crate) const HUB: &str = "Hub";
pub(crate) const PAYER: &str = "payerfsp";
pub(crate) const PAYEE: &str = "payeefsp";
pub(crate) const OTHER: &str = "otherfsp";

/// The trace of every message that an FSP sends here.
pub(crate) const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The transfer of most tests.
pub(crate) const TRANSFER: &str = "b51ec534-ee48-4575-b6a9-ead2955b8069";
/// The quote of most tests, a ULID.
pub(crate) const QUOTE: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A name that is one.
pub(crate) fn fsp(name: &str) -> FspId {
    FspId::parse(name).unwrap()
}

/// A code that is one.
pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// The currency of the scheme.
pub(crate) fn usd() -> Currency {
    currency("USD")
}

/// A decimal number as an amount.
pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse_decimal(text).unwrap()
}

/// The transfer of most tests.
pub(crate) fn transfer_id() -> TransferId {
    TransferId::parse(TRANSFER).unwrap()
}

/// The quote of most tests.
pub(crate) fn quote_id() -> QuoteId {
    QuoteId::parse(QUOTE).unwrap()
}

/// A party by its printed form.
pub(crate) fn party(text: &str) -> PartyId {
    PartyId::parse(text).unwrap()
}

/// A store with a scheme in it: the payer may owe 100 and is covered, the others have joined.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    clock: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new() -> World {
        let clock = Arc::new(AtomicI64::new(START.as_millis()));
        let time = clock.clone();
        let now = Arc::new(move || Timestamp::from_millis(time.load(Ordering::SeqCst)));
        let world = World { store: MemoryStore::new(fsp(HUB), now), clock };
        for administration in onboarding() {
            assert_eq!(world.administer(administration), Ok(()));
        }
        world
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::SeqCst))
    }

    /// Decides a batch.
    pub(crate) fn commit(&self, commands: Vec<Command>) -> Committed {
        self.store.commit(Arc::new(commands)).now_or_never().unwrap().unwrap()
    }

    /// Decides one command, which an FSP gets no other answer to than that it was taken.
    pub(crate) fn take(&self, command: Command) -> Vec<Message> {
        let committed = self.commit(vec![command]);
        assert_eq!(committed.outcomes, [Outcome::Accepted]);
        committed.messages
    }

    /// Decides what an operator asks for.
    pub(crate) fn administer(&self, administration: Administration) -> Result<(), switch::AdministrationError> {
        let committed = self.commit(vec![Command::Administer(administration)]);
        assert!(committed.messages.is_empty());
        match &committed.outcomes[..] {
            [Outcome::Administered(result)] => result.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn configuration(&self) -> Arc<Configuration> {
        self.store.configuration().now_or_never().unwrap().unwrap()
    }

    pub(crate) fn transfer(&self) -> Option<ledger::Transfer> {
        self.store.transfer(transfer_id()).now_or_never().unwrap().unwrap()
    }

    /// Where the transfer of most tests stands.
    pub(crate) fn status(&self) -> Option<TransferStatus> {
        self.transfer().map(|transfer| transfer.status)
    }

    pub(crate) fn quote(&self) -> Option<switch::Quote> {
        self.store.quote(quote_id()).now_or_never().unwrap().unwrap()
    }

    /// What a participant owes.
    pub(crate) fn position(&self, name: &str) -> String {
        let registry = &self.configuration().registry;
        let owner = registry.participant_named(name).unwrap().id;
        let account = registry.account_of(owner, usd(), AccountType::Position).unwrap().id;
        let balances = self.store.balances(vec![account]).now_or_never().unwrap().unwrap();
        balances[0].1.amount.to_string()
    }
}

fn onboarding() -> Vec<Administration> {
    let hub_account = |kind| Administration::CreateHubAccount(fsp(HUB), usd(), kind);
    let mut steps =
        vec![hub_account(AccountType::HubReconciliation), hub_account(AccountType::HubMultilateralSettlement)];
    let join = |name| Administration::RegisterParticipant(NewParticipant { name: fsp(name), currency: Some(usd()) });
    steps.extend([PAYER, PAYEE, OTHER].map(join));
    steps.push(Administration::SetInitialLimits(InitialPositionAndLimits {
        participant: fsp(PAYER),
        currency: usd(),
        net_debit_cap: amount("100"),
        initial_position: Amount::ZERO,
    }));
    steps.push(Administration::RecordFundsIn(FundsRequest {
        id: TransferId::parse("00000001-0000-4000-8000-000000000000").unwrap(),
        participant: fsp(PAYER),
        account: AccountId(4),
        amount: amount("1000"),
        currency: None,
        hash: content_hash(b"funds"),
    }));
    steps
}

/// A message of an FSP, with all the headers that travel; the body is odd on purpose.
pub(crate) fn inbound(source: &str, destination: Option<&str>, method: Method, path: &str, body: &str) -> Inbound {
    let resource = path.split('/').nth(1).unwrap();
    let mut all = Headers::new();
    all.set(header::CONTENT_TYPE, format!("application/vnd.interoperability.{resource}+json;version=1.0"));
    if matches!(method, Method::Get | Method::Post) {
        all.set(header::ACCEPT, format!("application/vnd.interoperability.{resource}+json;version=1"));
    }
    all.set(header::DATE, "Sat, 21 Nov 2026 10:00:00 GMT");
    all.set(headers::FSPIOP_SOURCE, source);
    if let Some(destination) = destination {
        all.set(headers::FSPIOP_DESTINATION, destination);
    }
    all.set(headers::FSPIOP_SIGNATURE, r#"{"signature":"abc_-","protectedHeader":"e30"}"#);
    all.set(headers::TRACEPARENT, TRACE);
    all.set(headers::TRACESTATE, "acmevendor=1");
    Inbound {
        source: fsp(source),
        destination: destination.map(fsp),
        method,
        path: path.into(),
        headers: all,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// The preimage of the payment's condition.
pub(crate) fn fulfilment() -> Fulfilment {
    Fulfilment::from_bytes([7; 32])
}

/// The payer asks for a payment of 10; `change` makes it another one.
pub(crate) fn prepare_with(body: &str, change: impl FnOnce(&mut Inbound, &mut Prepare)) -> Command {
    let mut inbound = inbound(PAYER, Some(PAYEE), Method::Post, "/transfers", body);
    let mut prepare = Prepare {
        transfer_id: transfer_id(),
        payer: fsp(PAYER),
        payee: fsp(PAYEE),
        amount: amount("10"),
        currency: usd(),
        condition: fulfilment().condition(),
        expiration: START.plus_millis(VALIDITY_MS),
        may_be_on_us: false,
        hash: content_hash(body.as_bytes()),
    };
    change(&mut inbound, &mut prepare);
    Command::Prepare { inbound, prepare, ilp_packet: "AYIBgQ".into() }
}

/// The payer asks for a payment of 10.
pub(crate) fn prepare() -> Command {
    prepare_with("{ \"transfer\" :\t\"ten – «dollars»\" }\n", |_, _| {})
}

/// The path of the transfer.
pub(crate) fn transfer_path(suffix: &str) -> String {
    format!("/transfers/{TRANSFER}{suffix}")
}

/// Somebody agrees to the payment with this preimage.
pub(crate) fn consent_of(source: &str, fulfilment: Option<Fulfilment>, notify: bool, body: &str) -> Command {
    let inbound = inbound(source, Some(PAYER), Method::Put, &transfer_path(""), body);
    let fulfil = Fulfil {
        transfer_id: transfer_id(),
        source: fsp(source),
        fulfilment,
        completed_at: None,
        hash: content_hash(body.as_bytes()),
    };
    Command::Fulfil { inbound, fulfil, notify }
}

/// The payee says COMMITTED.
pub(crate) fn committed() -> Command {
    consent_of(PAYEE, Some(fulfilment()), false, "{ \"transferState\" :\"COMMITTED\"  }")
}

/// The payee says RESERVED.
pub(crate) fn reserved() -> Command {
    consent_of(PAYEE, Some(fulfilment()), true, "{ \"transferState\" :\"RESERVED\"  }")
}

/// The payee says ABORTED.
pub(crate) fn rejected() -> Command {
    refusal_of(PAYEE, TransferStatus::AbortedRejected, "", "{ \"transferState\" :\"ABORTED\"  }")
}

/// The payee answers with an error.
pub(crate) fn failed() -> Command {
    refusal_of(PAYEE, TransferStatus::AbortedError, "/error", "{ \"errorInformation\" :{}  }")
}

/// Somebody refuses the payment.
pub(crate) fn refusal_of(source: &str, status: TransferStatus, suffix: &str, body: &str) -> Command {
    let inbound = inbound(source, Some(PAYER), Method::Put, &transfer_path(suffix), body);
    let abort = Abort {
        transfer_id: transfer_id(),
        source: fsp(source),
        status,
        reason: AbortReason { code: "5104".into(), description: "Payee rejected transaction".into() },
        hash: content_hash(body.as_bytes()),
    };
    Command::Abort { inbound, abort }
}

/// A message written out: where it goes, all its headers, and its body.
pub(crate) fn show(message: &Message) -> String {
    let mut text = format!(
        "to {} at {}\n{} {}\n",
        message.recipient,
        message.endpoint.as_str(),
        message.method.as_str(),
        message.path
    );
    text.push_str(&message.headers.to_text());
    text.push('\n');
    text.push_str(std::str::from_utf8(&message.body).unwrap());
    text
}

/// Compares messages with what is expected of them; each expectation is what [`show`] writes, lines trimmed.
#[track_caller]
pub(crate) fn check(messages: &[Message], expect: &[String]) {
    let shown: Vec<String> = messages.iter().map(show).collect();
    assert_eq!(shown.len(), expect.len(), "{}", shown.join("\n---\n"));
    for (found, expect) in shown.iter().zip(expect) {
        assert_eq!(found, expect);
    }
    let rising = messages.windows(2).all(|pair| pair[0].id < pair[1].id);
    assert!(rising && messages.iter().all(|message| message.id > MessageId::TRANSIENT), "numbers rise");
}

/// A message that the hub makes itself, caused by a message with a trace.
pub(crate) fn by_the_hub(to: &str, endpoint: &str, method: &str, path: &str, date: &str, body: &str) -> String {
    originated(to, endpoint, method, path, date, &format!("traceparent: {TRACE}\ntracestate: acmevendor=1\n"), body)
}

/// A message that the hub makes itself because time has passed: there is no trace to go on with.
pub(crate) fn by_the_clock(to: &str, endpoint: &str, method: &str, path: &str, date: &str, body: &str) -> String {
    originated(to, endpoint, method, path, date, "", body)
}

fn originated(to: &str, endpoint: &str, method: &str, path: &str, date: &str, trace: &str, body: &str) -> String {
    let resource = path.split('/').nth(1).unwrap();
    format!(
        "to {to} at FSPIOP_CALLBACK_URL_{endpoint}\n{method} {path}\n\
         content-type: application/vnd.interoperability.{resource}+json;version=2.0\ndate: {date}\n\
         fspiop-source: Hub\nfspiop-destination: {to}\nfspiop-http-method: {method}\nfspiop-uri: {path}\n{trace}\n{body}"
    )
}

/// A message of an FSP that passes through to another one, with `extra` lines after its own headers.
pub(crate) fn passed_on(to: &str, endpoint: &str, inbound: &Inbound, extra: &str) -> String {
    format!(
        "to {to} at FSPIOP_CALLBACK_URL_{endpoint}\n{} {}\n{}{extra}\n{}",
        inbound.method.as_str(),
        inbound.path,
        inbound.headers.to_text(),
        std::str::from_utf8(&inbound.body).unwrap()
    )
}

/// The message inside a command.
pub(crate) fn message_of(command: &Command) -> Inbound {
    match command {
        Command::Prepare { inbound, .. }
        | Command::Fulfil { inbound, .. }
        | Command::Abort { inbound, .. }
        | Command::RequestQuote { inbound, .. }
        | Command::AnswerQuote { inbound, .. }
        | Command::RegisterParty { inbound, .. } => inbound.clone(),
        other => panic!("{other:?} holds no message"),
    }
}

/// The body of an error.
pub(crate) fn error_body(code: &str, description: &str) -> String {
    format!(r#"{{"errorInformation":{{"errorCode":"{code}","errorDescription":"{description}"}}}}"#)
}

/// How a payment has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TransferEnd {
    /// The payee said COMMITTED.
    Committed,
    /// The payee said RESERVED.
    CommittedOnNotice,
    /// The payee said ABORTED.
    Rejected,
    /// The payee answered with an error.
    Failed,
    /// The payee brought no fulfilment.
    WrongFulfilment,
    /// Nobody answered.
    Expired,
}

impl TransferEnd {
    pub(crate) const ALL: [TransferEnd; 6] = [
        TransferEnd::Committed,
        TransferEnd::CommittedOnNotice,
        TransferEnd::Rejected,
        TransferEnd::Failed,
        TransferEnd::WrongFulfilment,
        TransferEnd::Expired,
    ];
}
