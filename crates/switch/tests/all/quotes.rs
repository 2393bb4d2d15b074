//! Quotes: who is asked, who is told what, what is remembered.

use switch::{
    Administration, Command, Inbound, MessageId, Method, NeededAccounts, QuoteStatus, State, Subject, content_hash,
    decide,
};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, QUOTE, START, START_DATE, World, by_the_hub, check, currency, error_body, fsp, inbound,
    message_of, passed_on, quote_id, show, usd,
};

/// Somebody asks somebody for terms.
fn request_of(source: &str, payee: &str, body: &str) -> Command {
    let inbound = inbound(source, Some(payee), Method::Post, "/quotes", body);
    Command::RequestQuote {
        inbound,
        quote_id: quote_id(),
        payee: fsp(payee),
        needs: NeededAccounts::default(),
        hash: content_hash(body.as_bytes()),
    }
}

/// The payer asks the payee for terms.
fn request() -> Command {
    request_of(PAYER, PAYEE, "{ \"quoteId\" :\t\"…\" }")
}

fn path(suffix: &str) -> String {
    format!("/quotes/{QUOTE}{suffix}")
}

/// Somebody answers.
fn answer_of(source: &str, body: &str, failed: bool) -> Command {
    let path = path(if failed { "/error" } else { "" });
    let inbound = inbound(source, Some(PAYER), Method::Put, &path, body);
    Command::AnswerQuote {
        inbound,
        quote_id: quote_id(),
        needs: NeededAccounts::default(),
        hash: content_hash(body.as_bytes()),
        failed,
    }
}

fn error(to: &str, code: &str, description: &str) -> String {
    by_the_hub(to, "QUOTES", "PUT", &path("/error"), START_DATE, &error_body(code, description))
}

/// A world in which the payee has been asked.
fn asked() -> World {
    let world = World::new();
    assert_eq!(world.take(request()).len(), 1);
    world
}

fn status(world: &World) -> Option<QuoteStatus> {
    world.quote().map(|quote| quote.status)
}

/// Whose active accounts in which currency a request needs, and who is named in the refusal.
#[test]
fn a_request_needs_accounts() {
    let (kes, both) = (currency("KES"), vec![usd(), currency("KES")]);
    for (payer, payee, expect) in [
        (vec![], Some(usd()), None),
        (vec![usd()], None, None),
        (vec![], Some(kes), Some(("3201", "Destination FSP Error - Unsupported participant 'payeefsp'"))),
        (both, None, Some(("3202", "Payer FSP ID not found - Unsupported participant 'payerfsp'"))),
    ] {
        let world = World::new();
        let mut command = request();
        let Command::RequestQuote { needs, .. } = &mut command else { panic!("{command:?}") };
        *needs = NeededAccounts { payer, payee };
        let messages = world.take(command);
        match expect {
            Some((code, description)) => {
                check(&messages, &[error(PAYER, code, description)]);
                assert_eq!(world.quote(), None);
            }
            None => assert_eq!(messages[0].recipient.as_str(), PAYEE),
        }
    }
}

#[test]
fn the_id_of_an_archived_quote_is_not_used_again() {
    let mut state = State::new(&World::new().configuration(), START, MessageId(1));
    state.load_used_quote(quote_id());
    decide(&mut state, &[request()]);
    check(&state.take_messages(), &[error(PAYER, "3106", "Modified request")]);
    assert!(state.changes().quotes.is_empty());
}

#[test]
fn an_answer_needs_the_payees_account() {
    for (currency, refused) in [(usd(), false), (currency("KES"), true)] {
        let world = asked();
        let mut command = answer_of(PAYEE, "{}", false);
        let Command::AnswerQuote { needs, .. } = &mut command else { panic!("{command:?}") };
        needs.payee = Some(currency);
        let messages = world.take(command);
        if refused {
            let description = "Destination FSP Error - Unsupported participant 'payeefsp'";
            check(&messages, &[error(PAYEE, "3201", description)]);
        }
        let expect = if refused { QuoteStatus::Pending } else { QuoteStatus::Answered };
        assert_eq!(status(&world), Some(expect), "{currency}");
    }
}

#[test]
fn a_request_goes_to_the_payee_as_it_came() {
    let world = World::new();
    let command = request();
    let messages = world.take(command.clone());
    // Unlike transfers, quotes name no method and no path.
    check(&messages, &[passed_on(PAYEE, "QUOTES", &message_of(&command), "")]);
    assert_eq!(messages[0].subject, Subject::Quote(quote_id()));
    assert_eq!(messages[0].give_up_at, START.plus_millis(30_000));
    let quote = world.quote().unwrap();
    assert_eq!((quote.status, quote.requested_at, quote.answered_at), (QuoteStatus::Pending, START, None));
}

