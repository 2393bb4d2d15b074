//! Payments over real sockets.

use std::time::Duration;

use fspiop::{FspId, TransferState};
use http::StatusCode;
use participant::{
    Ending, Event, Leg, Limits, NoticeKind, PayError, PaymentResult, Phase, Running, Script, ScriptError, Settings,
    Simulator, StartError,
};

use crate::relay::{Relay, once, simulator};
use crate::world::{BOB, PAYEE, PAYER, fsp, payee, payer, script, transfer};

async fn pay(simulator: &Simulator) -> PaymentResult {
    simulator.pay(transfer(BOB)).unwrap().result().await.unwrap()
}

/// `phase from → to method path status`, with identifiers shortened.
fn describe(result: &PaymentResult) -> Vec<String> {
    let line = |leg: &Leg| {
        let path = leg.path.replace(&result.quote_id.to_string(), "Q").replace(&result.transfer_id.to_string(), "T");
        let status = leg.status.unwrap_or_default();
        format!("{} {} → {} {} {path} {status}", leg.phase, leg.from, leg.to, leg.method)
    };
    result.legs.iter().map(line).collect()
}

/// The four legs of a phase: a request and its callback, both through the hub.
fn round(phase: Phase, request: &str, callback: &str) -> [String; 4] {
    [
        format!("{phase} payerfsp → hub {request} 202"),
        format!("{phase} hub → payeefsp {request} 202"),
        format!("{phase} payeefsp → hub {callback} 200"),
        format!("{phase} hub → payerfsp {callback} 200"),
    ]
}

fn twelve_legs() -> Vec<String> {
    let party = format!("/parties/{BOB}");
    [
        round(Phase::Lookup, &format!("GET {party}"), &format!("PUT {party}")),
        round(Phase::Agreement, "POST /quotes", "PUT /quotes/Q"),
        round(Phase::Clearing, "POST /transfers", "PUT /transfers/T"),
    ]
    .concat()
}

#[tokio::test]
async fn a_payment_has_twelve_legs() {
    let simulator = simulator("").await;
    let result = pay(&simulator).await;
    assert_eq!((result.state, &result.error), (Ending::Committed, &None));
    assert_eq!(describe(&result), twelve_legs());
    assert!(result.legs.iter().all(|leg| leg.duration > Duration::ZERO));
    assert!(result.legs.is_sorted_by_key(|leg| leg.at));
    assert_eq!(result.legs[0].at.as_millis(), 0);
    assert!(result.total >= result.legs[11].at);
    let told = simulator.notices(&fsp(PAYER));
    assert_eq!(told.last().unwrap().kind, NoticeKind::State { state: TransferState::Committed });
    simulator.stop().await;
}

#[tokio::test]
async fn legs_come_as_events_as_they_happen() {
    let simulator = simulator("").await;
    let mut running = simulator.pay(transfer(BOB)).unwrap();
    let mut legs = Vec::new();
    let result = loop {
        match running.next().await.unwrap() {
            Event::Leg(leg) => legs.push(leg),
            Event::Result(result) => break result,
        }
    };
    assert_eq!(running.next().await, None);
    legs.sort_by_key(|leg| leg.at);
    assert_eq!(legs, result.legs);
}

#[tokio::test]
async fn a_reservation_ends_with_a_patch() {
    let simulator = simulator("reserve").await;
    let result = pay(&simulator).await;
    assert_eq!(result.state, Ending::Committed);
    let (mut found, mut expect) = (describe(&result), twelve_legs());
    expect.push("clearing hub → payeefsp PATCH /transfers/T 200".to_owned());
    // The hub tells both FSPs at once.
    found.sort();
    expect.sort();
    assert_eq!(found, expect);
    let told = simulator.notices(&fsp(PAYEE));
    assert_eq!(told[0].kind, NoticeKind::State { state: TransferState::Committed });
}

#[tokio::test]
async fn legs_are_found_without_traces() {
    let relay = Relay::start(true).await;
    let simulator = relay.simulator(Script::default(), once()).await;
    let running: Vec<Running> = (0..50).map(|_| simulator.pay(transfer(BOB)).unwrap()).collect();
    for running in running {
        let result = running.result().await.unwrap();
        assert_eq!(result.state, Ending::Committed);
        let (mut found, mut expect) = (describe(&result), twelve_legs());
        found.sort();
        expect.sort();
        assert_eq!(found, expect);
    }
}

