//! Lookup: questions and answers on their way, and what the hub itself says of parties.

use fspiop::{ErrorCode, FspiopError, Resource, headers};
use futures_util::FutureExt;
use store::Store;
use switch::{Administration, BulkFate, BulkParty, Command, Message, MessageId, Method, PartyEntry, Subject, lookup};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, START_DATE, World, by_the_hub, check, error_body, fsp, inbound, message_of, party,
    passed_on, show, usd,
};

const PARTY: &str = "MSISDN/27713803912";
const SUB_PARTY: &str = "PERSONAL_ID/12/PASSPORT";

#[track_caller]
fn check_transient(message: &Message, expect: &str) {
    assert_eq!(message.id, MessageId::TRANSIENT);
    assert_eq!(message.give_up_at, START.plus_millis(10_000));
    assert!(matches!(message.subject, Subject::Party(_)));
    assert_eq!(show(message), expect);
}

#[test]
fn a_question_goes_to_the_fsp_as_it_came_with_the_destination_filled_in() {
    for (name, endpoint) in [(PARTY, "PARTIES_GET"), (SUB_PARTY, "PARTIES_SUB_ID_GET")] {
        let asked = inbound(PAYER, None, Method::Get, &format!("/parties/{name}"), "");
        let message = lookup::ask(&asked, &party(name), &fsp(PAYEE), START);
        check_transient(&message, &passed_on(PAYEE, endpoint, &asked, "fspiop-destination: payeefsp\n"));
        let asked = inbound(PAYER, Some(PAYEE), Method::Get, &format!("/parties/{name}"), "");
        check_transient(
            &lookup::ask(&asked, &party(name), &fsp(PAYEE), START),
            &passed_on(PAYEE, endpoint, &asked, ""),
        );
    }
}

#[test]
fn an_answer_goes_to_the_asker_as_it_came() {
    for (name, failed, suffix, endpoint) in [
        (PARTY, false, "", "PARTIES_PUT"),
        (PARTY, true, "/error", "PARTIES_PUT_ERROR"),
        (SUB_PARTY, false, "", "PARTIES_SUB_ID_PUT"),
        (SUB_PARTY, true, "/error", "PARTIES_SUB_ID_PUT_ERROR"),
    ] {
        let said = inbound(PAYEE, Some(PAYER), Method::Put, &format!("/parties/{name}{suffix}"), "{ \"party\" : {} }");
        let message = lookup::answer(&said, &party(name), &fsp(PAYER), failed, START);
        check_transient(&message, &passed_on(PAYER, endpoint, &said, ""));
    }
}