#[test]
fn an_answer_goes_to_the_payer_as_it_came() {
    for (failed, after) in [(false, QuoteStatus::Answered), (true, QuoteStatus::Failed)] {
        let world = asked();
        let command = answer_of(PAYEE, "{ \"terms\" : 1 }", failed);
        check(&world.take(command.clone()), &[passed_on(PAYER, "QUOTES", &message_of(&command), "")]);
        assert_eq!(status(&world), Some(after));
        assert_eq!(world.quote().unwrap().answered_at, Some(START));
    }
}

#[test]
fn the_same_request_is_forwarded_again_and_a_changed_one_is_refused() {
    let world = asked();
    let command = request();
    check(&world.take(command.clone()), &[passed_on(PAYEE, "QUOTES", &message_of(&command), "")]);
    let before = world.quote();
    let modified = |to: &str| error(to, "3106", "Modified request");
    check(&world.take(request_of(PAYER, PAYEE, "{\"other\":1}")), &[modified(PAYER)]);
    // The same words from somebody else, or to somebody else, are another request.
    check(&world.take(request_of(OTHER, PAYEE, "{ \"quoteId\" :\t\"…\" }")), &[modified(OTHER)]);
    check(&world.take(request_of(PAYER, OTHER, "{ \"quoteId\" :\t\"…\" }")), &[modified(PAYER)]);
    assert_eq!(world.quote(), before);
    // After the answer, too.
    world.take(answer_of(PAYEE, "{}", false));
    check(&world.take(command.clone()), &[passed_on(PAYEE, "QUOTES", &message_of(&command), "")]);
    assert_eq!(status(&world), Some(QuoteStatus::Answered));
}

#[test]
fn an_unknown_or_inactive_payee_is_told_to_the_sender_and_nothing_is_remembered() {
    for payee in ["nobody", HUB, OTHER] {
        let world = World::new();
        world.administer(Administration::ActivateParticipant(fsp(OTHER), false)).unwrap();
        let description = format!("Destination FSP Error - Unsupported participant '{payee}'");
        check(&world.take(request_of(PAYER, payee, "{}")), &[error(PAYER, "3201", &description)]);
        assert_eq!(world.quote(), None);
    }
}

#[test]
fn an_answer_to_an_unknown_quote_is_told_to_its_sender() {
    for failed in [false, true] {
        let world = World::new();
        let description = "Quote ID not found - Provided Quote ID was not found on the server.";
        check(&world.take(answer_of(PAYEE, "{}", failed)), &[error(PAYEE, "3205", description)]);
    }
}

#[test]
fn only_the_payee_answers() {
    for source in [PAYER, OTHER, HUB] {
        let world = asked();
        let description = "Generic validation error - FSPIOP-Source header should match the quote's payee";
        check(&world.take(answer_of(source, "{}", false)), &[error(source, "3100", description)]);
        assert_eq!(status(&world), Some(QuoteStatus::Pending));
    }
}

#[test]
fn the_same_answer_is_forwarded_again_and_a_changed_one_is_refused() {
    let world = asked();
    let answer = answer_of(PAYEE, "{ \"terms\" : 1 }", false);
    world.take(answer.clone());
    let before = world.quote();
    world.advance(1_000);
    let again = world.take(answer.clone());
    check(&again, &[passed_on(PAYER, "QUOTES", &message_of(&answer), "")]);
    let later = "Sun, 22 Nov 2026 14:00:01 GMT";
    let refused = by_the_hub(PAYEE, "QUOTES", "PUT", &path("/error"), later, &error_body("3106", "Modified request"));
    check(&world.take(answer_of(PAYEE, "{\"terms\":2}", false)), std::slice::from_ref(&refused));
    check(&world.take(answer_of(PAYEE, "{\"error\":2}", true)), &[refused]);
    assert_eq!(world.quote(), before);
}

#[test]
fn a_question_about_an_unknown_quote_is_answered_by_the_hub() {
    let world = World::new();
    let asked: Inbound = inbound(PAYER, None, Method::Get, &path(""), "");
    let message = switch::quote_not_found(&world.configuration(), START, &asked, quote_id());
    let description = "Quote ID not found - Provided Quote ID was not found on the server.";
    assert_eq!(show(&message), error(PAYER, "3205", description));
    assert!(!message.id.is_durable());
}
