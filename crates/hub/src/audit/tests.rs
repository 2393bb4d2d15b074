//! Each kind of violation, planted into good books, is found and named.

use std::{collections::BTreeMap, sync::Arc};

use fspiop::{Amount, Currency, FspId, Fulfilment, Timestamp, TransferId};
use ledger::{
    AbortReason, Account, AccountId, AccountType, Balance, ContentHash, Entry, EntryKind, FundsDirection,
    FundsMovement, FundsStatus, Participant, ParticipantId, Registry, SettlementDelay, SettlementGranularity,
    SettlementInterchange, SettlementModel, Transfer, TransferStatus,
};
use store::{Archived, Fate, Page, SentMessage, Story};
use switch::{MessageId, Method};

use super::{Audit, Auditor, BOUND_MS, MAX_FINDINGS, Scope, Verdict};

const START: Timestamp = Timestamp::from_millis(1_795_356_000_000);
const PAYER: ParticipantId = ParticipantId(2);
const PAYEE: ParticipantId = ParticipantId(3);
const BANK: AccountId = AccountId(1);
const PAYER_POSITION: AccountId = AccountId(2);
const PAYER_SETTLEMENT: AccountId = AccountId(3);
const PAYEE_POSITION: AccountId = AccountId(4);
const KES_POSITION: AccountId = AccountId(6);

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::parse_decimal(text).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    START.plus_millis(seconds * 1000)
}

fn id(number: u128) -> TransferId {
    TransferId(fspiop::Identifier::from_ulid_bits(number))
}

/// Books of four transfers and four movements of funds, all in order.
struct World {
    registry: Registry,
    accounts: Vec<(Account, Balance)>,
    transfers: Vec<Transfer>,
    funds: Vec<FundsMovement>,
    entries: Vec<Entry>,
    archived: BTreeMap<AccountId, Archived>,
    stories: Vec<Story>,
    scope: Scope,
    now: Timestamp,
}

const RESERVED: usize = 0;
const COMMITTED: usize = 1;
const EXPIRED: usize = 2;
const REFUSED: usize = 3;

impl World {
    fn good() -> World {
        let mut registry = Registry::new(FspId::parse("Hub").unwrap(), START);
        for (id, name) in [(PAYER, "payerfsp"), (PAYEE, "payeefsp")] {
            let name = FspId::parse(name).unwrap();
            registry.put_participant(Participant { id, name, active: true, created_at: START });
        }
        let mut world = World {
            registry,
            accounts: accounts(),
            transfers: Vec::new(),
            funds: Vec::new(),
            entries: Vec::new(),
            archived: BTreeMap::new(),
            stories: Vec::new(),
            scope: Scope { served_since: Some(START) },
            now: at(100),
        };
        world.pay_in_and_out();
        world.transfers.push(transfer(RESERVED, TransferStatus::Reserved));
        world.transfers.push(transfer(COMMITTED, TransferStatus::Committed));
        world.transfers.push(transfer(EXPIRED, TransferStatus::ExpiredReserved));
        world.transfers.push(transfer(REFUSED, TransferStatus::Invalid));
        for index in [RESERVED, COMMITTED, EXPIRED] {
            world.post(id(index as u128), EntryKind::Reserve, PAYER_POSITION, AccountId::TRANSIT, "10", 1);
        }
        world.post(id(1), EntryKind::Commit, AccountId::TRANSIT, PAYEE_POSITION, "10", 2);
        world.post(id(2), EntryKind::Abort, AccountId::TRANSIT, PAYER_POSITION, "10", 60);
        world.stories = world.transfers.iter().map(story).collect();
        world
    }

