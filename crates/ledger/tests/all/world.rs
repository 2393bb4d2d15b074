//! A small scheme: the hub's accounts in one currency, and three participants.

use std::sync::Arc;

use fspiop::{Amount, Currency, FspId, Fulfilment, Timestamp, TransferId};
use ledger::{
    Abort, AbortDecision, AbortReason, Account, AccountId, AccountType, ContentHash, Fulfil, FulfilDecision,
    FundsRequest, InitialPositionAndLimits, Ledger, LedgerError, NewParticipant, Prepare, PrepareDecision, Registry,
    TransferStatus,
};

/// When everything begins: 2026-11-22T14:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_356_000_000);
/// How long a payment is valid, in milliseconds.
pub(crate) const VALIDITY_MS: i64 = 30_000;

pub(crate) const HUB: &str = "Hub";
pub(crate) const PAYER: &str = "payerfsp";
pub(crate) const PAYEE: &str = "payeefsp";
pub(crate) const OTHER: &str = "otherfsp";

/// A name that is one.
pub(crate) fn fsp(name: &str) -> FspId {
    FspId::parse(name).unwrap()
}

/// A code that is one.
pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// The currency of the scheme.
pub(crate) fn usd() -> Currency {
    currency("USD")
}

/// A decimal number as an amount.
pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse_decimal(text).unwrap()
}

/// The id of this number, a UUID.
pub(crate) fn id(number: u32) -> TransferId {
    TransferId::parse(&format!("{number:08x}-ee48-4575-b6a9-ead2955b8069")).unwrap()
}

/// The hash of this content.
pub(crate) fn hash(content: u8) -> ContentHash {
    ContentHash([content; 32])
}

/// The preimage that releases a payment.
pub(crate) fn fulfilment(number: u32) -> Fulfilment {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Fulfilment::from_bytes(bytes)
}

/// A payment of the payer to the payee, valid from the start of the clock.
pub(crate) fn payment(number: u32, text: &str) -> Prepare {
    Prepare {
        transfer_id: id(number),
        payer: fsp(PAYER),
        payee: fsp(PAYEE),
        amount: amount(text),
        currency: usd(),
        condition: fulfilment(number).condition(),
        expiration: START.plus_millis(VALIDITY_MS),
        may_be_on_us: false,
        hash: hash(1),
    }
}

/// The payee's consent to the payment of this number.
pub(crate) fn consent(number: u32) -> Fulfil {
    Fulfil {
        transfer_id: id(number),
        source: fsp(PAYEE),
        fulfilment: Some(fulfilment(number)),
        completed_at: None,
        hash: hash(2),
    }
}

/// The payee's refusal of the payment of this number.
pub(crate) fn refusal(number: u32) -> Abort {
    let reason = AbortReason { code: "5104".into(), description: "no".into() };
    Abort { transfer_id: id(number), source: fsp(PAYEE), status: TransferStatus::AbortedError, reason, hash: hash(3) }
}

/// A ledger whose hub has accounts in the currency of the scheme and in no other.
pub(crate) fn hub_only() -> Ledger {
    let mut ledger = Ledger::new(Arc::new(Registry::new(fsp(HUB), START)));
    hub_accounts(&mut ledger, usd());
    ledger
}

/// The hub's accounts in a currency.
pub(crate) fn hub_accounts(ledger: &mut Ledger, currency: Currency) {
    for kind in [AccountType::HubReconciliation, AccountType::HubMultilateralSettlement] {
        ledger.create_hub_account(START, &fsp(HUB), currency, kind).unwrap();
    }
}

/// Registers a participant with a cap and with what it has paid in.
pub(crate) fn join(ledger: &mut Ledger, name: &str, currency: Currency, cap: &str, paid_in: &str) {
    ledger.register_participant(START, &NewParticipant { name: fsp(name), currency: Some(currency) }).unwrap();
    ledger.set_initial_limits(&limits(name, currency, cap)).unwrap();
    if !amount(paid_in).is_zero() {
        let account = account(ledger, name, currency, AccountType::Settlement).id;
        // An id apart from those of payments.
        let number = 0xF000_0000 + u32::try_from(account.0).unwrap();
        ledger.record_funds_in(START, &funds_in(number, name, account, paid_in)).unwrap();
    }
}

