//! Settlement models: which of them serves a currency, and which exclude each other.

use fspiop::Currency;
use ledger::{AccountType, SettlementDelay, SettlementGranularity, SettlementInterchange, SettlementModel};

use crate::world::{check_refused, currency, scheme, usd};

fn model(name: &str, currency: Option<Currency>, ledger_account: AccountType) -> SettlementModel {
    SettlementModel {
        id: 1,
        name: name.into(),
        granularity: SettlementGranularity::Net,
        interchange: SettlementInterchange::Multilateral,
        delay: SettlementDelay::Deferred,
        currency,
        require_liquidity_check: true,
        ledger_account,
        settlement_account: AccountType::Settlement,
        auto_position_reset: true,
        active: true,
    }
}

#[test]
fn a_currency_has_one_model_for_each_kind_of_account() {
    let mut ledger = scheme();
    let kes = currency("KES");
    let models = [
        model("general", None, AccountType::Position),
        model("usd", Some(usd()), AccountType::Position),
        model("kes", Some(kes), AccountType::Position),
        model("fees", None, AccountType::InterchangeFee),
    ];
    for (id, model) in (1..).zip(models) {
        ledger.create_settlement_model(&model).unwrap();
        assert_eq!(ledger.registry().settlement_model(&model.name), Some(&SettlementModel { id, ..model }));
    }
    let taken = "Settlement Model already exists";
    for model in [
        model("usd", Some(currency("ZAR")), AccountType::Position),
        model("another", Some(usd()), AccountType::Position),
        model("another", None, AccountType::Position),
        model("another", None, AccountType::InterchangeFee),
    ] {
        check_refused(&mut ledger, |ledger| ledger.create_settlement_model(&model), taken);
    }
    ledger.activate_settlement_model("usd", false).unwrap();
    let again = model("another", Some(usd()), AccountType::Position);
    check_refused(&mut ledger, |ledger| ledger.create_settlement_model(&again), taken);
    check_refused(&mut ledger, |ledger| ledger.activate_settlement_model("none", true), "Model does not exist");
}

#[test]
fn the_model_of_a_currency_is_its_own_else_the_general_one() {
    let mut ledger = scheme();
    let serving = |ledger: &ledger::Ledger, code: &str| {
        ledger.registry().position_model(currency(code)).map(|model| model.name.to_string())
    };
    assert_eq!(serving(&ledger, "USD"), None);
    ledger.create_settlement_model(&model("fees", None, AccountType::InterchangeFee)).unwrap();
    assert_eq!(serving(&ledger, "USD"), None, "a model for fees is none for positions");
    ledger.create_settlement_model(&model("z-general", None, AccountType::Position)).unwrap();
    ledger.create_settlement_model(&model("usd", Some(usd()), AccountType::Position)).unwrap();
    assert_eq!(serving(&ledger, "USD").as_deref(), Some("usd"));
    assert_eq!(serving(&ledger, "KES").as_deref(), Some("z-general"));
    ledger.activate_settlement_model("usd", false).unwrap();
    assert_eq!(serving(&ledger, "USD").as_deref(), Some("z-general"));
    ledger.activate_settlement_model("z-general", false).unwrap();
    assert_eq!(serving(&ledger, "USD"), None);
}

#[test]
fn names_read_back() {
    for name in SettlementGranularity::NAMES {
        assert_eq!(SettlementGranularity::parse(name).map(SettlementGranularity::as_str), Some(*name));
    }
    for name in SettlementInterchange::NAMES {
        assert_eq!(SettlementInterchange::parse(name).map(SettlementInterchange::as_str), Some(*name));
    }
    for name in SettlementDelay::NAMES {
        assert_eq!(SettlementDelay::parse(name).map(SettlementDelay::as_str), Some(*name));
    }
    for kind in AccountType::ALL {
        assert_eq!(AccountType::parse(kind.as_str()), Some(kind));
    }
    for kind in ledger::EntryKind::ALL {
        assert_eq!(ledger::EntryKind::parse(kind.as_str()), Some(kind));
    }
    for status in ledger::TransferStatus::ALL {
        assert_eq!(ledger::TransferStatus::parse(status.as_str()), Some(status));
    }
    assert_eq!(SettlementDelay::parse("deferred"), None);
    assert_eq!(AccountType::parse(""), None);
}
