//! Tales of payments in all their endings.

use fspiop::{Amount, Currency, ErrorCode, FspId, FspiopError, Fulfilment, Identifier, QuoteId, Timestamp, TransferId};
use ledger::{
    AbortReason, AccountId, ContentHash, FundsDirection, FundsMovement, FundsStatus, Participant, ParticipantId,
    Registry, Transfer, TransferStatus,
};
use store::{ArchivedId, Fate, SentMessage, Story};
use switch::{MessageId, Method, Quote, QuoteStatus};

use super::{Kind, Tale, Trace, human};
use crate::delivery::SchedulerSettings;

const START: Timestamp = Timestamp::from_millis(1_795_356_000_000);
const PAYER: ParticipantId = ParticipantId(2);
const PAYEE: ParticipantId = ParticipantId(3);
const REFUSED: &str = "client error (Connect): tcp connect error: Connection refused (os error 111)";

fn at(millis: i64) -> Timestamp {
    START.plus_millis(millis)
}

fn transfer_id() -> TransferId {
    TransferId(Identifier::from_ulid_bits(1))
}

fn quote_id() -> QuoteId {
    QuoteId(Identifier::from_ulid_bits(2))
}

fn names() -> Registry {
    let mut registry = Registry::new(FspId::parse("Hub").unwrap(), START);
    for (id, name) in [(PAYER, "payerfsp"), (PAYEE, "payeefsp")] {
        registry.put_participant(Participant {
            id,
            name: FspId::parse(name).unwrap(),
            active: true,
            created_at: START,
        });
    }
    registry
}

fn sent(to: &str, method: Method, path: &str, created: i64, fate: Fate) -> SentMessage {
    let attempts = match &fate {
        Fate::Pending { reason: None } => 0,
        Fate::Delivered => 1,
        Fate::Pending { reason: Some(_) } | Fate::GaveUp { .. } => 7,
    };
    SentMessage {
        id: MessageId(created + 1),
        recipient: FspId::parse(to).unwrap(),
        method,
        path: path.replace("{id}", &transfer_id().to_string()).replace("{quote}", &quote_id().to_string()).into(),
        created_at: at(created),
        attempts,
        last_attempt_at: (attempts > 0).then(|| at(created + 2)),
        fate,
    }
}

fn failing() -> Fate {
    Fate::Pending { reason: Some(REFUSED.into()) }
}

fn given_up() -> Fate {
    Fate::GaveUp { reason: REFUSED.into() }
}

fn waiting() -> Fate {
    Fate::Pending { reason: None }
}

fn transfer(status: TransferStatus, reason: Option<(&str, &str)>) -> Transfer {
    let fulfilment = Fulfilment::from_bytes([7; 32]);
    let committed = status == TransferStatus::Committed;
    let reason = reason.map(|(code, description)| AbortReason { code: code.into(), description: description.into() });
    Transfer {
        id: transfer_id(),
        payer: PAYER,
        payee: Some(PAYEE),
        amount: Amount::parse("12.5").unwrap(),
        currency: Currency::parse("USD").unwrap(),
        condition: fulfilment.condition(),
        expiration: at(30_000),
        prepare_hash: ContentHash([1; 32]),
        status,
        prepared_at: at(20),
        completed_at: status.is_final().then(|| at(30)),
        ended_at: status.is_final().then(|| at(30)),
        fulfilment: committed.then_some(fulfilment),
        answer_hash: None,
        abort_reason: reason,
    }
}

fn quote(status: QuoteStatus) -> Quote {
    Quote {
        id: quote_id(),
        payer: PAYER,
        payee: PAYEE,
        request_hash: ContentHash([1; 32]),
        status,
        answer_hash: None,
        requested_at: at(0),
        answered_at: (status != QuoteStatus::Pending).then(|| at(10)),
    }
}

fn agreement(told: Fate) -> Story {
    Story {
        quote: Some(quote(QuoteStatus::Answered)),
        messages: vec![
            sent("payeefsp", Method::Post, "/quotes", 0, Fate::Delivered),
            sent("payerfsp", Method::Put, "/quotes/{quote}", 10, told),
        ],
        ..Story::default()
    }
}

