//! The net debit cap and the cover by what was paid in: reached exactly, missed by a ten-thousandth, inside a batch.

use fspiop::{Amount, FspId};
use ledger::{
    AccountType, Headroom, Ledger, Prepare, SettlementDelay, SettlementGranularity, SettlementInterchange,
    SettlementModel,
};

use crate::world::{
    OTHER, PAYEE, PAYER, START, account, amount, consent, fsp, funds_in, hub_only, join, payment, position, prepared,
    refusal, scheme, usd,
};

const RESERVED: &str = "reserved";
const UNCOVERED: &str = "4001 Payer FSP insufficient liquidity";
const CAPPED: &str = "4200 Payer limit error";

/// Prepares payments of these amounts one after the other in one batch, and says what became of each.
fn prepare_all(ledger: &mut Ledger, amounts: &[&str]) -> Vec<String> {
    let numbers = 1..;
    let prepares = numbers.zip(amounts).map(|(number, text)| payment(number, text));
    prepares.map(|prepare| prepared(&ledger.prepare(START, &prepare))).collect()
}

/// A payer with this cap that has paid this in asks for these amounts.
#[track_caller]
fn check(cap: &str, paid_in: &str, amounts: &[&str], expect: &[&str], position_after: &str) {
    let mut ledger = hub_only();
    join(&mut ledger, PAYER, usd(), cap, paid_in);
    join(&mut ledger, PAYEE, usd(), "0", "0");
    assert_eq!(prepare_all(&mut ledger, amounts), expect, "cap {cap}, paid in {paid_in}");
    assert_eq!(position(&ledger, PAYER), position_after);
}

#[test]
fn limits_may_be_reached_exactly_and_not_passed_by_one_unit() {
    check("100", "1000", &["100"], &[RESERVED], "100");
    check("100", "1000", &["100.0001"], &[CAPPED], "0");
    check("1000", "100", &["100"], &[RESERVED], "100");
    check("1000", "100", &["100.0001"], &[UNCOVERED], "0");
    check("0.0001", "1", &["0.0001"], &[RESERVED], "0.0001");
    check("0", "1000", &["0.0001"], &[CAPPED], "0");
    check("1000", "0", &["0.0001"], &[UNCOVERED], "0");
    // Where both are passed, it is the cover that is missed first.
    check("100", "100", &["100.0001"], &[UNCOVERED], "0");
    check("50", "100", &["100.0001", "50.0001"], &[UNCOVERED, CAPPED], "0");
}

#[test]
fn limits_hold_after_every_single_transfer_of_a_batch() {
    check("100", "1000", &["60", "40", "0.0001"], &[RESERVED, RESERVED, CAPPED], "100");
    check("100", "1000", &["60", "40.0001", "40"], &[RESERVED, CAPPED, RESERVED], "100");
    check("1000", "100", &["99.9999", "0.0002", "0.0001"], &[RESERVED, UNCOVERED, RESERVED], "100");
    check("3", "2", &["1"; 4], &[RESERVED, RESERVED, UNCOVERED, UNCOVERED], "2");
}

#[test]
fn room_comes_back_when_a_transfer_ends_without_payment() {
    let mut ledger = scheme();
    assert_eq!(prepare_all(&mut ledger, &["100", "1"]), [RESERVED, CAPPED]);
    ledger.abort(START, &refusal(1));
    assert_eq!(prepared(&ledger.prepare(START, &payment(3, "100"))), RESERVED);
    let late = START.plus_millis(crate::world::VALIDITY_MS);
    assert!(ledger.expire(late, payment(3, "100").transfer_id).is_some());
    let again = Prepare { expiration: late.plus_millis(1), ..payment(4, "100") };
    assert_eq!(prepared(&ledger.prepare(late, &again)), RESERVED);
}

#[test]
fn a_commit_leaves_the_payer_where_the_reservation_put_it() {
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "100"));
    ledger.fulfil(START, &consent(1));
    assert_eq!(position(&ledger, PAYER), "100");
    assert_eq!(prepared(&ledger.prepare(START, &payment(2, "0.0001"))), CAPPED);
}

#[test]
fn what_was_received_can_be_sent_on() {
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "30"));
    ledger.fulfil(START, &consent(1));
    assert_eq!(position(&ledger, PAYEE), "-30");
    // A cap of 50 and 40 paid in, and 30 received: the cover of 40 + 30 binds before the cap of 50 + 30.
    let back = |number, text| Prepare { payer: fsp(PAYEE), payee: fsp(OTHER), ..payment(number, text) };
    assert_eq!(prepared(&ledger.prepare(START, &back(2, "70.0001"))), UNCOVERED);
    assert_eq!(prepared(&ledger.prepare(START, &back(3, "70"))), RESERVED);
    assert_eq!(position(&ledger, PAYEE), "40");
}

