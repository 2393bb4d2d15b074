//! The working set of a batch: what it notes as changed, and what it takes from a store.

use ledger::{AccountType, Ledger};

use crate::world::{OTHER, PAYEE, PAYER, START, account, amount, consent, fsp, id, payment, position, scheme, usd};

/// A new batch over what another one left behind, with nothing in it but the balances and transfers that are named.
fn next_batch(ledger: &Ledger, names: &[&str], transfers: &[u32]) -> Ledger {
    let mut next = Ledger::new(ledger.registry().clone());
    for name in names {
        for kind in [AccountType::Position, AccountType::Settlement] {
            let account = account(ledger, name, usd(), kind);
            next.load_balance(account.id, ledger.balance(&account));
        }
    }
    for number in transfers {
        next.load_transfer(ledger.transfer(id(*number)).unwrap().clone());
    }
    next
}

#[test]
fn changes_name_each_thing_once_and_nothing_that_was_only_read() {
    let first = {
        let mut ledger = scheme();
        ledger.prepare(START, &payment(1, "10"));
        ledger
    };
    let mut ledger = next_batch(&first, &[PAYER, PAYEE, OTHER], &[1]);
    assert!(ledger.changes().balances.is_empty() && ledger.changes().transfers.is_empty());
    for number in 2..=5 {
        ledger.prepare(START, &payment(number, "10"));
    }
    ledger.fulfil(START, &consent(2));
    ledger.fulfil(START, &consent(2));
    let changes = ledger.changes();
    let position_of = |name| account(&ledger, name, usd(), AccountType::Position).id;
    assert_eq!(changes.balances.iter().copied().collect::<Vec<_>>(), [position_of(PAYER), position_of(PAYEE)]);
    assert_eq!(changes.transfers.iter().copied().collect::<Vec<_>>(), (2..=5).map(id).collect::<Vec<_>>());
    assert_eq!(changes.entries.len(), 5, "four reservations and a commit");
    assert!(!changes.touches_registry());
    assert!(changes.funds.is_empty());
}

#[test]
fn changes_of_the_registry_are_told() {
    let fresh = |change: &dyn Fn(&mut Ledger)| {
        let mut ledger = Ledger::new(scheme().registry().clone());
        change(&mut ledger);
        ledger.changes().touches_registry()
    };
    assert!(!fresh(&|ledger| drop(ledger.prepare(START, &payment(1, "10")))));
    assert!(fresh(&|ledger| ledger.activate_participant(&fsp(PAYER), false).unwrap()));
    assert!(fresh(&|ledger| ledger.adjust_limit(&fsp(PAYER), usd(), amount("1")).unwrap()));
    assert!(!fresh(&|ledger| drop(ledger.adjust_limit(&fsp("nobody"), usd(), amount("1")))));
}

#[test]
fn a_batch_leaves_the_registry_of_others_alone() {
    let ledger = scheme();
    let before = (**ledger.registry()).clone();
    let mut batch = Ledger::new(ledger.registry().clone());
    batch.activate_participant(&fsp(PAYER), false).unwrap();
    assert_eq!(**ledger.registry(), before);
    assert!(!batch.registry().participant_named(PAYER).unwrap().active);
}

#[test]
fn a_batch_goes_on_where_the_last_one_ended() {
    let mut first = scheme();
    first.prepare(START, &payment(1, "60"));
    let mut second = next_batch(&first, &[PAYER, PAYEE], &[1]);
    second.prepare(START, &payment(2, "40"));
    second.fulfil(START, &consent(1));
    assert_eq!((position(&second, PAYER), position(&second, PAYEE)), ("100".to_owned(), "-60".to_owned()));
    let mut third = next_batch(&second, &[PAYER, PAYEE], &[2]);
    let decision = third.prepare(START, &payment(3, "0.0001"));
    assert_eq!(crate::world::prepared(&decision), "4200 Payer limit error");
}

#[test]
fn deciding_touches_only_the_accounts_that_were_foreseen() {
    // What a store loads and locks before it decides must be all that deciding writes.
    let ledger = scheme();
    let registry = ledger.registry();
    let named = |name| registry.participant_named(name).map(|participant| participant.id);
    let touched: Vec<_> = Ledger::accounts_touched(registry, named(PAYER), named(PAYEE), usd()).collect();
    let of = |name, kind| account(&ledger, name, usd(), kind).id;
    assert_eq!(
        touched,
        [of(PAYER, AccountType::Position), of(PAYER, AccountType::Settlement), of(PAYEE, AccountType::Position)]
    );
    assert_eq!(Ledger::accounts_touched(registry, named("nobody"), None, usd()).count(), 0);
    assert_eq!(Ledger::accounts_touched(registry, named(PAYER), None, crate::world::currency("KES")).count(), 0);
}