fn tell(story: &Story, agreement: Option<&Story>, now: Timestamp) -> Option<Trace> {
    let names = names();
    Tale { id: transfer_id(), story, agreement, names: &names, now, pauses: SchedulerSettings::default() }.tell()
}

fn clearing(transfer: Transfer, messages: Vec<SentMessage>) -> Story {
    Story { transfer: Some(transfer), messages, ..Story::default() }
}

#[test]
fn agreement_and_clearing_are_one_story() {
    let messages = vec![
        sent("payeefsp", Method::Post, "/transfers", 20, Fate::Delivered),
        sent("payerfsp", Method::Put, "/transfers/{id}", 30, Fate::Delivered),
        sent("payeefsp", Method::Patch, "/transfers/{id}", 30, Fate::Delivered),
    ];
    let story = clearing(transfer(TransferStatus::Committed, None), messages);
    let trace = tell(&story, Some(&agreement(Fate::Delivered)), at(1_000)).unwrap();
    let told: Vec<_> = trace.events.iter().map(|event| (event.time.millis_since(START), event.sentence())).collect();
    let id = transfer_id();
    let expected = [
        (0, "payerfsp asked payeefsp for terms".to_owned()),
        (2, "payeefsp took POST /quotes".to_owned()),
        (10, "payeefsp gave its terms".to_owned()),
        (12, format!("payerfsp took PUT /quotes/{}", quote_id())),
        (20, "reserved 12.5 USD of payerfsp for payeefsp".to_owned()),
        (22, "payeefsp took POST /transfers".to_owned()),
        (30, "committed: payeefsp gave the fulfilment and has 12.5 USD".to_owned()),
        (32, format!("payerfsp took PUT /transfers/{id}")),
        (32, format!("payeefsp took PATCH /transfers/{id}")),
    ];
    assert_eq!(told, expected);
    assert_eq!((trace.about, trace.transfer_id, trace.quote_id), (Kind::Transfer, Some(id), Some(quote_id())));
    assert_eq!((trace.state.as_str(), trace.status.as_str()), ("COMMITTED", "COMMITTED"));
}

/// Where a transfer stands, and what comes next.
#[track_caller]
fn check(transfer: Transfer, messages: Vec<SentMessage>, now: i64, standing: &str, next: &str) {
    let trace = tell(&clearing(transfer, messages), None, at(now)).unwrap();
    let filled = |text: &str| text.replace("{id}", &transfer_id().to_string());
    assert_eq!((trace.standing, trace.next), (filled(standing), filled(next)));
}

fn request(fate: Fate) -> SentMessage {
    sent("payeefsp", Method::Post, "/transfers", 20, fate)
}

#[test]
fn while_it_is_reserved() {
    let reserved = || transfer(TransferStatus::Reserved, None);
    let expires = format!("it expires in 29 s (at {}), and both are told", at(30_000));
    let check = |messages, now, standing, next: String| check(reserved(), messages, now, standing, &next);
    check(
        vec![request(Fate::Delivered)],
        522,
        "RESERVED: waits for the answer of payeefsp, which took the request 500 ms ago",
        expires.clone(),
    );
    check(
        vec![request(failing())],
        1_000,
        "RESERVED, but payeefsp has not taken the request yet: 7 attempts, Connection refused (os error 111)",
        format!("the next attempt is due within 5.4 s; {expires}"),
    );
    check(
        vec![request(waiting())],
        1_000,
        "RESERVED, but payeefsp has not taken the request yet: no failure is known",
        format!("it is tried again within seconds; {expires}"),
    );
    check(
        vec![request(Fate::GaveUp { reason: "answered 404 Not Found".into() })],
        1_000,
        "RESERVED, but payeefsp does not take the request: answered 404 Not Found",
        expires.clone(),
    );
    check(Vec::new(), 1_000, "RESERVED; no request to payeefsp is in the store", expires);
    let late = tell(&clearing(reserved(), Vec::new()), None, at(31_000)).unwrap();
    assert_eq!(late.standing, "RESERVED, though its time ran out 1.0 s ago");
}

