//! Transfers and funds change balances to the unit, and are remembered whole.

use fspiop::{Amount, Fulfilment, TransferId};
use ledger::{AccountId, EntryKind, FundsDirection, FundsStatus, TransferStatus};
use switch::Command;

use super::{
    Fixture,
    command::{
        PAYEE_POSITION, PAYER, PAYER_POSITION, PAYER_SETTLEMENT, Payment, RECONCILIATION, START, VALIDITY_MS, amount,
        funds_id, funds_in, funds_out, funds_out_end,
    },
    world::World,
};
use crate::Store;

/// Prepares a payment of 100.0001, lets it end so, and checks the balances and its two entries.
fn check<F: Fixture>(end: impl Fn(&Payment) -> Command, status: TransferStatus, kind: EntryKind, moved: [&str; 2]) {
    let mut world = World::<F>::onboarded();
    let payment = Payment::new(1, "100.0001");
    world.commit([payment.prepare()]);
    assert_eq!(world.balance(PAYER_POSITION), payment.amount);
    assert_eq!(world.balance(PAYEE_POSITION), Amount::ZERO);
    world.clock.advance(VALIDITY_MS / 2);
    if status == TransferStatus::ExpiredReserved {
        world.commit([end(&payment)]);
        assert_eq!(world.status(&payment), TransferStatus::Reserved, "too early");
        world.clock.advance(VALIDITY_MS);
    }
    let now = world.commit([end(&payment)]).now;
    world.reopen();
    assert_eq!(world.status(&payment), status);
    assert_eq!(world.transfer(&payment).completed_at, Some(now));
    assert_eq!([PAYER_POSITION, PAYEE_POSITION].map(|account| world.balance(account)), moved.map(amount));
    let raised_and_lowered = match kind {
        EntryKind::Commit => (AccountId::TRANSIT, PAYEE_POSITION),
        _ => (AccountId::TRANSIT, PAYER_POSITION),
    };
    let entries: Vec<_> = world.books().entries.into_iter().filter(|entry| entry.transfer_id == payment.id).collect();
    let lines: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.raised, entry.lowered)).collect();
    let (raised, lowered) = raised_and_lowered;
    assert_eq!(lines, [(EntryKind::Reserve, PAYER_POSITION, AccountId::TRANSIT), (kind, raised, lowered)]);
    assert_eq!(entries[1].at, now);
}

/// The payer owes, the payee is owed.
pub fn a_commit_moves_both_balances<F: Fixture>() {
    check::<F>(Payment::fulfil, TransferStatus::Committed, EntryKind::Commit, ["100.0001", "-100.0001"]);
}

/// Nobody owes anything.
pub fn an_abort_moves_the_balance_back<F: Fixture>() {
    check::<F>(Payment::reject, TransferStatus::AbortedRejected, EntryKind::Abort, ["0", "0"]);
    check::<F>(Payment::fail, TransferStatus::AbortedError, EntryKind::Abort, ["0", "0"]);
}

/// A preimage that does not fit ends the transfer.
pub fn a_wrong_fulfilment_moves_the_balance_back<F: Fixture>() {
    let wrong = |payment: &Payment| payment.fulfil_with(Fulfilment::from_bytes([0; 32]), true);
    check::<F>(wrong, TransferStatus::AbortedError, EntryKind::Abort, ["0", "0"]);
}

/// Not before its time.
pub fn an_expired_transfer_moves_the_balance_back<F: Fixture>() {
    let expire = |payment: &Payment| Command::Expire(payment.id);
    check::<F>(expire, TransferStatus::ExpiredReserved, EntryKind::Abort, ["0", "0"]);
}

/// What one participant pays in stands on two accounts.
pub fn funds_move_two_accounts<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    world.commit([funds_in(2, PAYER, PAYER_SETTLEMENT, "0.5")]);
    world.reopen();
    assert_eq!(world.balance(PAYER_SETTLEMENT), amount("-10000.5"));
    assert_eq!(world.balance(RECONCILIATION), amount("10000.5"));
    let entries = world.books().entries;
    assert!(entries.iter().all(|entry| entry.kind == EntryKind::FundsIn));
    assert_eq!(entries.len(), 2);
}