    fn pay_in_and_out(&mut self) {
        for (number, direction, status) in [
            (10, FundsDirection::In, FundsStatus::Committed),
            (11, FundsDirection::Out, FundsStatus::Reserved),
            (12, FundsDirection::Out, FundsStatus::Aborted),
            (13, FundsDirection::Out, FundsStatus::Committed),
        ] {
            let sum = if number == 10 { "1000" } else { "100" };
            self.funds.push(FundsMovement {
                id: id(number),
                direction,
                status,
                participant: PAYER,
                account: PAYER_SETTLEMENT,
                amount: amount(sum),
                currency: currency("USD"),
                hash: ContentHash([7; 32]),
                recorded_at: START,
                ended_at: (status != FundsStatus::Reserved).then_some(START),
            });
        }
        self.post(id(10), EntryKind::FundsIn, BANK, PAYER_SETTLEMENT, "1000", 0);
        for number in [11, 12, 13] {
            self.post(id(number), EntryKind::FundsOut, PAYER_SETTLEMENT, AccountId::TRANSIT, "100", 0);
        }
        self.post(id(12), EntryKind::FundsOutAbort, AccountId::TRANSIT, PAYER_SETTLEMENT, "100", 0);
        self.post(id(13), EntryKind::FundsOutCommit, AccountId::TRANSIT, BANK, "100", 0);
    }

    /// Writes a line and moves both balances.
    fn post(
        &mut self,
        transfer_id: TransferId,
        kind: EntryKind,
        raised: AccountId,
        lowered: AccountId,
        sum: &str,
        seconds: i64,
    ) {
        let (amount, currency) = (amount(sum), currency("USD"));
        self.entries.push(Entry { transfer_id, kind, raised, lowered, amount, currency, at: at(seconds) });
        self.move_balance(raised, sum);
        self.move_balance(lowered, &format!("-{sum}"));
    }

    fn move_balance(&mut self, account: AccountId, by: &str) {
        if let Some((_, balance)) = self.accounts.iter_mut().find(|(known, _)| known.id == account) {
            balance.amount = balance.amount.checked_add(amount(by)).unwrap();
        }
    }

    fn line(&mut self, number: u128, kind: EntryKind) -> &mut Entry {
        let line = |entry: &&mut Entry| entry.transfer_id == id(number) && entry.kind == kind;
        self.entries.iter_mut().find(line).unwrap()
    }

    fn audit(self) -> Audit {
        let registry = Arc::new(self.registry);
        let mut auditor = Auditor::new(registry.clone(), self.now, self.scope);
        for (account, balance) in self.accounts {
            let archived = self.archived.get(&account.id).copied().unwrap_or(Archived::NOTHING);
            auditor.visit(Page::Account { account, balance, archived });
        }
        let transfers = self.transfers.iter().map(|transfer| transfer.id);
        let mut ids: Vec<_> = transfers
            .chain(self.funds.iter().map(|funds| funds.id))
            .chain(self.entries.iter().map(|entry| entry.transfer_id))
            .collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            auditor.visit(Page::Movement {
                id,
                transfer: self.transfers.iter().find(|transfer| transfer.id == id).cloned(),
                funds: self.funds.iter().find(|funds| funds.id == id).cloned(),
                entries: self.entries.iter().filter(|entry| entry.transfer_id == id).cloned().collect(),
            });
        }
        for id in auditor.close_books(registry) {
            let own = |story: &&Story| story.transfer.as_ref().is_some_and(|transfer| transfer.id == id);
            auditor.hear(self.stories.iter().find(own).unwrap());
        }
        auditor.finish()
    }
}

fn accounts() -> Vec<(Account, Balance)> {
    [
        (BANK, ParticipantId::HUB, AccountType::HubReconciliation, "USD"),
        (PAYER_POSITION, PAYER, AccountType::Position, "USD"),
        (PAYER_SETTLEMENT, PAYER, AccountType::Settlement, "USD"),
        (PAYEE_POSITION, PAYEE, AccountType::Position, "USD"),
        (AccountId(5), PAYEE, AccountType::Settlement, "USD"),
        (KES_POSITION, PAYER, AccountType::Position, "KES"),
    ]
    .map(|(id, participant, kind, code)| {
        let account = Account {
            id,
            participant,
            currency: currency(code),
            kind,
            active: true,
            net_debit_cap: Some(amount("500")).filter(|_| kind == AccountType::Position),
            alarm_percentage: Account::DEFAULT_ALARM_PERCENTAGE,
            created_at: START,
        };
        (account, Balance { amount: Amount::ZERO, changed_at: START })
    })
    .to_vec()
}