#[tokio::test]
async fn many_payments_at_once_keep_their_legs_apart() {
    let simulator = simulator("").await;
    let running: Vec<Running> = (0..200).map(|_| simulator.pay(transfer(BOB)).unwrap()).collect();
    for running in running {
        let result = running.result().await.unwrap();
        assert_eq!((result.state, result.legs.len()), (Ending::Committed, 12), "{:#?}", describe(&result));
    }
}

/// How a payment ends when the payee's FSP follows a script, and one leg that shows it.
async fn check(short: &str, ending: Ending, code: Option<&str>, legs: usize, leg: &str) {
    let result = pay(&simulator(short).await).await;
    let found = result.error.as_ref().and_then(|error| error.code.as_deref());
    let described = describe(&result);
    assert_eq!((result.state, found), (ending, code), "{short}: {result:#?}");
    assert_eq!(described.len(), legs, "{short}: {described:#?}");
    assert!(described.iter().any(|found| found == leg), "{short}: {described:#?}");
}

#[tokio::test]
async fn scripts_show() {
    let party = format!("/parties/{BOB}");
    check("error=3204", Ending::Failed, Some("3204"), 4, &format!("lookup hub → payerfsp PUT {party}/error 200")).await;
    check("agreement: error=5101", Ending::Failed, Some("5101"), 8, "agreement payeefsp → hub PUT /quotes/Q/error 200")
        .await;
    check(
        "clearing: error=5104",
        Ending::Aborted,
        Some("5104"),
        12,
        "clearing hub → payerfsp PUT /transfers/T/error 200",
    )
    .await;
    check("reject", Ending::Aborted, None, 12, "clearing hub → payerfsp PUT /transfers/T 200").await;
    check("wrong-fulfilment", Ending::Committed, None, 12, "clearing hub → payerfsp PUT /transfers/T 200").await;
    check("lookup: copies=3", Ending::Committed, None, 16, &format!("lookup payeefsp → hub PUT {party} 200")).await;
    check("status=299", Ending::Committed, None, 12, "clearing hub → payeefsp POST /transfers 299").await;
}

#[tokio::test]
async fn an_unknown_party_is_an_error() {
    let simulator = simulator("").await;
    let result = simulator.pay(transfer("MSISDN/9")).unwrap().result().await.unwrap();
    let error = result.error.unwrap();
    assert_eq!((result.state, result.legs.len()), (Ending::Failed, 4));
    assert_eq!(
        (error.phase, error.code.as_deref(), error.description.as_str()),
        (Phase::Lookup, Some("3204"), "Party not found")
    );
}

#[tokio::test]
async fn delayed_callbacks_come_later() {
    let result = pay(&simulator("agreement: delay-ms=30").await).await;
    assert_eq!((result.state, result.legs.len()), (Ending::Committed, 12));
    assert!(result.total >= Duration::from_millis(30));
}

/// Waits until the payer has its HTTP answer and the payee's FSP has taken the message, and then lets the rest of the
/// time pass at once.
async fn check_timeout(short: &str, phase: Phase, status: u16, legs: usize) {
    let simulator = simulator(short).await;
    let mut running = simulator.pay(transfer(BOB)).unwrap();
    let mut seen = 0;
    while seen < 2 {
        let Some(Event::Leg(leg)) = running.next().await else { panic!("{short}: the payment ended early") };
        seen += usize::from(leg.phase == phase);
        assert!(leg.phase < phase || leg.from == PAYER || leg.status == Some(status), "{leg:?}");
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    let result = running.result().await.unwrap();
    tokio::time::resume();
    let error = result.error.as_ref().unwrap();
    assert_eq!((result.state, error.phase, result.legs.len()), (Ending::TimedOut, phase, legs), "{short} {result:#?}");
    assert!(result.total >= Duration::from_secs(30));
}

#[tokio::test]
async fn silence_times_out() {
    check_timeout("silent", Phase::Lookup, 202, 2).await;
    check_timeout("agreement: silent", Phase::Agreement, 202, 6).await;
    check_timeout("clearing: silent", Phase::Clearing, 202, 10).await;
    check_timeout("clearing: status=503", Phase::Clearing, 503, 10).await;
}

#[tokio::test]
async fn a_hub_that_is_busy_is_asked_again() {
    let relay = Relay::start(false).await;
    let simulator = relay.simulator(Script::default(), Limits::default()).await;
    relay.refuse_next([StatusCode::SERVICE_UNAVAILABLE; 2]);
    let result = pay(&simulator).await;
    let described = describe(&result);
    assert_eq!(result.state, Ending::Committed, "{result:#?}");
    let refused = format!("lookup payerfsp → hub GET /parties/{BOB} 503");
    assert_eq!(described[..2], [refused.clone(), refused]);
    assert_eq!(described[2..], twelve_legs());
}

#[tokio::test]
async fn a_hub_that_refuses_ends_the_payment() {
    let relay = Relay::start(false).await;
    let simulator = relay.simulator(Script::default(), once()).await;
    relay.refuse_next([StatusCode::BAD_REQUEST]);
    let result = pay(&simulator).await;
    assert_eq!((result.state, result.legs.len()), (Ending::Failed, 1));
    assert_eq!(result.error.unwrap().description, "the hub answered with HTTP status 400");
}

#[tokio::test]
async fn a_hub_that_is_not_there_ends_the_payment() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hub = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings =
        Settings { control: None, limits: once(), ..Settings::new(&hub, vec![(payer(), Script::default())]) };
    let result = pay(&Simulator::start(settings).await.unwrap()).await;
    assert_eq!((result.state, result.legs.len(), result.legs[0].status), (Ending::Failed, 1, None));
    let description = result.error.unwrap().description;
    assert!(description.starts_with(&format!("the hub at {hub} cannot be reached: ")), "{description}");
}

