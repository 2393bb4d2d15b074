//! What operators change: endpoints and oracles, and how they are used.

use fspiop::{PartyIdType, TransferId};
use ledger::{AccountId, FundsRequest};
use switch::{
    Administration, Configuration, EndpointType, Message, MessageId, Method, OracleId, OracleSettings, State,
    content_hash, decide,
};

use crate::world::{HUB, OTHER, PAYEE, PAYER, START, World, amount, currency, fsp, prepare, prepare_with, usd};

fn oracle(kind: PartyIdType, code: Option<&str>, is_default: bool) -> OracleSettings {
    OracleSettings { party_id_type: kind, currency: code.map(currency), endpoint: "http://oracle".into(), is_default }
}

fn msisdn(code: Option<&str>, is_default: bool) -> OracleSettings {
    oracle(PartyIdType::Msisdn, code, is_default)
}

fn create(settings: OracleSettings) -> Administration {
    Administration::CreateOracle(settings)
}

#[test]
fn a_type_and_currency_has_one_oracle() {
    let world = World::new();
    world.administer(create(msisdn(None, false))).unwrap();
    world.administer(create(msisdn(Some("USD"), false))).unwrap();
    world.administer(create(oracle(PartyIdType::Iban, None, false))).unwrap();
    let refused = |administration, expect: &str| {
        let before = world.configuration();
        assert_eq!(world.administer(administration).unwrap_err().to_string(), expect);
        assert_eq!(world.configuration(), before);
    };
    let taken = "Active oracle with oracleIdType MSISDN already exists for this currency";
    refused(create(msisdn(None, true)), taken);
    refused(create(msisdn(Some("USD"), true)), taken);
    refused(Administration::UpdateOracle(OracleId(1), msisdn(Some("USD"), false)), taken);
    refused(Administration::UpdateOracle(OracleId(9), msisdn(Some("KES"), false)), "Oracle not found");
    refused(Administration::DeleteOracle(OracleId(9)), "Oracle not found");
    // Its own place is not taken.
    world.administer(Administration::UpdateOracle(OracleId(1), msisdn(None, true))).unwrap();
    let changed = world.configuration().routing.oracle(OracleId(1)).unwrap().clone();
    assert!(changed.is_default && changed.created_at == START);
    world.administer(Administration::DeleteOracle(OracleId(2))).unwrap();
    assert_eq!(world.configuration().routing.oracles().map(|oracle| oracle.id.0).collect::<Vec<_>>(), [1, 3]);
    world.administer(create(msisdn(Some("USD"), false))).unwrap();
}

#[test]
fn an_oracle_that_is_made_and_taken_away_in_one_batch_is_gone() {
    let world = World::new();
    let administer = |administration| switch::Command::Administer(administration);
    let committed = world.commit(vec![
        administer(create(msisdn(None, false))),
        administer(Administration::DeleteOracle(OracleId(1))),
        administer(Administration::UpdateOracle(OracleId(1), msisdn(None, false))),
    ]);
    assert!(committed.configuration.is_some());
    assert_eq!(world.configuration().routing.oracles().count(), 0);

    let mut state = State::new(&World::new().configuration(), START, MessageId(1));
    let commands =
        [create(msisdn(None, false)), Administration::DeleteOracle(OracleId(1)), create(msisdn(Some("USD"), false))];
    decide(&mut state, &commands[..2].iter().cloned().map(administer).collect::<Vec<_>>());
    assert!(state.touches_configuration());
    assert!(state.changes().oracles.contains(&OracleId(1)));
    assert!(state.routing().stored_oracle(OracleId(1)).is_some_and(|oracle| !oracle.active));
    // Its number is never used again.
    decide(&mut state, &commands[2..].iter().cloned().map(administer).collect::<Vec<_>>());
    assert!(state.changes().oracles.contains(&OracleId(2)));
    assert_eq!(state.routing().oracle(OracleId(2)).unwrap().currency, Some(usd()));
    assert_eq!(state.routing().oracle(OracleId(1)), None);
}

/// Which of these oracles is asked about a telephone number.
#[track_caller]
fn check_asked(oracles: &[(Option<&str>, bool)], code: Option<&str>, expect: Option<i64>) {
    let world = World::new();
    world.administer(create(oracle(PartyIdType::Iban, code, true))).unwrap();
    for (own, is_default) in oracles {
        world.administer(create(msisdn(*own, *is_default))).unwrap();
    }
    let configuration = world.configuration();
    let found = configuration.routing.oracle_for(PartyIdType::Msisdn, code.map(currency));
    assert_eq!(found.map(|oracle| oracle.id.0 - 1), expect, "{oracles:?} {code:?}");
}

#[test]
fn the_oracle_for_the_currency_goes_before_the_default_one() {
    check_asked(&[], None, None);
    check_asked(&[(None, false)], Some("USD"), Some(1));
    check_asked(&[(Some("USD"), false)], Some("KES"), None);
    check_asked(&[(Some("USD"), false), (None, true)], Some("USD"), Some(1));
    check_asked(&[(None, true), (Some("USD"), false)], Some("USD"), Some(2));
    check_asked(&[(None, true), (Some("USD"), false)], Some("KES"), Some(1));
    check_asked(&[(Some("KES"), false), (Some("USD"), true)], None, Some(2));
    check_asked(&[(Some("KES"), true), (Some("USD"), false)], None, Some(1));
}