fn transfer(number: usize, status: TransferStatus) -> Transfer {
    let fulfilment = Fulfilment::from_bytes([7; 32]);
    let ended_at = match status {
        TransferStatus::Reserved => None,
        TransferStatus::Committed => Some(at(2)),
        TransferStatus::Invalid => Some(at(1)),
        _ => Some(at(60)),
    };
    let committed = status == TransferStatus::Committed;
    let reason = AbortReason { code: "3303".into(), description: "Transfer expired".into() };
    Transfer {
        id: id(number as u128),
        payer: PAYER,
        payee: Some(PAYEE),
        amount: amount("10"),
        currency: currency("USD"),
        condition: fulfilment.condition(),
        expiration: at(if status == TransferStatus::Reserved { 90 } else { 60 }),
        prepare_hash: ContentHash([1; 32]),
        status,
        prepared_at: at(1),
        completed_at: ended_at,
        ended_at,
        fulfilment: committed.then_some(fulfilment),
        answer_hash: committed.then_some(ContentHash([2; 32])),
        abort_reason: (status.is_final() && !committed).then_some(reason),
    }
}

/// What was sent of a transfer: the request to the payee, and the ending to the payer.
fn story(transfer: &Transfer) -> Story {
    let error = if transfer.status == TransferStatus::Committed { "" } else { "/error" };
    let sent = |id, recipient: &str, method, path: String| SentMessage {
        id: MessageId(id),
        recipient: FspId::parse(recipient).unwrap(),
        method,
        path: path.into(),
        created_at: at(1),
        attempts: 1,
        last_attempt_at: Some(at(1)),
        fate: Fate::Delivered,
    };
    let mut messages = vec![sent(1, "payeefsp", Method::Post, "/transfers".to_owned())];
    if transfer.status.is_final() {
        messages.push(sent(2, "payerfsp", Method::Put, format!("/transfers/{}{error}", transfer.id)));
    }
    Story { transfer: Some(transfer.clone()), messages, ..Story::default() }
}

#[test]
fn good_books_pass_and_each_invariant_was_looked_at() {
    let audit = World::good().audit();
    assert_eq!(audit.verdict, Verdict::Pass, "{audit:#?}");
    assert_eq!((audit.accounts, audit.transfers, audit.funds, audit.entries), (6, 4, 4, 11));
    let ids: Vec<_> = audit.invariants.iter().map(|invariant| invariant.id.as_str()).collect();
    assert_eq!(ids, ["I1", "I2", "I3", "I4", "I5", "I7"]);
    for invariant in &audit.invariants {
        assert!(invariant.checked > 0 && invariant.remark_count == 0, "{invariant:#?}");
    }
}

#[test]
fn an_empty_store_passes() {
    let audit = Auditor::new(Arc::default(), START, Scope::default()).finish();
    assert_eq!(audit.verdict, Verdict::Pass);
    assert!(audit.invariants.iter().all(|invariant| invariant.checked == 0));
}

/// Plants something and looks whether this invariant names it so: what it is about, what was found.
#[track_caller]
fn check(invariant: &str, about: &str, found: &str, plant: impl FnOnce(&mut World)) {
    let mut world = World::good();
    plant(&mut world);
    let audit = world.audit();
    assert_eq!(audit.verdict, Verdict::Fail, "nothing was found");
    let of = audit.invariant(invariant).unwrap();
    let named = of.violations.iter().any(|violation| violation.about == about && violation.found.contains(found));
    assert!(named, "{about}, {found}: not in {audit:#?}");
}