#[test]
fn after_the_end() {
    let committed = || transfer(TransferStatus::Committed, None);
    let to_payer = |fate| sent("payerfsp", Method::Put, "/transfers/{id}", 30, fate);
    let over = "nothing: it is over";
    check(committed(), vec![to_payer(Fate::Delivered)], 100, "COMMITTED, and payerfsp was told", over);
    check(
        committed(),
        vec![to_payer(failing())],
        100,
        "COMMITTED, but payerfsp was not told yet: 7 attempts, Connection refused (os error 111)",
        "the next attempt is due within 6.3 s, for a day; payerfsp can ask: GET /transfers/{id}",
    );
    check(
        committed(),
        vec![to_payer(given_up())],
        100,
        "COMMITTED, but payerfsp never took the message that says so: Connection refused (os error 111)",
        "payerfsp can ask: GET /transfers/{id}",
    );
    check(
        committed(),
        vec![to_payer(Fate::Delivered), sent("payeefsp", Method::Patch, "/transfers/{id}", 30, failing())],
        100_000,
        "COMMITTED, and payerfsp was told; payeefsp was not yet: 7 attempts, Connection refused (os error 111)",
        "the next attempt is under way or due, for a day",
    );
}

#[test]
fn why_there_was_no_payment() {
    let over = "nothing: it is over";
    let error = || sent("payerfsp", Method::Put, "/transfers/{id}/error", 30, Fate::Delivered);
    let expired = || transfer(TransferStatus::ExpiredReserved, Some(("3303", "Transfer expired")));
    for (fate, why) in [
        (Fate::Delivered, "payeefsp took the request and did not answer in time"),
        (given_up(), "payeefsp did not take the request in time: Connection refused (os error 111)"),
        (waiting(), "payeefsp did not take the request in time"),
    ] {
        let standing = format!("ABORTED (EXPIRED_RESERVED): {why}, and payerfsp was told");
        check(expired(), vec![request(fate), error()], 31_000, &standing, over);
    }
    let poor = transfer(TransferStatus::Invalid, Some(("4001", "Payer FSP insufficient liquidity")));
    let standing =
        "ABORTED (INVALID): the hub refused it, 4001 Payer FSP insufficient liquidity, and payerfsp was told";
    check(poor.clone(), vec![error()], 100, standing, over);
    let trace = tell(&clearing(poor, vec![error()]), None, at(100)).unwrap();
    assert_eq!(
        trace.events[0].sentence(),
        "refused to reserve 12.5 USD of payerfsp: 4001 Payer FSP insufficient liquidity"
    );
}

#[test]
fn what_a_payee_writes_is_not_passed_on() {
    let said = ("5103", "Payee FSP rejected transaction - the account of Alice Alpaca, 27713803912, is closed");
    let story = clearing(transfer(TransferStatus::AbortedError, Some(said)), Vec::new());
    let text = serde_json::to_string(&tell(&story, None, at(100)).unwrap()).unwrap();
    assert!(text.contains("5103") && !text.contains("Alice") && !text.contains("27713803912"), "{text}");
    let wrong = FspiopError::new(ErrorCode::ValidationError, "invalid fulfilment");
    let hubs_own = (wrong.code.text(), wrong.wire_description());
    let story = clearing(transfer(TransferStatus::AbortedError, Some(hubs_own)), Vec::new());
    let trace = tell(&story, None, at(100)).unwrap();
    assert!(trace.events[1].sentence().ends_with(wrong.wire_description()), "{:?}", trace.events);
}

