//! What every node knows by heart is the same after the store was closed.

use fspiop::PartyIdType;
use ledger::{
    AccountId, AccountType, ParticipantId, SettlementDelay, SettlementGranularity, SettlementInterchange,
    SettlementModel, TransferStatus,
};
use switch::{Administration, Command, EndpointType, JwsKeyId, OracleId, OracleSettings};

use super::{
    Fixture,
    command::{HUB, PAYEE, PAYEE_POSITION, PAYER, Payment, START, amount, currency, fsp, hub_accounts, register, usd},
    world::World,
};
use crate::FIRST_VERSION;

fn administer(administration: Administration) -> Command {
    Command::Administer(administration)
}

fn model(name: &str, code: Option<&str>) -> Command {
    administer(Administration::CreateSettlementModel(SettlementModel {
        id: 1,
        name: name.into(),
        granularity: SettlementGranularity::Net,
        interchange: SettlementInterchange::Multilateral,
        delay: SettlementDelay::Deferred,
        currency: code.map(currency),
        require_liquidity_check: code.is_some(),
        ledger_account: AccountType::Position,
        settlement_account: AccountType::Settlement,
        auto_position_reset: code.is_none(),
        active: true,
    }))
}

fn oracle(kind: PartyIdType, code: Option<&str>) -> OracleSettings {
    OracleSettings {
        party_id_type: kind,
        currency: code.map(currency),
        endpoint: format!("http://oracle/{kind}").into(),
        is_default: code.is_none(),
    }
}

/// Commits, reopens, and compares everything; what a batch tells of the configuration is what the store tells.
fn keeps<F: Fixture>(world: &mut World<F>, commands: Vec<Command>) {
    let committed = world.commit(commands);
    let before = world.configuration();
    assert_eq!(committed.configuration.as_ref(), Some(&before));
    world.reopen();
    assert_eq!(*world.configuration(), *before);
}

/// Participants, accounts, caps, endpoints, oracles, settlement models: added, then altered.
pub fn the_configuration_survives<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let endpoints = |base: &str| {
        let value = |kind: &EndpointType| (*kind, format!("{base}/{}", kind.as_str()).into());
        administer(Administration::SetEndpoints(fsp(PAYEE), EndpointType::ALL.iter().map(value).collect()))
    };
    let mut added = hub_accounts(currency("KES"));
    added.extend([
        register(PAYEE, Some(currency("KES"))),
        register("nocurrency", None),
        model("DEFERREDNET", None),
        model("USDNET", Some("USD")),
        endpoints("http://payeefsp:4040/«x»"),
    ]);
    for (kind, code) in [(PartyIdType::Msisdn, None), (PartyIdType::Alias, Some("USD")), (PartyIdType::Alias, None)] {
        added.push(administer(Administration::CreateOracle(oracle(kind, code))));
    }
    keeps(&mut world, added);
    let settings = OracleSettings { endpoint: "http://elsewhere".into(), ..oracle(PartyIdType::Iban, Some("EUR")) };
    let altered = vec![
        administer(Administration::AdjustLimit(fsp(PAYER), usd(), amount("0.0001"))),
        administer(Administration::ActivateParticipant(fsp(PAYER), false)),
        administer(Administration::ActivateAccount(fsp(PAYEE), PAYEE_POSITION, false)),
        administer(Administration::ActivateSettlementModel("DEFERREDNET".into(), false)),
        administer(Administration::SetEndpoints(fsp(PAYEE), vec![(EndpointType::Quotes, "http://new".into())])),
        administer(Administration::UpdateOracle(OracleId(2), settings)),
    ];
    keeps(&mut world, altered);
}

/// Under the name that the store was made with.
pub fn a_new_store_has_only_the_hub<F: Fixture>() {
    let mut world = World::<F>::empty();
    world.clock.advance(1000);
    let check = |world: &World<F>| {
        let configuration = world.configuration();
        let participants: Vec<_> = configuration.registry.participants().cloned().collect();
        assert_eq!(participants.len(), 1);
        assert_eq!((participants[0].id, participants[0].name.as_str()), (ParticipantId::HUB, HUB));
        assert_eq!((participants[0].active, participants[0].created_at), (true, START));
        assert_eq!(configuration.registry.accounts().count(), 0);
        assert_eq!(configuration.routing.oracles().count(), 0);
    };
    check(&world);
    world.reopen();
    check(&world);
}