const T0: &str = "transfer 00000000000000000000000000";
const T1: &str = "transfer 00000000000000000000000001";
const T2: &str = "transfer 00000000000000000000000002";
const T3: &str = "transfer 00000000000000000000000003";

#[test]
fn money_made_or_lost() {
    let account = "account 2 (payerfsp POSITION USD)";
    check("I1", account, "the balance 21", |world| world.move_balance(PAYER_POSITION, "1"));
    check("I1", "currency USD", "all balances together are 111", |world| world.move_balance(PAYER_POSITION, "1"));
    check("I1", "currency USD", "all positions together are 11", |world| world.move_balance(PAYER_POSITION, "1"));
    check("I1", "currency USD", "in transit 110", |world| world.transfers[RESERVED].amount = amount("9"));
    let line = format!("{T1}, journal line COMMIT");
    check("I1", &line, "the amount 0", |world| world.line(1, EntryKind::Commit).amount = Amount::ZERO);
    check("I1", &line, "both sides are transit", |world| {
        world.line(1, EntryKind::Commit).lowered = AccountId::TRANSIT;
    });
    check("I1", &line, "10 USD on account 6 (payerfsp POSITION KES)", |world| {
        world.line(1, EntryKind::Commit).lowered = KES_POSITION;
    });
    check("I1", &line, "account 99, which is not in the books", |world| {
        world.line(1, EntryKind::Commit).lowered = AccountId(99);
    });
}

#[test]
fn what_was_archived_counts() {
    let archived = |world: &mut World, account, raised, lowered| {
        world.archived.insert(account, Archived { raised: amount(raised), lowered: amount(lowered) });
    };
    let archive = |world: &mut World| {
        archived(world, PAYER_POSITION, "7", "0");
        archived(world, PAYEE_POSITION, "1", "8");
        world.move_balance(PAYER_POSITION, "7");
        world.move_balance(PAYEE_POSITION, "-7");
    };
    let mut good = World::good();
    archive(&mut good);
    let audit = good.audit();
    assert_eq!(audit.verdict, Verdict::Pass, "{audit:#?}");
    let account = "account 2 (payerfsp POSITION USD)";
    let damage = |world: &mut World| {
        archive(world);
        archived(world, PAYER_POSITION, "8", "0");
    };
    check("I1", account, "the balance 27", damage);
    check("I1", "currency USD", "archived lines left on all accounts 1", damage);
    check("I1", account, "the balance 27", |world| {
        archive(world);
        world.archived.remove(&PAYER_POSITION);
    });
}

#[test]
fn more_than_the_limits_allow() {
    check("I2", T0, "10 USD reserved on account 2 (payerfsp POSITION USD)", |world| {
        world.accounts[1].0.net_debit_cap = None;
    });
    let uncovered = |world: &mut World| {
        world.post(id(11), EntryKind::FundsOut, PAYER_SETTLEMENT, BANK, "785", 3);
    };
    check("I2", "account 2 (payerfsp POSITION USD)", "the position 20", uncovered);
    let mut waived = World::good();
    uncovered(&mut waived);
    waived.registry.put_settlement_model(model_without_cover());
    assert_eq!(waived.audit().invariant("I2").unwrap().violation_count, 0);
}

fn model_without_cover() -> SettlementModel {
    SettlementModel {
        id: 1,
        name: "OPEN".into(),
        granularity: SettlementGranularity::Net,
        interchange: SettlementInterchange::Multilateral,
        delay: SettlementDelay::Deferred,
        currency: None,
        require_liquidity_check: false,
        ledger_account: AccountType::Position,
        settlement_account: AccountType::Settlement,
        auto_position_reset: true,
        active: false,
    }
}

#[test]
fn a_cap_that_was_lowered_is_a_remark() {
    let mut world = World::good();
    world.accounts[1].0.net_debit_cap = Some(amount("5"));
    let audit = world.audit();
    let limits = audit.invariant("I2").unwrap();
    assert_eq!((audit.verdict, limits.violation_count, limits.remark_count), (Verdict::Pass, 0, 1));
    assert!(limits.remarks[0].found.contains("above the net debit cap 5"), "{limits:?}");
}

