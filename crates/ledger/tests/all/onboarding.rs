//! How participants, accounts and limits come to be, and what is refused.

use ledger::{AccountType, InitialPositionAndLimits, NewParticipant, ParticipantId};

use crate::world::{
    HUB, PAYEE, PAYER, START, account, amount, check_refused, currency, fsp, hub_accounts, hub_only, limits, payment,
    prepared, scheme, usd,
};

fn new(name: &str, code: Option<&str>) -> NewParticipant {
    NewParticipant { name: fsp(name), currency: code.map(currency) }
}

#[test]
fn a_participant_gets_its_accounts_with_each_currency() {
    let mut ledger = hub_only();
    hub_accounts(&mut ledger, currency("KES"));
    let id = ledger.register_participant(START, &new(PAYER, None)).unwrap();
    assert_eq!(ledger.registry().accounts_of(id).count(), 0);
    for code in ["USD", "KES"] {
        assert_eq!(ledger.register_participant(START, &new(PAYER, Some(code))), Ok(id));
    }
    let kinds: Vec<_> =
        ledger.registry().accounts_of(id).map(|account| (account.currency.as_str(), account.kind.as_str())).collect();
    assert_eq!(kinds, [("USD", "POSITION"), ("USD", "SETTLEMENT"), ("KES", "POSITION"), ("KES", "SETTLEMENT")]);
    let participant = ledger.registry().participant(id).unwrap();
    assert!(participant.active && participant.created_at == START);
    assert!(ledger.registry().accounts_of(id).all(|account| account.active && account.net_debit_cap.is_none()));
}

#[test]
fn registrations_are_refused_and_why() {
    let mut ledger = scheme();
    for (name, code, expect) in [
        (PAYER, Some("USD"), "Participant currency has already been registered"),
        (PAYER, None, "Participant currency has already been registered"),
        (HUB, None, "Participant currency has already been registered"),
        (HUB, Some("USD"), "Participant currency has already been registered"),
        ("newfsp", Some("KES"), "Hub HUB_RECONCILIATION account for the specified currency KES does not exist"),
        (PAYER, Some("KES"), "Hub HUB_RECONCILIATION account for the specified currency KES does not exist"),
    ] {
        check_refused(&mut ledger, |ledger| ledger.register_participant(START, &new(name, code)), expect);
    }
    ledger.create_hub_account(START, &fsp(HUB), currency("KES"), AccountType::HubReconciliation).unwrap();
    let expect = "Hub HUB_MULTILATERAL_SETTLEMENT account for the specified currency KES does not exist";
    check_refused(&mut ledger, |ledger| ledger.register_participant(START, &new("newfsp", Some("KES"))), expect);
}

#[test]
fn only_the_hub_has_hub_accounts_and_each_once() {
    let mut ledger = scheme();
    let kes = currency("KES");
    for (owner, code, kind, expect) in [
        ("nobody", kes, AccountType::HubReconciliation, "Participant does not exist"),
        (PAYER, kes, AccountType::HubReconciliation, "can not be created by this operation"),
        (HUB, kes, AccountType::Position, "Account type POSITION can not be created by this operation"),
        (HUB, kes, AccountType::Settlement, "Account type SETTLEMENT can not be created by this operation"),
        (HUB, usd(), AccountType::HubReconciliation, "Hub account has already been registered"),
        (HUB, usd(), AccountType::HubMultilateralSettlement, "Hub account has already been registered"),
    ] {
        check_refused(&mut ledger, |ledger| ledger.create_hub_account(START, &fsp(owner), code, kind), expect);
    }
    let created = ledger.create_hub_account(START, &fsp(HUB), kes, AccountType::HubReconciliation).unwrap();
    assert_eq!(ledger.registry().account(created).unwrap().participant, ParticipantId::HUB);
}