#[tokio::test]
async fn payments_that_cannot_begin() {
    let relay = Relay::start(false).await;
    let simulator = relay.simulator(Script::default(), Limits { payments: 0, ..once() }).await;
    let check = |change: &dyn Fn(&mut participant::TransferRequest), expect: &str| {
        let mut request = transfer(BOB);
        change(&mut request);
        assert_eq!(simulator.pay(request).unwrap_err().to_string(), expect);
    };
    check(&|request| request.from = fsp("nobody"), "no simulated FSP is called 'nobody'; there are payeefsp, payerfsp");
    check(&|request| request.note = Some("x".repeat(129)), "a note has 1 to 128 characters, not 129");
    check(&|request| request.timeout_ms = Some(0), "timeoutMs must be 1 to 600000, not 0");
    assert_eq!(simulator.pay(transfer(BOB)).unwrap_err(), PayError::TooMany(0));
}

#[tokio::test]
async fn simulators_that_cannot_start() {
    let start = async |change: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::new("http://127.0.0.1:1", vec![(payer(), Script::default())]);
        settings.control = None;
        change(&mut settings);
        Simulator::start(settings).await.unwrap_err()
    };
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = start(&|settings| settings.control = Some(address)).await;
    let expect = format!("cannot listen on {address} for the simulators' control API: ");
    assert!(error.to_string().starts_with(&expect), "{error}");
    let error = start(&|settings| settings.hub = "hub:3000".into()).await;
    assert!(error.to_string().contains("not 'hub:3000'"), "{error}");
    let error = start(&|settings| settings.fsps.push((payer(), Script::default()))).await;
    assert!(matches!(error, StartError::DuplicateFsp(name) if name == fsp(PAYER)));
    let bad = Script::of(participant::Behaviour { copies: 99, ..Default::default() });
    let error = start(&|settings| settings.fsps.push((payee(), bad.clone()))).await;
    assert!(matches!(error, StartError::Script { source: ScriptError::Copies(99), .. }), "{error}");
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_port() {
    let simulator = simulator("").await;
    let address = simulator.address();
    pay(&simulator).await;
    simulator.stop().await;
    tokio::net::TcpListener::bind(address).await.unwrap();
}

#[tokio::test]
async fn callbacks_that_wait_are_bounded() {
    let relay = Relay::start(false).await;
    let simulator = relay.simulator(script(""), Limits { waiting_callbacks: 0, ..once() }).await;
    let mut running = simulator.pay(transfer(BOB)).unwrap();
    let leg = loop {
        match running.next().await.unwrap() {
            Event::Leg(leg) if leg.to == PAYEE => break leg,
            Event::Leg(_) => {}
            Event::Result(result) => panic!("{result:?}"),
        }
    };
    assert_eq!(leg.status, Some(503));
}

#[test]
fn endpoints_have_the_name_of_the_fsp() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let simulator = runtime.block_on(simulator(""));
    let expect = format!("http://{}/green%25bank", simulator.address());
    assert_eq!(simulator.endpoint(&FspId::parse("green%bank").unwrap()), expect);
}