#[test]
fn the_hub_says_which_fsp_serves_a_party() {
    let world = World::new();
    for (name, endpoint) in [(PARTY, "PARTICIPANT_PUT"), (SUB_PARTY, "PARTICIPANT_SUB_ID_PUT")] {
        let path = format!("/participants/{name}");
        let asked = inbound(PAYER, None, Method::Get, &path, "");
        let message = lookup::served_by(&world.configuration(), &asked, &party(name), &fsp(PAYEE), START);
        let expect = by_the_hub(PAYER, endpoint, "PUT", &path, START_DATE, r#"{"fspId":"payeefsp"}"#);
        check_transient(&message, &expect);
    }
}

#[test]
fn errors_go_to_the_asker_on_the_resource_that_was_asked_for() {
    let world = World::new();
    for (resource, name, endpoint) in [
        (Resource::Parties, PARTY, "PARTIES_PUT_ERROR"),
        (Resource::Parties, SUB_PARTY, "PARTIES_SUB_ID_PUT_ERROR"),
        (Resource::Participants, PARTY, "PARTICIPANT_PUT_ERROR"),
        (Resource::Participants, SUB_PARTY, "PARTICIPANT_SUB_ID_PUT_ERROR"),
    ] {
        let path = format!("/{}/{name}", resource.path());
        let asked = inbound(PAYER, None, Method::Get, &path, "");
        let error = lookup::not_found();
        let message = lookup::refuse(&world.configuration(), &asked, resource, &party(name), &error, START);
        let body = error_body("3204", "Party not found");
        let expect = by_the_hub(PAYER, endpoint, "PUT", &format!("{path}/error"), START_DATE, &body);
        check_transient(&message, &expect);
    }
}

#[test]
fn identifiers_are_percent_encoded_in_paths_that_the_hub_makes() {
    let world = World::new();
    let name = party("ALIAS/a%2Fb c?d/50%25");
    let asked = inbound(PAYER, None, Method::Get, "/participants/ALIAS/a%2Fb%20c%3Fd/50%25", "");
    let message = lookup::served_by(&world.configuration(), &asked, &name, &fsp(PAYEE), START);
    assert_eq!(&*message.path, "/participants/ALIAS/a%2Fb%20c%3Fd/50%25");
    assert_eq!(message.headers.get(&headers::FSPIOP_URI), Some(&*message.path));
}

/// An FSP says who serves a party.
fn register(source: &str, name: &str, serving: &str, currency: Option<fspiop::Currency>) -> Command {
    let inbound = inbound(source, None, Method::Post, &format!("/participants/{name}"), "{}");
    Command::RegisterParty { inbound, party: party(name), fsp: fsp(serving), currency }
}

fn directory(world: &World, name: &str) -> Vec<PartyEntry> {
    world.store.party(party(name), None).now_or_never().unwrap().unwrap()
}

#[test]
fn a_registration_is_entered_and_confirmed() {
    // What the specification has, and beside it what upstream's account-lookup-service says.
    let said = r#"{"fspId":"payeefsp","partyList":[{"partyIdType":"MSISDN","partyIdentifier":"27713803912","fspId":"payeefsp"}]}"#;
    let said_of_sub = r#"{"fspId":"payeefsp","partyList":[{"partyIdType":"PERSONAL_ID","partyIdentifier":"12","partySubIdOrType":"PASSPORT","fspId":"payeefsp"}],"currency":"USD"}"#;
    for (name, endpoint, currency, body) in
        [(PARTY, "PARTICIPANT_PUT", None, said), (SUB_PARTY, "PARTICIPANT_SUB_ID_PUT", Some(usd()), said_of_sub)]
    {
        let world = World::new();
        let messages = world.take(register(PAYEE, name, PAYEE, currency));
        let path = format!("/participants/{name}");
        check(&messages, &[by_the_hub(PAYEE, endpoint, "PUT", &path, START_DATE, body)]);
        let payee = world.configuration().registry.participant_named(PAYEE).unwrap().id;
        assert_eq!(directory(&world, name), [PartyEntry { party: party(name), currency, participant: payee }]);
    }
}

#[test]
fn nobody_enters_parties_of_others_or_of_strangers() {
    for (source, serving, code, description) in [
        (OTHER, PAYEE, "3100", "Generic validation error - FSPIOP-Source header should match fspId"),
        (PAYEE, "nobody", "3201", "Destination FSP Error - Unsupported participant 'nobody'"),
        (HUB, PAYEE, "3100", "Generic validation error - FSPIOP-Source header should match fspId"),
    ] {
        let world = World::new();
        let messages = world.take(register(source, PARTY, serving, None));
        let path = format!("/participants/{PARTY}/error");
        let body = error_body(code, description);
        check(&messages, &[by_the_hub(source, "PARTICIPANT_PUT_ERROR", "PUT", &path, START_DATE, &body)]);
        assert_eq!(directory(&world, PARTY), []);
    }
}

#[test]
fn an_fsp_takes_out_its_own_entries_and_no_others() {
    let world = World::new();
    for name in [PAYEE, PAYER] {
        let enter = Administration::EnterParty(party(PARTY), (name == PAYER).then(usd), fsp(name));
        world.administer(enter).unwrap();
    }
    let remove = |source: &str, currency| {
        let inbound = inbound(source, None, Method::Delete, &format!("/participants/{PARTY}"), "");
        Command::RemoveParty { inbound, party: party(PARTY), currency }
    };
    let left = || -> Vec<_> { directory(&world, PARTY).into_iter().map(|entry| entry.currency).collect() };
    // The payee serves it in any currency, the payer in one: each order takes out what is the sender's.
    for (source, currency, expect) in [
        (PAYEE, Some(usd()), vec![None, Some(usd())]),
        (OTHER, None, vec![None, Some(usd())]),
        (PAYEE, None, vec![Some(usd())]),
        (PAYER, Some(usd()), vec![]),
    ] {
        let messages = world.take(remove(source, currency));
        let body = format!(r#"{{"fspId":"{source}"}}"#);
        let path = format!("/participants/{PARTY}");
        check(&messages, &[by_the_hub(source, "PARTICIPANT_PUT", "PUT", &path, START_DATE, &body)]);
        assert_eq!(left(), expect, "{source} {currency:?}");
    }
}

/// What an FSP enters while another serves the party in some currency: refused where they overlap.
#[test]
fn no_fsp_enters_what_another_serves() {
    let kes = fspiop::Currency::parse("KES").unwrap();
    for (served, wanted, taken) in [
        (None, None, false),
        (Some(usd()), Some(usd()), false),
        (None, Some(usd()), false),
        (Some(usd()), None, false),
        (Some(usd()), Some(kes), true),
    ] {
        let world = World::new();
        world.take(register(PAYEE, PARTY, PAYEE, served));
        // Its own FSP may enter it again, and as another party (with a sub-identifier) anybody may.
        assert!(world.take(register(PAYEE, PARTY, PAYEE, served))[0].path.ends_with(PARTY));
        assert!(world.take(register(OTHER, SUB_PARTY, OTHER, wanted))[0].path.ends_with(SUB_PARTY));
        let before = directory(&world, PARTY);
        let messages = world.take(register(OTHER, PARTY, OTHER, wanted));
        if taken {
            assert_eq!(directory(&world, PARTY).len(), 2, "{served:?} {wanted:?}");
            continue;
        }
        assert_eq!(directory(&world, PARTY), before, "{served:?} {wanted:?}");
        let body = error_body("3003", "Add Party information error - another FSP serves the party");
        let path = format!("/participants/{PARTY}/error");
        check(&messages, &[by_the_hub(OTHER, "PARTICIPANT_PUT_ERROR", "PUT", &path, START_DATE, &body)]);
    }
}

#[test]
fn only_the_fsp_of_a_party_may_take_it_out() {
    let asked = inbound(PAYER, None, Method::Delete, &format!("/participants/{PARTY}"), "");
    let codes = |serving: &[&str]| {
        let serving: Vec<_> = serving.iter().map(|name| fsp(name)).collect();
        lookup::may_remove(&asked, &serving).map_err(|error| error.code)
    };
    assert_eq!(codes(&[PAYEE, PAYER]), Ok(()));
    assert_eq!(codes(&[]), Err(ErrorCode::PartyNotFound));
    assert_eq!(codes(&[PAYEE]), Err(ErrorCode::DeletePartyInformationError));
}

#[test]
fn a_bulk_is_entered_and_answered_party_by_party() {
    let world = World::new();
    let body = br#"{"requestId":"b51ec534-ee48-4575-b6a9-ead2955b8069","currency":"USD","partyList":[
        {"partyIdType":"MSISDN","partyIdentifier":"27713803912","fspId":"payeefsp"},
        {"partyIdType":"EMAIL","partyIdentifier":"a@b.org","partySubIdOrType":"home"},
        {"partyIdType":"IBAN","partyIdentifier":"no iban"}]}"#;
    let bulk = fspiop::BulkRegistration::read(body).unwrap();
    let fates = [
        BulkFate::Enter(party(PARTY)),
        BulkFate::Taken,
        BulkFate::Refused(FspiopError::new(ErrorCode::MalformedSyntax, "Bad IBAN")),
    ];
    let parties = bulk.parties.into_iter().zip(fates).map(|(named, fate)| BulkParty { named, fate }).collect();
    let inbound = inbound(PAYEE, None, Method::Post, "/participants", "");
    let command = Command::RegisterParties { inbound, request_id: bulk.request_id, parties, currency: bulk.currency };
    let expect = r#"{"partyList":[{"partyId":{"partyIdType":"MSISDN","partyIdentifier":"27713803912","fspId":"payeefsp"}},{"partyId":{"partyIdType":"EMAIL","partyIdentifier":"a@b.org","partySubIdOrType":"home"}},{"partyId":{"partyIdType":"IBAN","partyIdentifier":"no iban"},"errorInformation":{"errorCode":"3101","errorDescription":"Malformed syntax - Bad IBAN"}}],"currency":"USD"}"#;
    let path = "/participants/b51ec534-ee48-4575-b6a9-ead2955b8069";
    check(&world.take(command), &[by_the_hub(PAYEE, "PARTICIPANT_BATCH_PUT", "PUT", path, START_DATE, expect)]);
    assert_eq!(directory(&world, PARTY).len(), 1);
    assert_eq!(directory(&world, "EMAIL/a@b.org/home"), []);
}

#[test]
fn messages_without_a_trace_cause_messages_without_a_trace() {
    let world = World::new();
    let mut asked = message_of(&register(PAYER, PARTY, PAYER, None));
    asked.headers = switch::Headers::new();
    let error = FspiopError::plain(ErrorCode::PartyNotFound);
    let message = lookup::refuse(&world.configuration(), &asked, Resource::Parties, &party(PARTY), &error, START);
    assert_eq!(message.headers.get(&headers::TRACEPARENT), None);
    assert_eq!(message.headers.get(&headers::TRACESTATE), None);
}