#[test]
fn limits_are_set_once_and_adjusted_after_that() {
    let mut ledger = hub_only();
    ledger.register_participant(START, &new(PAYER, Some("USD"))).unwrap();
    ledger.register_participant(START, &new(PAYEE, None)).unwrap();
    let cap = |ledger: &ledger::Ledger| {
        account(ledger, PAYER, usd(), AccountType::Position).net_debit_cap.map(|cap| cap.to_string())
    };
    check_refused(&mut ledger, |ledger| ledger.adjust_limit(&fsp(PAYER), usd(), amount("5")), "Limit is not set");
    for (initial, expect) in [
        (limits("nobody", usd(), "5"), "Participant does not exist"),
        (limits(PAYEE, usd(), "5"), "Account does not exist"),
        (limits(PAYER, currency("KES"), "5"), "Account does not exist"),
        (limits(HUB, usd(), "5"), "Account does not exist"),
        (limits(PAYER, usd(), "-0.0001"), "The amount -0.0001 is not allowed; it must be 0 or more"),
        (
            InitialPositionAndLimits { initial_position: amount("1"), ..limits(PAYER, usd(), "5") },
            "The amount 1 is not allowed; it must be 0",
        ),
        (
            InitialPositionAndLimits { initial_position: amount("-1"), ..limits(PAYER, usd(), "5") },
            "The amount -1 is not allowed; it must be 0",
        ),
    ] {
        check_refused(&mut ledger, |ledger| ledger.set_initial_limits(&initial), expect);
    }
    ledger.set_initial_limits(&limits(PAYER, usd(), "0")).unwrap();
    assert_eq!(cap(&ledger).as_deref(), Some("0"));
    check_refused(&mut ledger, |ledger| ledger.set_initial_limits(&limits(PAYER, usd(), "5")), "already set");
    ledger.adjust_limit(&fsp(PAYER), usd(), amount("7.5")).unwrap();
    assert_eq!(cap(&ledger).as_deref(), Some("7.5"));
    for (name, code, text, expect) in [
        ("nobody", "USD", "5", "Participant does not exist"),
        (PAYER, "KES", "5", "Account does not exist"),
        (PAYER, "USD", "-1", "The amount -1 is not allowed"),
    ] {
        check_refused(&mut ledger, |ledger| ledger.adjust_limit(&fsp(name), currency(code), amount(text)), expect);
    }
}

#[test]
fn participants_and_accounts_are_switched_off_and_on() {
    let mut ledger = scheme();
    let position = account(&ledger, PAYER, usd(), AccountType::Position).id;
    let steps = [
        (None, false, "3100"),
        (None, true, "reserved"),
        (Some(position), false, "3100"),
        (Some(position), true, "reserved"),
    ];
    for (number, (account, active, expect)) in (1..).zip(steps) {
        match account {
            None => ledger.activate_participant(&fsp(PAYER), active).unwrap(),
            Some(account) => ledger.activate_account(&fsp(PAYER), account, active).unwrap(),
        }
        let decision = prepared(&ledger.prepare(START, &payment(number, "1")));
        assert!(decision.starts_with(expect), "step {number}: {decision}");
    }
    check_refused(&mut ledger, |ledger| ledger.activate_participant(&fsp("nobody"), true), "Participant does not");
    check_refused(&mut ledger, |ledger| ledger.activate_account(&fsp("nobody"), position, true), "Participant does");
    check_refused(&mut ledger, |ledger| ledger.activate_account(&fsp(PAYEE), position, false), "Account does not");
}

#[test]
fn switching_an_account_keeps_its_cap() {
    let mut ledger = scheme();
    let before = account(&ledger, PAYER, usd(), AccountType::Position);
    ledger.activate_account(&fsp(PAYER), before.id, false).unwrap();
    ledger.activate_account(&fsp(PAYER), before.id, true).unwrap();
    assert_eq!(account(&ledger, PAYER, usd(), AccountType::Position), before);
}

#[test]
fn numbers_are_given_in_order() {
    let ledger = scheme();
    let participants: Vec<_> =
        ledger.registry().participants().map(|participant| (participant.id.0, participant.name.to_string())).collect();
    let names = [(1, HUB), (2, PAYER), (3, PAYEE), (4, "otherfsp")].map(|(id, name)| (id, name.to_owned()));
    assert_eq!(participants, names);
    assert!(ledger.registry().accounts().map(|account| account.id.0).eq(1..=8));
}