/// Charged when it is prepared, given back when it is called off; all three movements are remembered.
pub fn funds_go_out<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let out = |number, paid| funds_out(number, PAYER, PAYER_SETTLEMENT, paid);
    let end = |number, done| funds_out_end(number, PAYER, PAYER_SETTLEMENT, done);
    world.commit([out(2, "4000"), out(3, "6000"), out(4, "0.0001")]);
    assert_eq!(world.balance(PAYER_SETTLEMENT), Amount::ZERO);
    world.reopen();
    world.clock.advance(3);
    let now = world.commit([end(2, true), end(3, false), end(4, true)]).now;
    world.reopen();
    assert_eq!(world.balance(PAYER_SETTLEMENT), amount("-6000"));
    assert_eq!(world.balance(RECONCILIATION), amount("6000"));
    let books = world.books();
    let funds: Vec<_> = books.funds.iter().map(|funds| (funds.direction, funds.status, funds.ended_at)).collect();
    let expected = [
        (FundsDirection::In, FundsStatus::Committed, Some(START)),
        (FundsDirection::Out, FundsStatus::Committed, Some(now)),
        (FundsDirection::Out, FundsStatus::Aborted, Some(now)),
    ];
    assert_eq!(funds, expected);
    let kinds: Vec<_> = books.entries.iter().map(|entry| entry.kind).collect();
    let expected = [
        EntryKind::FundsIn,
        EntryKind::FundsOut,
        EntryKind::FundsOut,
        EntryKind::FundsOutCommit,
        EntryKind::FundsOutAbort,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(world.wait(world.store().story(funds_id(3))).funds.as_ref(), Some(&books.funds[2]));
}

/// As it came, for transfers that were reserved; those that were refused have none.
pub fn packets_are_kept_for_reserved_transfers<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let (reserved, refused) = (Payment::new(1, "1"), Payment::new(2, "1000000"));
    world.commit([reserved.prepare(), refused.prepare()]);
    world.commit([reserved.prepare(), reserved.fulfil()]);
    world.reopen();
    let packet = |payment: &Payment| world.wait(world.store().ilp_packet(payment.id));
    assert_eq!(packet(&reserved).as_deref(), Some(Payment::ILP_PACKET));
    assert_eq!(packet(&refused), None);
}

/// Every field of a transfer, in each of its states, is the same after the store was closed.
pub fn transfers_come_back_whole<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let [open, committed, rejected, failed, expired] = [1, 2, 3, 4, 5].map(|number| Payment::new(number, "1"));
    let refused = Payment { payee: "nobody", ..Payment::new(6, "1") };
    let all = [&open, &committed, &rejected, &failed, &expired, &refused];
    let expired = Payment { expiration: expired.expiration.plus_millis(1 - VALIDITY_MS), ..expired.clone() };
    world.commit([open.prepare(), committed.prepare(), rejected.prepare(), failed.prepare(), expired.prepare()]);
    world.clock.advance(10);
    world.commit([
        refused.prepare(),
        committed.fulfil(),
        rejected.reject(),
        failed.fail(),
        Command::Expire(expired.id),
    ]);
    let before = all.map(|payment| world.transfer(payment));
    assert_eq!(before[1].fulfilment, Some(committed.fulfilment()));
    assert_eq!(before[3].abort_reason.as_ref().map(|reason| &*reason.description), Some("Payee rejected – «no»"));
    assert_eq!(before[4].status, TransferStatus::ExpiredReserved);
    assert_eq!(before[5].payee, None);
    assert_eq!(before[5].status, TransferStatus::Invalid);
    world.reopen();
    assert_eq!(all.map(|payment| world.transfer(payment)), before);
    let books = world.books();
    assert_eq!(books.transfers, before);
}

/// A UUID and a ULID with the same bits are two ids.
pub fn identifiers_of_both_forms_are_kept<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let uuid = Payment::new(1, "1");
    let mut bits = [0; 16];
    bits.copy_from_slice(&uuid.id.0.to_bytes()[1..]);
    let id = TransferId(fspiop::Identifier::from_ulid_bits(u128::from_be_bytes(bits)));
    let ulid = Payment { id, amount: amount("2"), ..uuid.clone() };
    world.commit([ulid.prepare(), uuid.prepare(), ulid.fulfil()]);
    world.reopen();
    assert_eq!(world.transfer(&uuid).amount, amount("1"));
    assert_eq!(world.transfer(&ulid).amount, amount("2"));
    assert_eq!(world.transfer(&ulid).id.to_string().len(), 26);
    let ids: Vec<_> = world.books().transfers.into_iter().map(|transfer| transfer.id).collect();
    assert_eq!(ids, [uuid.id, ulid.id]);
}