#[test]
fn a_lower_cap_stops_further_sending_and_undoes_nothing() {
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "80"));
    ledger.adjust_limit(&fsp(PAYER), usd(), amount("50")).unwrap();
    assert_eq!(prepared(&ledger.prepare(START, &payment(2, "0.0001"))), CAPPED);
    assert_eq!(position(&ledger, PAYER), "80");
    ledger.adjust_limit(&fsp(PAYER), usd(), amount("80.0001")).unwrap();
    assert_eq!(prepared(&ledger.prepare(START, &payment(3, "0.0001"))), RESERVED);
}

#[test]
fn funds_paid_in_raise_the_cover_within_the_batch() {
    let mut ledger = hub_only();
    join(&mut ledger, PAYER, usd(), "100", "10");
    join(&mut ledger, PAYEE, usd(), "0", "0");
    assert_eq!(prepared(&ledger.prepare(START, &payment(1, "10.0001"))), UNCOVERED);
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    ledger.record_funds_in(START, &funds_in(50, PAYER, settlement, "0.0001")).unwrap();
    assert_eq!(prepared(&ledger.prepare(START, &payment(2, "10.0001"))), RESERVED);
}

#[test]
fn without_a_cap_nothing_can_be_sent() {
    let mut ledger = hub_only();
    let new = |name: &str| ledger::NewParticipant { name: fsp(name), currency: Some(usd()) };
    ledger.register_participant(START, &new(PAYER)).unwrap();
    ledger.register_participant(START, &new(PAYEE)).unwrap();
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    ledger.record_funds_in(START, &funds_in(50, PAYER, settlement, "1000")).unwrap();
    assert_eq!(prepared(&ledger.prepare(START, &payment(1, "1"))), CAPPED);
    assert_eq!(ledger.headroom(&account(&ledger, PAYER, usd(), AccountType::Position)), None);
}

fn model(name: &str, requires_cover: bool, own_currency: bool) -> SettlementModel {
    SettlementModel {
        id: 1,
        name: name.into(),
        granularity: SettlementGranularity::Net,
        interchange: SettlementInterchange::Multilateral,
        delay: SettlementDelay::Deferred,
        currency: own_currency.then(usd),
        require_liquidity_check: requires_cover,
        ledger_account: AccountType::Position,
        settlement_account: AccountType::Settlement,
        auto_position_reset: true,
        active: true,
    }
}

#[test]
fn no_settlement_model_lets_anybody_send_what_is_not_covered() {
    for models in [
        vec![],
        vec![model("general", true, false)],
        vec![model("general", false, false)],
        vec![model("a-general", true, false), model("usd", false, true)],
    ] {
        let mut ledger = hub_only();
        join(&mut ledger, PAYER, usd(), "100", "10");
        join(&mut ledger, PAYEE, usd(), "0", "0");
        for model in &models {
            ledger.create_settlement_model(model).unwrap();
        }
        assert_eq!(prepared(&ledger.prepare(START, &payment(1, "10.0001"))), UNCOVERED, "{models:?}");
        assert_eq!(prepared(&ledger.prepare(START, &payment(2, "10"))), RESERVED, "{models:?}");
    }
}

#[test]
fn headroom_is_what_is_left() {
    let mut ledger = scheme();
    let headroom = |ledger: &Ledger, name: &str| {
        let Headroom { cap, liquidity } =
            ledger.headroom(&account(ledger, name, usd(), AccountType::Position)).unwrap();
        (cap.to_string(), liquidity.to_string())
    };
    let left = |cap: &str, liquidity: &str| (cap.to_owned(), liquidity.to_owned());
    assert_eq!(headroom(&ledger, PAYER), left("100", "1000"));
    ledger.prepare(START, &payment(1, "60.5"));
    assert_eq!(headroom(&ledger, PAYER), left("39.5", "939.5"));
    ledger.fulfil(START, &consent(1));
    assert_eq!(headroom(&ledger, PAYEE), left("110.5", "100.5"));
}

#[test]
fn a_thousand_payers_want_the_last_unit() {
    let mut ledger = hub_only();
    join(&mut ledger, PAYER, usd(), "1", "1");
    join(&mut ledger, PAYEE, usd(), "0", "0");
    let reserved = (0..1_000).filter(|number| prepared(&ledger.prepare(START, &payment(*number, "1"))) == RESERVED);
    assert_eq!(reserved.count(), 1);
    assert_eq!(position(&ledger, PAYER), "1");
}

#[test]
fn the_cap_is_the_payers_own() {
    // The position of one participant does not count for another one.
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "100"));
    let of_other = |payer: FspId| Prepare { payer, payee: fsp(PAYEE), ..payment(2, "40") };
    assert_eq!(prepared(&ledger.prepare(START, &of_other(fsp(OTHER)))), RESERVED);
    assert_eq!((position(&ledger, OTHER), position(&ledger, PAYER)), ("40".to_owned(), "100".to_owned()));
    assert_eq!(Amount::ZERO.to_string(), position(&ledger, PAYEE));
}