#[test]
fn no_ending_or_two() {
    check("I3", T1, "COMMITTED with RESERVE, COMMIT, ABORT", |world| {
        world.post(id(1), EntryKind::Abort, AccountId::TRANSIT, PAYER_POSITION, "10", 3);
    });
    check("I3", T1, "COMMITTED with RESERVE, COMMIT, COMMIT", |world| {
        world.post(id(1), EntryKind::Commit, AccountId::TRANSIT, PAYEE_POSITION, "10", 3);
    });
    check("I3", T0, "RESERVED with RESERVE, COMMIT", |world| {
        world.post(id(0), EntryKind::Commit, AccountId::TRANSIT, PAYEE_POSITION, "10", 3);
    });
    check("I3", T2, "EXPIRED_RESERVED with RESERVE in", |world| {
        world.entries.retain(|entry| entry.kind != EntryKind::Abort);
    });
    check("I3", T3, "INVALID with RESERVE in", |world| {
        world.post(id(3), EntryKind::Reserve, PAYER_POSITION, AccountId::TRANSIT, "10", 1);
    });
    check("I3", T1, "COMMIT of 10 USD raising transit and lowering account 2 (payerfsp", |world| {
        world.line(1, EntryKind::Commit).lowered = PAYER_POSITION;
    });
    check("I3", T1, "COMMIT of 9 USD", |world| world.line(1, EntryKind::Commit).amount = amount("9"));
    check("I3", "transfer 0000000000000000000000000G", "a line COMMIT of the journal, and nothing", |world| {
        world.post(id(16), EntryKind::Commit, BANK, PAYEE_POSITION, "10", 1);
    });
    check("I3", "funds 0000000000000000000000000A", "COMMITTED with no line in the journal", |world| {
        world.entries.retain(|entry| entry.kind != EntryKind::FundsIn);
    });
    check("I3", "funds 0000000000000000000000000C", "ABORTED with FUNDS_OUT in", |world| {
        world.entries.retain(|entry| entry.kind != EntryKind::FundsOutAbort);
    });
    check("I3", "funds 0000000000000000000000000D", "COMMITTED with FUNDS_OUT in", |world| {
        world.entries.retain(|entry| entry.kind != EntryKind::FundsOutCommit);
    });
}

#[test]
fn fields_that_contradict_the_status() {
    /// What is wrong, and how it comes to be.
    type Planted<'a> = (&'a str, &'a str, fn(&mut World));
    let fields: [Planted<'_>; 7] = [
        (T0, "RESERVED ended: 2026", |world| world.transfers[RESERVED].ended_at = Some(START)),
        (T1, "COMMITTED ended: never", |world| world.transfers[COMMITTED].ended_at = None),
        (T1, "without a fulfilment", |world| world.transfers[COMMITTED].fulfilment = None),
        (T2, "without an error", |world| world.transfers[EXPIRED].abort_reason = None),
        (T1, "without a payee", |world| world.transfers[COMMITTED].payee = None),
        (T2, "EXPIRED_RESERVED ended", |world| world.transfers[EXPIRED].ended_at = Some(at(0))),
        ("funds 0000000000000000000000000A", "IN RESERVED", |world| world.funds[0].status = FundsStatus::Reserved),
    ];
    for (about, found, plant) in fields {
        check("I3", about, found, plant);
    }
}