#[test]
fn a_quote_alone() {
    let id = TransferId(quote_id().0);
    let names = names();
    let tell = |story: &Story| {
        let pauses = SchedulerSettings::default();
        Tale { id, story, agreement: None, names: &names, now: at(100), pauses }.tell().unwrap()
    };
    let trace = tell(&agreement(Fate::Delivered));
    assert_eq!((trace.about, trace.transfer_id, trace.quote_id), (Kind::Quote, None, Some(quote_id())));
    assert_eq!((trace.state.as_str(), trace.standing.as_str()), ("ANSWERED", "ANSWERED, and payerfsp was told"));
    assert_eq!(trace.next, "payerfsp decides whether to pay");
    let failed = tell(&Story { quote: Some(quote(QuoteStatus::Failed)), ..agreement(Fate::Delivered) });
    assert_eq!(
        (failed.standing.as_str(), failed.next.as_str()),
        ("FAILED, and payerfsp was told", "nothing: there are no terms")
    );
    let untold = tell(&agreement(failing()));
    assert!(untold.standing.starts_with("ANSWERED, but payerfsp was not told yet: 7 attempts"), "{}", untold.standing);
    let asked = |fate| Story {
        quote: Some(quote(QuoteStatus::Pending)),
        messages: vec![sent("payeefsp", Method::Post, "/quotes", 0, fate)],
        ..Story::default()
    };
    assert_eq!(tell(&asked(Fate::Delivered)).standing, "PENDING: waits for the terms of payeefsp");
    assert!(tell(&asked(failing())).standing.starts_with("PENDING: payeefsp has not taken the request yet"));
}

#[test]
fn movements_of_funds() {
    let funds = |direction, status| FundsMovement {
        id: transfer_id(),
        direction,
        status,
        participant: PAYER,
        account: AccountId(3),
        amount: Amount::parse("100").unwrap(),
        currency: Currency::parse("USD").unwrap(),
        hash: ContentHash([1; 32]),
        recorded_at: at(0),
        ended_at: (status != FundsStatus::Reserved).then(|| at(50)),
    };
    for (direction, status, events, standing) in [
        (FundsDirection::In, FundsStatus::Committed, 1, "COMMITTED: payerfsp has paid in 100 USD"),
        (FundsDirection::Out, FundsStatus::Reserved, 1, "RESERVED: 100 USD of payerfsp are set aside to be paid out"),
        (FundsDirection::Out, FundsStatus::Committed, 2, "COMMITTED: payerfsp was paid 100 USD"),
        (FundsDirection::Out, FundsStatus::Aborted, 2, "ABORTED: payerfsp has 100 USD again"),
    ] {
        let story = Story { funds: Some(funds(direction, status)), ..Story::default() };
        let trace = tell(&story, None, at(100)).unwrap();
        assert_eq!((trace.about, trace.events.len(), trace.standing.as_str()), (Kind::Funds, events, standing));
    }
}

#[test]
fn what_nobody_knows() {
    assert_eq!(tell(&Story::default(), None, START), None);
    let message = sent("stranger", Method::Put, "/transfers/{id}/error", 0, Fate::Delivered);
    let only_messages = Story { messages: vec![message], ..Story::default() };
    let trace = tell(&only_messages, None, at(100)).unwrap();
    assert_eq!((trace.state.as_str(), trace.events.len()), ("UNKNOWN", 1));
}

#[test]
fn what_was_archived() {
    for (is_quote, table) in [(false, "transfer"), (true, "quote")] {
        let story = Story { archived: Some(ArchivedId { at: START, is_quote }), ..Story::default() };
        let trace = tell(&story, None, at(100)).unwrap();
        let day = START.to_string()[..10].to_owned();
        assert_eq!((trace.state.as_str(), trace.transfer_id.is_none()), ("ARCHIVED", is_quote));
        assert!(trace.standing.contains(&day), "{}", trace.standing);
        assert!(trace.next.contains(&format!("{day}/{table}.csv.zst | grep ")), "{}", trace.next);
    }
}

#[test]
fn durations_are_for_people() {
    for (millis, expect) in [
        (7, "7 ms"),
        (1_250, "1.2 s"),
        (12_000, "12 s"),
        (62_000, "1 min 2 s"),
        (3_720_000, "1 h 2 min"),
        (90_000_000, "1 d 1 h"),
    ] {
        assert_eq!(human(millis), expect);
    }
}