/// Payments do not, nor does what was refused.
pub fn only_a_change_of_the_configuration_tells_it<F: Fixture>() {
    let world = World::<F>::onboarded();
    let before = world.configuration();
    let refused = administer(Administration::ActivateAccount(fsp(PAYEE), AccountId(99), false));
    assert_eq!(world.commit([Payment::new(1, "1").prepare(), refused]).configuration, None);
    assert_eq!(world.configuration(), before);
    assert!(world.commit([register("new", None)]).configuration.is_some());
}

/// The next batch obeys.
pub fn a_switched_off_participant_is_refused_after_reopening<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let [before, during, after] = [1, 2, 3].map(|number| Payment::new(number, "1"));
    let switch = |on| administer(Administration::ActivateParticipant(fsp(PAYER), on));
    world.commit([before.prepare(), switch(false), during.prepare()]);
    world.reopen();
    world.commit([after.prepare()]);
    let (yes, no) = (TransferStatus::Reserved, TransferStatus::Invalid);
    assert_eq!([before, during, after].map(|payment| world.status(&payment)), [yes, no, no]);
}

/// Its number is not given to another one, not even in the same batch.
pub fn a_removed_oracle_stays_removed<F: Fixture>() {
    let mut world = World::<F>::empty();
    let create = |kind| administer(Administration::CreateOracle(oracle(kind, None)));
    let delete = |id| administer(Administration::DeleteOracle(OracleId(id)));
    keeps(&mut world, vec![create(PartyIdType::Msisdn), create(PartyIdType::Iban)]);
    keeps(&mut world, vec![delete(2), create(PartyIdType::Email), create(PartyIdType::Device), delete(3)]);
    let kinds: Vec<_> = world.configuration().routing.oracles().map(|oracle| oracle.party_id_type).collect();
    assert_eq!(kinds, [PartyIdType::Msisdn, PartyIdType::Device]);
    keeps(&mut world, vec![delete(1), delete(4)]);
}

/// Several of one participant; what ends the validity of one leaves the others.
pub fn public_keys_survive<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let id = |name: &str| JwsKeyId(name.repeat(64).into());
    let add =
        |fsp_name, name| administer(Administration::AddJwsKey(fsp(fsp_name), id(name), "-----BEGIN «x»\n".into()));
    keeps(&mut world, vec![add(PAYER, "a"), add(PAYER, "b"), add(PAYEE, "a")]);
    let late = START.plus_millis(60_000);
    keeps(&mut world, vec![administer(Administration::RetireJwsKey(fsp(PAYER), id("a"), late))]);
    let configuration = world.configuration();
    let payer = configuration.registry.participant_named(PAYER).expect("it is registered").id;
    let keys: Vec<_> = configuration.routing.jws_keys(payer).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!((keys[0].created_at, keys[0].valid_until, keys[1].valid_until), (START, Some(late), None));
    assert_eq!(&*keys[0].public_key, "-----BEGIN «x»\n");
    let again = world.commit([add(PAYER, "a")]).outcomes;
    assert!(matches!(&again[..], [switch::Outcome::Administered(Err(_))]), "{again:?}");
}

/// By one with each batch that changes it, and only then.
pub fn the_version_of_the_configuration_rises<F: Fixture>() {
    let mut world = World::<F>::empty();
    assert_eq!(world.configuration().version, FIRST_VERSION);
    let told = world.commit([register("a", None), register("b", None)]).configuration;
    assert_eq!(told.map(|told| told.version), Some(FIRST_VERSION + 1));
    world.commit([register("a", None)]);
    world.reopen();
    assert_eq!(world.configuration().version, FIRST_VERSION + 1);
    let told = world.commit([register("c", None)]).configuration;
    assert_eq!(told.map(|told| told.version), Some(FIRST_VERSION + 2));
    assert_eq!(world.configuration().version, FIRST_VERSION + 2);
}
