//! What is told when a message could not be delivered, and to whom.

use switch::{
    Command, Delivery, DeliveryResult, EndpointType, Message, Method, NeededAccounts, QuoteStatus, Subject,
    content_hash, lookup, relay, undeliverable,
};

use crate::world::{
    PAYEE, PAYER, QUOTE, START, START_DATE, World, by_the_hub, check, committed, error_body, fsp, inbound, party,
    prepare, quote_id, show,
};

/// Where the endpoint is missing; see `what_is_said_depends_on_why` for the other reasons.
fn missing(endpoint: &str) -> String {
    error_body(
        "3201",
        &format!("Destination FSP Error - No FSPIOP_CALLBACK_URL_{endpoint} endpoint found for payeefsp"),
    )
}

/// The result of a message that is not tried any more.
fn gave_up(message: &Message) -> Command {
    let result = DeliveryResult::GaveUp {
        message: Box::new(message.clone()),
        refused: false,
        reason: "connection refused".into(),
    };
    Command::Deliveries(vec![Delivery { message: message.id, attempts: 1, at: START, result }])
}

fn request_quote() -> Command {
    let inbound = inbound(PAYER, Some(PAYEE), Method::Post, "/quotes", "{}");
    Command::RequestQuote {
        inbound,
        quote_id: quote_id(),
        payee: fsp(PAYEE),
        needs: NeededAccounts::default(),
        hash: content_hash(b"{}"),
    }
}

fn quote_error() -> String {
    let path = format!("/quotes/{QUOTE}/error");
    by_the_hub(PAYER, "QUOTES", "PUT", &path, START_DATE, &missing("QUOTES"))
}

#[test]
fn the_requester_of_a_quote_is_told_and_the_quote_has_failed() {
    let world = World::new();
    let messages = world.take(request_quote());
    check(&world.take(gave_up(&messages[0])), &[quote_error()]);
    let quote = world.quote().unwrap();
    assert_eq!((quote.status, quote.answered_at), (QuoteStatus::Failed, Some(START)));
    assert_eq!(world.store.abandoned().len(), 1);
}

#[test]
fn a_quote_that_was_answered_meanwhile_stays_answered() {
    let world = World::new();
    let messages = world.take(request_quote());
    let inbound = inbound(PAYEE, Some(PAYER), Method::Put, &format!("/quotes/{QUOTE}"), "{}");
    world.take(Command::AnswerQuote {
        inbound,
        quote_id: quote_id(),
        needs: NeededAccounts::default(),
        hash: content_hash(b"{}"),
        failed: false,
    });
    world.take(gave_up(&messages[0]));
    assert_eq!(world.quote().unwrap().status, QuoteStatus::Answered);
}

#[test]
fn nobody_is_told_of_transfers_and_callbacks_that_did_not_arrive() {
    // A transfer expires, and both are told then. Whoever sends a callback has done its part.
    let world = World::new();
    let prepared = world.take(prepare());
    check(&world.take(gave_up(&prepared[0])), &[]);
    assert_eq!(world.position(PAYER), "10", "it is still reserved");
    let answered = world.take(committed());
    check(&world.take(gave_up(&answered[0])), &[]);
    let quote = world.take(request_quote());
    let told = world.take(gave_up(&quote[0]));
    check(&world.take(gave_up(&told[0])), &[]);
}

#[test]
fn whoever_asked_about_a_party_is_told() {
    let world = World::new();
    for (name, asked_at, endpoint) in [
        ("MSISDN/27713803912", "PARTIES_GET", "PARTIES_PUT_ERROR"),
        ("PERSONAL_ID/12/PASSPORT", "PARTIES_SUB_ID_GET", "PARTIES_SUB_ID_PUT_ERROR"),
    ] {
        let asked = inbound(PAYER, None, Method::Get, &format!("/parties/{name}"), "");
        let message = lookup::ask(&asked, &party(name), &fsp(PAYEE), START);
        let told = undeliverable(&world.configuration(), START, &message, false).unwrap();
        let path = format!("/parties/{name}/error");
        assert_eq!(show(&told), by_the_hub(PAYER, endpoint, "PUT", &path, START_DATE, &missing(asked_at)));
        // An answer that does not arrive is nobody's business.
        let said = inbound(PAYEE, Some(PAYER), Method::Put, &format!("/parties/{name}"), "{}");
        let answer = lookup::answer(&said, &party(name), &fsp(PAYER), false, START);
        assert_eq!(undeliverable(&world.configuration(), START, &answer, false), None);
    }
}

#[test]
fn whoever_asked_about_a_quote_is_told() {
    let world = World::new();
    let asked = inbound(PAYER, None, Method::Get, &format!("/quotes/{QUOTE}"), "");
    let subject = Subject::Quote(quote_id());
    let message = relay(&asked, &fsp(PAYEE), EndpointType::Quotes, subject, START, START.plus_millis(10_000));
    assert_eq!(show(&undeliverable(&world.configuration(), START, &message, false).unwrap()), quote_error());
}

#[test]
fn what_is_said_depends_on_why() {
    let world = World::new();
    let asked = inbound(PAYER, None, Method::Get, &format!("/quotes/{QUOTE}"), "");
    let message =
        relay(&asked, &fsp(PAYEE), EndpointType::Quotes, Subject::Quote(quote_id()), START, START.plus_millis(10_000));
    let mut configuration = (*world.configuration()).clone();
    let payee = configuration.registry.participant_named(PAYEE).unwrap().id;
    let body = |configuration: &switch::Configuration, refused| {
        let told = undeliverable(configuration, START, &message, refused).unwrap();
        String::from_utf8(told.body.to_vec()).unwrap()
    };
    assert_eq!(body(&configuration, false), missing("QUOTES"));
    let mut routing = (*configuration.routing).clone();
    routing.put_endpoint(payee, EndpointType::Quotes, "http://payee".into());
    configuration.routing = std::sync::Arc::new(routing);
    let unreachable = error_body("1001", "Destination communication error - payeefsp can't be reached");
    assert_eq!(body(&configuration, false), unreachable);
    assert_eq!(
        body(&configuration, true),
        error_body("3000", "Generic client error - payeefsp did not take the request")
    );
}

#[test]
fn a_refusal_is_no_failure_of_communication() {
    let world = World::new();
    let messages = world.take(request_quote());
    let result = DeliveryResult::GaveUp {
        message: Box::new(messages[0].clone()),
        refused: true,
        reason: "answered 404 Not Found".into(),
    };
    let given_up = Delivery { message: messages[0].id, attempts: 1, at: START, result };
    let path = format!("/quotes/{QUOTE}/error");
    let error = error_body("3000", "Generic client error - payeefsp did not take the request");
    let told = world.take(Command::Deliveries(vec![given_up]));
    check(&told, &[by_the_hub(PAYER, "QUOTES", "PUT", &path, START_DATE, &error)]);
    assert_eq!(world.quote().unwrap().status, QuoteStatus::Failed);
}

#[test]
fn delivered_messages_leave_and_say_nothing() {
    let world = World::new();
    let messages = world.take(request_quote());
    let delivery = Delivery { message: messages[0].id, attempts: 1, at: START, result: DeliveryResult::Delivered };
    check(&world.take(Command::Deliveries(vec![delivery])), &[]);
    assert_eq!(world.quote().unwrap().status, QuoteStatus::Pending);
    assert!(world.store.abandoned().is_empty());
}
