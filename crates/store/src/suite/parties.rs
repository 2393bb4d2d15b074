//! The built-in directory.

use fspiop::{Currency, PartyId};
use switch::PartyEntry;

use super::{
    Fixture,
    command::{OTHER, PAYEE, PAYER, currency, enter_party, party, register_party, remove_party, usd},
    world::World,
};
use crate::Store;

/// Names of those who serve the party, with the currencies of their entries.
fn served<F: Fixture>(
    world: &World<F>,
    party: &PartyId,
    currency: Option<Currency>,
) -> Vec<(String, Option<Currency>)> {
    let registry = world.configuration().registry.clone();
    let name = |entry: &PartyEntry| registry.participant(entry.participant).expect("it is registered").name.to_string();
    let found = world.wait(world.store().party(party.clone(), currency));
    assert!(found.iter().all(|entry| entry.party == *party));
    found.iter().map(|entry| (name(entry), entry.currency)).collect()
}

fn names(found: Vec<(String, Option<Currency>)>) -> Vec<String> {
    found.into_iter().map(|(name, _)| name).collect()
}

/// Type, identifier and sub-identifier all count, letter by letter.
pub fn a_party_is_found_by_its_whole_name<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let texts = [
        ("PERSONAL_ID/16135551212", PAYER),
        ("PERSONAL_ID/16135551212/PASSPORT", PAYEE),
        ("PERSONAL_ID/16135551212/DRIVING", OTHER),
        ("ALIAS/16135551212", OTHER),
        ("ALIAS/a%2Fb 'c' «d»/%25", PAYEE),
    ];
    let parties = texts.map(|(text, fsp)| (party(text), fsp));
    world.commit(parties.clone().map(|(party, fsp)| register_party(fsp, &party, None)));
    world.reopen();
    for (party, fsp) in &parties {
        assert_eq!(names(served(&world, party, None)), [*fsp], "{party}");
    }
    for text in ["PERSONAL_ID/16135551212/passport", "PERSONAL_ID/1613555121", "MSISDN/16135551212", "ALIAS/a"] {
        assert_eq!(served(&world, &party(text), None), [], "{text}");
    }
}

/// An entry without a currency serves each; asked without a currency, all entries do. The eldest comes first.
pub fn a_party_is_found_by_currency<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let (alice, kes) = (party("MSISDN/27713803912"), currency("KES"));
    world.commit([
        register_party(PAYER, &alice, Some(usd())),
        enter_party(OTHER, &alice, None),
        enter_party(PAYEE, &alice, Some(kes)),
    ]);
    world.reopen();
    assert_eq!(names(served(&world, &alice, None)), [PAYER, OTHER, PAYEE]);
    assert_eq!(names(served(&world, &alice, Some(usd()))), [PAYER, OTHER]);
    assert_eq!(names(served(&world, &alice, Some(kes))), [OTHER, PAYEE]);
    assert_eq!(names(served(&world, &alice, Some(currency("EUR")))), [OTHER]);
}

/// An FSP enters what nobody else serves, seen with what its own batch has done before, and with what was there.
pub fn a_party_stays_with_its_fsp<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let parties = ["MSISDN/27713803912", "PERSONAL_ID/1/PASSPORT"].map(party);
    for alice in &parties {
        world.commit([register_party(PAYER, alice, Some(usd())), register_party(OTHER, alice, Some(usd()))]);
        world.reopen();
        let taken = world.commit([register_party(PAYEE, alice, None), register_party(PAYER, alice, Some(usd()))]);
        let errors: Vec<_> = taken.messages.iter().map(|message| message.path.ends_with("/error")).collect();
        assert_eq!(errors, [true, false], "{alice}");
        assert_eq!(served(&world, alice, None), [(PAYER.to_owned(), Some(usd()))], "{alice}");
    }
    let [alice, _] = &parties;
    world.commit([remove_party(PAYER, alice), register_party(PAYEE, alice, None)]);
    assert_eq!(names(served(&world, alice, None)), [PAYEE]);
}

/// Of what the operator enters for the same currency, or for none, the last one counts; it is the youngest then.
pub fn a_later_registration_replaces_an_earlier_one<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let alice = party("MSISDN/27713803912");
    let register = |fsp, currency| enter_party(fsp, &alice, currency);
    world.commit([register(PAYER, None), register(PAYER, Some(usd())), register(PAYEE, None)]);
    assert_eq!(served(&world, &alice, None), [(PAYER.to_owned(), Some(usd())), (PAYEE.to_owned(), None)]);
    world.reopen();
    world.commit([register(OTHER, Some(usd())), register(OTHER, Some(usd()))]);
    assert_eq!(served(&world, &alice, None), [(PAYEE.to_owned(), None), (OTHER.to_owned(), Some(usd()))]);
}
