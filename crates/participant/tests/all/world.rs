//! What most tests need: two FSPs, and payments between them.

use fspiop::{Amount, ApiVersion, Currency, FspId, Money, PartyId, Timestamp};
use participant::{
    Behaviour, IdentifierSource, Order, Party, Payment, Phase, Profile, Request, Rule, Script, TransferRequest,
};

pub(crate) const PAYER: &str = "payerfsp";
pub(crate) const PAYEE: &str = "payeefsp";
pub(crate) const ALICE: &str = "MSISDN/111";
pub(crate) const BOB: &str = "MSISDN/27713803912";
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_356_000_000);

pub(crate) fn fsp(name: &str) -> FspId {
    FspId::parse(name).unwrap()
}

pub(crate) fn party(text: &str) -> PartyId {
    PartyId::parse(text).unwrap()
}

pub(crate) fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

pub(crate) fn payer() -> Profile {
    Profile::new(fsp(PAYER), vec![usd()]).with_party(party(ALICE), "Alice Alpaca")
}

pub(crate) fn payee() -> Profile {
    Profile::new(fsp(PAYEE), vec![usd()])
        .with_party(party(BOB), "Bob Babirusa")
        .with_party(party("ALIAS/bob/work"), "Bob")
}

/// `reject` for everything, or `clearing: reject` for one phase.
pub(crate) fn script(short: &str) -> Script {
    let Some((phase, behaviour)) = short.split_once(": ") else {
        return Script::of(short.parse().unwrap());
    };
    let phase = [Phase::Lookup, Phase::Agreement, Phase::Clearing].into_iter().find(|p| p.as_str() == phase);
    let rule = Rule { phase: Some(phase.unwrap()), behaviour: behaviour.parse().unwrap(), ..Rule::default() };
    Script { behaviour: Behaviour::default(), rules: vec![rule] }
}

pub(crate) fn money(amount: &str) -> Money {
    Money { currency: usd(), amount: Amount::parse(amount).unwrap() }
}

pub(crate) fn order(to: &str) -> Order {
    Order {
        from: fsp(PAYER),
        payer: Party { id: party(ALICE), name: "Alice Alpaca".into(), date_of_birth: None },
        to: party(to),
        amount: money("10"),
        note: Some("Thank you".into()),
        timeout_ms: 30_000,
        version: ApiVersion::V2_0,
    }
}

pub(crate) fn payment(to: &str) -> (Payment, Request) {
    let identifiers = IdentifierSource::new(1).next_payment(NOW);
    Payment::new(identifiers, order(to), NOW)
}

pub(crate) fn transfer(to: &str) -> TransferRequest {
    TransferRequest::new(fsp(PAYER), party(to), Amount::parse("10").unwrap(), usd())
}