#[test]
fn what_never_ends_and_what_nobody_was_told() {
    let overdue = |world: &mut World| world.now = at(90).plus_millis(BOUND_MS + 1);
    check("I4", T0, "RESERVED, and expired at 2026", overdue);
    let mut just_started = World::good();
    overdue(&mut just_started);
    just_started.scope.served_since = Some(just_started.now);
    assert_eq!(just_started.audit().verdict, Verdict::Pass);
    let mut unserved = World::good();
    overdue(&mut unserved);
    unserved.scope.served_since = None;
    let audit = unserved.audit();
    assert_eq!((audit.verdict, audit.invariant("I4").unwrap().remark_count), (Verdict::Pass, 1));
    let silence = "no message to payerfsp says so";
    check("I4", T1, silence, |world| drop(world.stories[COMMITTED].messages.pop()));
    check("I4", T2, silence, |world| world.stories[EXPIRED].messages[1].recipient = FspId::parse("other").unwrap());
    check("I4", T3, silence, |world| world.stories[REFUSED].messages[1].path = "/transfers/other/error".into());
    let mut deaf = World::good();
    deaf.stories[COMMITTED].messages[1].fate = Fate::GaveUp { reason: "connection refused".into() };
    let audit = deaf.audit();
    let remark = &audit.invariant("I4").unwrap().remarks[0];
    assert!(remark.found.contains("payerfsp did not take that: connection refused"), "{remark:?}");
    assert_eq!(audit.verdict, Verdict::Pass);
}

#[test]
fn an_id_that_is_used_twice() {
    check("I5", "id 00000000000000000000000001", "a transfer and a movement of funds", |world| {
        let funds = FundsMovement { id: id(1), ..world.funds[0].clone() };
        world.funds.push(funds);
    });
    check("I5", T1, "2 lines COMMIT", |world| {
        world.post(id(1), EntryKind::Commit, AccountId::TRANSIT, PAYEE_POSITION, "10", 3);
    });
}

#[test]
fn the_wrong_fulfilment_or_too_late() {
    check("I7", T1, "COMMITTED by a fulfilment of the condition", |world| {
        world.transfers[COMMITTED].fulfilment = Some(Fulfilment::from_bytes([8; 32]));
    });
    check("I7", T1, "COMMITTED without a fulfilment", |world| world.transfers[COMMITTED].fulfilment = None);
    check("I7", T1, "no answer of its payee", |world| world.transfers[COMMITTED].answer_hash = None);
    check("I7", T1, "committed at 2026", |world| world.line(1, EntryKind::Commit).at = at(60));
    check("I7", T0, "reserved at 2026", |world| world.transfers[RESERVED].expiration = at(1));
    check("I7", T2, "expired at 2026", |world| world.line(2, EntryKind::Abort).at = at(59));
}

#[test]
fn what_is_found_is_bounded_and_counted() {
    let mut auditor = Auditor::new(Arc::default(), at(100), Scope { served_since: Some(START) });
    let count = MAX_FINDINGS as u128 + 50;
    for number in 0..count {
        let mut transfer = transfer(COMMITTED, TransferStatus::Committed);
        transfer.id = id(number);
        auditor.visit(Page::Movement { id: transfer.id, transfer: Some(transfer), funds: None, entries: Vec::new() });
    }
    let audit = auditor.finish();
    let endings = audit.invariant("I3").unwrap();
    assert_eq!((endings.violations.len(), u128::from(endings.violation_count)), (MAX_FINDINGS, count));
}

#[test]
fn the_sample_is_bounded_and_holds_the_latest() {
    let mut auditor = Auditor::new(Arc::default(), at(100), Scope::default());
    for number in 0..5_000 {
        let mut transfer = transfer(COMMITTED, TransferStatus::Committed);
        (transfer.id, transfer.ended_at) = (id(number), Some(START.plus_millis(number as i64)));
        auditor.visit(Page::Movement { id: transfer.id, transfer: Some(transfer), funds: None, entries: Vec::new() });
    }
    let sample = auditor.close_books(Arc::default());
    assert!((500..=1_000).contains(&sample.len()), "{}", sample.len());
    assert!((4_500..5_000).all(|number| sample.contains(&id(number))));
    let spread = |from: u128| (from..from + 1_125).any(|number| sample.contains(&id(number)));
    assert!([0, 1_125, 2_250, 3_375].into_iter().all(spread), "spread over the store");
}