fn message(endpoint: EndpointType, to: &str, path: &str) -> Message {
    Message {
        id: MessageId::TRANSIENT,
        recipient: fsp(to),
        endpoint,
        method: Method::Put,
        path: path.into(),
        headers: switch::Headers::new(),
        body: bytes::Bytes::new(),
        subject: switch::Subject::Other(path.into()),
        created_at: START,
        give_up_at: START,
    }
}

/// The URL of a message, by the endpoint that its recipient registered.
#[track_caller]
fn check_url(endpoint: EndpointType, value: &str, path: &str, expect: Option<&str>) {
    let world = World::new();
    world.administer(Administration::SetEndpoints(fsp(PAYEE), vec![(endpoint, value.into())])).unwrap();
    let url = world.configuration().url(&message(endpoint, PAYEE, path));
    assert_eq!(url.as_deref(), expect);
    assert_eq!(world.configuration().url(&message(endpoint, PAYER, path)), None, "nobody else's endpoint");
    assert_eq!(world.configuration().url(&message(endpoint, "nobody", path)), None);
}

#[test]
fn urls_are_made_of_what_was_registered() {
    let party = "http://fsp/x/parties/{{partyIdType}}/{{partyIdentifier}}";
    let sub_party = format!("{party}/{{{{partySubIdOrType}}}}");
    check_url(EndpointType::PartiesGet, party, "/parties/MSISDN/27", Some("http://fsp/x/parties/MSISDN/27"));
    check_url(
        EndpointType::PartiesPutError,
        &format!("{party}/error"),
        "/parties/MSISDN/27/error",
        Some("http://fsp/x/parties/MSISDN/27/error"),
    );
    check_url(
        EndpointType::PartiesSubIdPut,
        &sub_party,
        "/parties/ALIAS/a%2Fb/c%20d",
        Some("http://fsp/x/parties/ALIAS/a%2Fb/c%20d"),
    );
    // What stands in a path is not itself a template.
    check_url(
        EndpointType::PartiesSubIdPut,
        &sub_party,
        "/parties/ALIAS/{{partySubIdOrType}}/x",
        Some("http://fsp/x/parties/ALIAS/{{partySubIdOrType}}/x"),
    );
    check_url(EndpointType::Quotes, "http://fsp/y/", "/quotes/42", Some("http://fsp/y/quotes/42"));
    check_url(
        EndpointType::TransferPut,
        "http://fsp/{{ transferId }}/{{transferId}}?{{other}}",
        "/transfers/42",
        Some("http://fsp/42/42?{{other}}"),
    );
    check_url(EndpointType::TransferPost, "http://fsp/{{transferId}}", "/transfers", Some("http://fsp/{{transferId}}"));
    check_url(EndpointType::TransferPost, "http://fsp/{{", "/transfers", Some("http://fsp/{{"));
}

#[test]
fn a_later_endpoint_replaces_an_earlier_one() {
    let world = World::new();
    let set = |name: &str, value: &str| {
        world.administer(Administration::SetEndpoints(fsp(name), vec![(EndpointType::Quotes, value.into())]))
    };
    set(PAYEE, "http://first").unwrap();
    set(PAYEE, "http://second").unwrap();
    let url = |configuration: &Configuration| configuration.url(&message(EndpointType::Quotes, PAYEE, "/quotes/1"));
    assert_eq!(url(&world.configuration()).as_deref(), Some("http://second/quotes/1"));
    assert_eq!(set("nobody", "http://third").unwrap_err().to_string(), "Participant does not exist");
}

#[test]
fn a_batch_sees_what_was_changed_before_in_it() {
    let world = World::new();
    let administer = |administration| switch::Command::Administer(administration);
    let committed = world.commit(vec![
        administer(Administration::ActivateParticipant(fsp(PAYEE), false)),
        prepare(),
        administer(Administration::ActivateParticipant(fsp(PAYEE), true)),
        prepare_with("{}", |_, prepare| prepare.transfer_id = TransferId::parse(OTHER_TRANSFER).unwrap()),
    ]);
    let endpoints: Vec<_> = committed.messages.iter().map(|message| message.endpoint).collect();
    assert_eq!(endpoints, [EndpointType::TransferError, EndpointType::TransferPost]);
}

/// Another transfer than that of most tests.
const OTHER_TRANSFER: &str = "c51ec534-ee48-4575-b6a9-ead2955b8069";

#[test]
fn an_id_of_funds_can_not_be_used_for_a_transfer() {
    // The store must have loaded the movement for the ledger to see it.
    let world = World::new();
    let funds = FundsRequest {
        id: crate::world::transfer_id(),
        participant: fsp(PAYER),
        account: AccountId(4),
        amount: amount("1"),
        currency: Some(usd()),
        hash: content_hash(b"more funds"),
    };
    world.administer(Administration::RecordFundsIn(funds)).unwrap();
    let messages = world.take(prepare());
    assert!(crate::world::show(&messages[0]).contains("3106"), "{messages:?}");
    assert_eq!((world.transfer(), world.position(PAYER)), (None, "0".to_owned()));
}

#[test]
fn every_registry_holds_the_hub() {
    let world = World::new();
    assert_eq!(world.configuration().hub_name(), fsp(HUB));
    let names: Vec<_> =
        world.configuration().registry.participants().map(|participant| participant.name.to_string()).collect();
    assert_eq!(names, [HUB, PAYER, PAYEE, OTHER]);
}