/// The first cap of a participant.
pub(crate) fn limits(name: &str, currency: Currency, cap: &str) -> InitialPositionAndLimits {
    InitialPositionAndLimits {
        participant: fsp(name),
        currency,
        net_debit_cap: amount(cap),
        initial_position: Amount::ZERO,
    }
}

/// A record that a participant has paid in.
pub(crate) fn funds_in(number: u32, name: &str, account: AccountId, paid: &str) -> FundsRequest {
    FundsRequest {
        id: id(number),
        participant: fsp(name),
        account,
        amount: amount(paid),
        currency: None,
        hash: ContentHash([9; 32]),
    }
}

/// The scheme: the payer may owe 100 and has paid in 1000, the two others may owe 50 and have paid in 40.
pub(crate) fn scheme() -> Ledger {
    let mut ledger = hub_only();
    join(&mut ledger, PAYER, usd(), "100", "1000");
    join(&mut ledger, PAYEE, usd(), "50", "40");
    join(&mut ledger, OTHER, usd(), "50", "40");
    ledger
}

/// An account that is there.
pub(crate) fn account(ledger: &Ledger, name: &str, currency: Currency, kind: AccountType) -> Account {
    let owner = ledger.registry().participant_named(name).unwrap().id;
    ledger.registry().account_of(owner, currency, kind).unwrap().clone()
}

/// What a participant owes in the currency of the scheme.
pub(crate) fn position(ledger: &Ledger, name: &str) -> String {
    balance(ledger, name, AccountType::Position)
}

/// What stands on an account in the currency of the scheme.
pub(crate) fn balance(ledger: &Ledger, name: &str, kind: AccountType) -> String {
    ledger.balance(&account(ledger, name, usd(), kind)).amount.to_string()
}

/// All that the ledger holds and has noted as changed: equal before and after an operation that did nothing.
pub(crate) fn everything(ledger: &Ledger) -> String {
    format!("{ledger:?}")
}

/// What moved: balances and journal, but not what is remembered of transfers.
pub(crate) fn money(ledger: &Ledger) -> String {
    let balances: Vec<_> =
        ledger.registry().accounts().map(|account| (account.id, ledger.balance(account).amount)).collect();
    format!("{balances:?} {:?} {:?}", ledger.changes().entries, ledger.changes().balances)
}

/// The name of what became of a prepare, with the error of a refusal.
pub(crate) fn prepared(decision: &PrepareDecision) -> String {
    match decision {
        PrepareDecision::Reserved(_) => "reserved".to_owned(),
        PrepareDecision::Refused(_, error) => format!("{} {}", error.code, error.description),
        PrepareDecision::Duplicate(transfer) => format!("duplicate of {}", transfer.status.as_str()),
        PrepareDecision::Modified => "modified".to_owned(),
        PrepareDecision::UnknownPayer => "unknown payer".to_owned(),
    }
}

/// The name of what became of a consent.
pub(crate) fn fulfilled(decision: &FulfilDecision) -> &'static str {
    match decision {
        FulfilDecision::Committed(_) => "committed",
        FulfilDecision::WrongFulfilment(..) => "wrong fulfilment",
        FulfilDecision::Expired(_) => "expired",
        FulfilDecision::Duplicate(_) => "duplicate",
        FulfilDecision::Modified(_) => "modified",
        FulfilDecision::NotReserved(_) => "not reserved",
        FulfilDecision::NotThePayee(_) => "not the payee",
        FulfilDecision::NotFound => "not found",
    }
}

/// The name of what became of a refusal.
pub(crate) fn aborted(decision: &AbortDecision) -> &'static str {
    match decision {
        AbortDecision::Aborted(_) => "aborted",
        AbortDecision::Expired(_) => "expired",
        AbortDecision::Duplicate(_) => "duplicate",
        AbortDecision::Modified(_) => "modified",
        AbortDecision::NotReserved(_) => "not reserved",
        AbortDecision::NotThePayee(_) => "not the payee",
        AbortDecision::NotFound => "not found",
    }
}

/// Asks for something that must be refused with these words, and leave everything as it was.
#[track_caller]
pub(crate) fn check_refused<T: std::fmt::Debug>(
    ledger: &mut Ledger,
    operation: impl FnOnce(&mut Ledger) -> Result<T, LedgerError>,
    expect: &str,
) {
    let before = everything(ledger);
    let error = operation(ledger).unwrap_err().to_string();
    assert!(error.contains(expect), "{error:?} does not say {expect:?}");
    assert_eq!(everything(ledger), before, "{expect}: something changed");
}
