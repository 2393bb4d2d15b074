//! Each check is shown to find what it looks for: evidence is made as a hub without a fault would leave it, and then
//! doctored.

use fspiop::{Amount, Timestamp, TransferId};

use super::{ALL, Evidence};
use crate::faults::kill_hub::book::Records;
use crate::faults::kill_hub::hub::{Account, FUNDS, LOW_CAP};
use crate::faults::kill_hub::journal::{Abandoned, Books, Entry, TRANSIT, Transfer};
use crate::faults::kill_hub::plan::{Answer, Extra, FSPS, Fsp, Plan};
use crate::faults::kill_hub::record::{End, News, Record, Sent, Told};
use crate::faults::random::Random;

const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const UNIT: Amount = Amount::from_units(1);
const RECONCILIATION: i64 = 1;

fn position(fsp: Fsp) -> i64 {
    10 + FSPS.iter().position(|other| *other == fsp).map_or(0, |at| at as i64)
}

fn sent(at: Timestamp) -> Sent {
    Sent { attempts: 1, first_at: Some(at), accepted_at: Some(at.plus_millis(1)) }
}

fn status_of(plan: &Plan) -> (&'static str, End) {
    match plan.answer {
        Answer::Commit | Answer::Reserve => ("COMMITTED", End::Committed),
        Answer::Reject => ("ABORTED_REJECTED", End::Aborted),
        Answer::Fail | Answer::WrongFulfilment => ("ABORTED_ERROR", End::Aborted),
        Answer::Silent | Answer::Late => ("EXPIRED_RESERVED", End::Aborted),
    }
}

fn record(plan: Plan) -> Record {
    let (status, end) = status_of(&plan);
    let mut record = Record::new(plan);
    record.prepare = sent(START);
    record.asked = 1;
    match record.plan.answer {
        Answer::Silent => {}
        Answer::Late => record.answer = sent(record.plan.expiration),
        _ => record.answer = sent(START.plus_millis(5)),
    }
    match record.plan.extra {
        Extra::AlterPrepare => (record.altered, record.payer_refused) = (sent(START.plus_millis(9)), 1),
        Extra::ContradictAnswer if record.answer.is_accepted() => {
            (record.contradicted, record.payee_refused) = (sent(START.plus_millis(9)), 1);
        }
        _ => {}
    }
    record.payer_told = Told::from([(end, 1)]);
    if status == "EXPIRED_RESERVED" || record.plan.answer == Answer::Reserve {
        record.payee_told = Told::from([(end, 1)]);
    }
    record.said = vec![News::Reserved, News::Ended(end)];
    record.said_at_the_end = Some(News::Ended(end));
    record
}

/// Writes a line, and moves the balances.
fn post(
    books: &mut Books,
    transfer: TransferId,
    kind: &str,
    (raised, lowered): (i64, i64),
    amount: Amount,
    at: Timestamp,
) {
    for (account, units) in [(raised, amount.units()), (lowered, -amount.units())] {
        if account != TRANSIT {
            let before = books.balances.get(&account).map_or(0, |balance| balance.units());
            books.balances.insert(account, Amount::from_units(before + units));
        }
    }
    books.entries.push(Entry { transfer, kind: kind.into(), raised, lowered, amount, at });
}

fn store(books: &mut Books, plan: &Plan) {
    let status = status_of(plan).0;
    post(books, plan.id, "RESERVE", (position(plan.payer), TRANSIT), plan.amount, START);
    let (kind, lowered) = match status {
        "COMMITTED" => ("COMMIT", position(plan.payee)),
        _ => ("ABORT", position(plan.payer)),
    };
    let at = if status == "EXPIRED_RESERVED" { plan.expiration } else { START.plus_millis(5) };
    post(books, plan.id, kind, (TRANSIT, lowered), plan.amount, at);
    let (payer, payee) = (plan.payer.0.into(), Some(plan.payee.0.into()));
    books.transfers.insert(plan.id, Transfer { payer, payee, amount: plan.amount, status: status.into() });
}

/// What a hub without a fault leaves of 200 transfers.
fn sound() -> Evidence {
    let mut random = Random::new(11);
    let plans: Vec<Plan> = (0..200).map(|_| Plan::draw(&mut random, START)).collect();
    let mut books = Books::default();
    let funds = Amount::from_units(i128::from(FUNDS) * 10_000);
    let mut accounts = Vec::new();
    for fsp in FSPS {
        post(&mut books, plans[0].id, "FUNDS_IN", (RECONCILIATION, 10 + position(fsp)), funds, START);
    }
    books.caps = FSPS.map(|fsp| (position(fsp), Amount::from_units(i128::from(LOW_CAP) * 10_000))).into();
    plans.iter().for_each(|plan| store(&mut books, plan));
    for fsp in FSPS {
        for (kind, number) in [("POSITION", position(fsp)), ("SETTLEMENT", 10 + position(fsp))] {
            accounts.push(Account { owner: fsp.0, kind: kind.into(), value: books.balances[&number] });
        }
    }
    for (kind, value) in
        [("HUB_RECONCILIATION", books.balances[&RECONCILIATION]), ("HUB_MULTILATERAL_SETTLEMENT", Amount::ZERO)]
    {
        accounts.push(Account { owner: "Hub", kind: kind.into(), value });
    }
    let records: Records = plans.into_iter().map(|plan| (plan.id, record(plan))).collect();
    Evidence { records, strays: Vec::new(), accounts, books }
}

impl Evidence {
    /// The first transfer with this answer and no extras.
    fn id(&self, answer: Answer) -> TransferId {
        let has = |record: &&Record| record.plan.answer == answer && record.plan.extra == Extra::Nothing;
        self.records.values().find(has).expect("200 plans have every answer").plan.id
    }

    fn record(&mut self, answer: Answer) -> &mut Record {
        let id = self.id(answer);
        self.records.get_mut(&id).expect("the id of a record")
    }

    fn stored(&mut self, answer: Answer) -> &mut Transfer {
        let id = self.id(answer);
        self.books.transfers.get_mut(&id).expect("the id of a stored transfer")
    }

    /// The last line of a transfer in the journal.
    fn ending(&mut self, answer: Answer) -> &mut Entry {
        let id = self.id(answer);
        self.books.entries.iter_mut().rfind(|entry| entry.transfer == id).expect("each transfer has lines")
    }

    fn account(&mut self, kind: &str) -> &mut Account {
        self.accounts.iter_mut().find(|account| account.kind == kind).expect("an account of each kind")
    }
}

/// The check of this name finds something with these words once the evidence is doctored.
#[track_caller]
fn check(name: &str, words: &str, doctor: impl FnOnce(&mut Evidence)) {
    let mut evidence = sound();
    doctor(&mut evidence);
    let (_, check) = ALL.iter().find(|(known, _)| known.starts_with(name)).expect("a check of this name");
    let findings = check(&evidence);
    assert!(findings.iter().any(|finding| finding.contains(words)), "{name}, {words}: {findings:?}");
}

fn more(amount: Amount) -> Amount {
    amount.checked_add(UNIT).expect("small amounts")
}

#[test]
fn sound_evidence_passes() {
    let evidence = sound();
    for (name, check) in ALL {
        assert_eq!(check(&evidence), [] as [String; 0], "{name}");
    }
}

#[test]
fn a_lost_transfer_is_found() {
    let name = "every acknowledged transfer";
    check(name, "is not in the store", |evidence| {
        let id = evidence.id(Answer::Commit);
        evidence.books.transfers.remove(&id);
    });
    let lost = News::Error("3208".into());
    check(name, "the hub says of it Error", |evidence| {
        evidence.record(Answer::Silent).said_at_the_end = Some(lost.clone());
    });
    check(name, "after a restart the hub said", |evidence| evidence.record(Answer::Commit).said.push(lost.clone()));
    check(name, "did not answer GET", |evidence| evidence.record(Answer::Fail).said_at_the_end = None);
    check(name, "the hub says of it Reserved", |evidence| {
        evidence.record(Answer::Late).said_at_the_end = Some(News::Reserved);
    });
    check(name, "was never acknowledged", |evidence| evidence.record(Answer::Commit).prepare.accepted_at = None);
    check(name, "is in the store as", |evidence| {
        let stored = evidence.stored(Answer::Commit);
        stored.amount = more(stored.amount);
    });
    check(name, "was never sent", |evidence| {
        let id = evidence.id(Answer::Reject);
        evidence.records.remove(&id);
    });
}

#[test]
fn an_end_that_nobody_told_is_found() {
    let name = "every transfer was passed on";
    check(name, "never asked", |evidence| evidence.record(Answer::Silent).asked = 0);
    check(name, "the payer was not told", |evidence| evidence.record(Answer::Commit).payer_told.clear());
    check(name, "the payee was not told", |evidence| evidence.record(Answer::Reserve).payee_told.clear());
    check(name, "the payee was not told", |evidence| evidence.record(Answer::Silent).payee_told.clear());
    check(name, "altered prepare was not refused", |evidence| evidence.record(Answer::Commit).altered = sent(START));
    check(name, "contradiction was not refused", |evidence| evidence.record(Answer::Fail).contradicted = sent(START));
}

#[test]
fn two_endings_are_found() {
    let name = "nothing ended twice";
    check(name, "the payer was told [Committed, Aborted]", |evidence| {
        evidence.record(Answer::Commit).payer_told.insert(End::Aborted, 1);
    });
    check(name, "the payee was told [Aborted]", |evidence| {
        evidence.record(Answer::Commit).payee_told.insert(End::Aborted, 1);
    });
    check(name, "after a restart GET said [Aborted, Committed]", |evidence| {
        evidence.record(Answer::Silent).said.push(News::Ended(End::Committed));
    });
    check(name, "the store says [Aborted]", |evidence| {
        evidence.stored(Answer::Reserve).status = "ABORTED_ERROR".into();
    });
    let name = "the journal has one";
    check(name, r#"["RESERVE", "COMMIT", "COMMIT"]"#, |evidence| {
        let again = evidence.ending(Answer::Commit).clone();
        evidence.books.entries.push(again);
    });
    check(name, r#"["RESERVE", "ABORT", "COMMIT"]"#, |evidence| {
        let second = Entry { kind: "COMMIT".into(), ..evidence.ending(Answer::Reject).clone() };
        evidence.books.entries.push(second);
    });
    check(name, r#"["RESERVE"]"#, |evidence| {
        let id = evidence.id(Answer::Commit);
        evidence.books.entries.retain(|entry| entry.transfer != id || entry.kind == "RESERVE");
    });
    check(name, "COMMITTED", |evidence| {
        let commit = evidence.ending(Answer::Commit);
        commit.amount = more(commit.amount);
    });
    check(name, "ABORTED_REJECTED", |evidence| evidence.ending(Answer::Reject).lowered += 1);
    check(name, "is no transfer", |evidence| {
        let id = evidence.id(Answer::Late);
        evidence.books.transfers.remove(&id);
    });
}

#[test]
fn an_end_against_the_answers_is_found() {
    let name = "answers decided";
    check(name, "have seen to COMMITTED", |evidence| {
        evidence.stored(Answer::Commit).status = "EXPIRED_RESERVED".into();
    });
    check(name, "have seen to ABORTED_REJECTED", |evidence| {
        evidence.stored(Answer::Reject).status = "COMMITTED".into();
    });
    check(name, "is COMMITTED", |evidence| evidence.stored(Answer::Silent).status = "COMMITTED".into());
    check(name, "is COMMITTED", |evidence| evidence.stored(Answer::Late).status = "COMMITTED".into());
    check(name, "is COMMITTED", |evidence| evidence.stored(Answer::WrongFulfilment).status = "COMMITTED".into());
    check(name, "is INVALID", |evidence| evidence.stored(Answer::Silent).status = "INVALID".into());
    check(name, "became EXPIRED_RESERVED at", |evidence| evidence.ending(Answer::Silent).at = START);
    check(name, "became COMMITTED at", |evidence| {
        let after = evidence.record(Answer::Commit).plan.expiration;
        evidence.ending(Answer::Commit).at = after;
    });
}

#[test]
fn a_transfer_whose_time_was_over_when_it_came_may_be_invalid() {
    let mut evidence = sound();
    let record = evidence.record(Answer::Silent);
    record.prepare.accepted_at = Some(record.plan.expiration);
    (record.asked, record.payee_told) = (0, Told::new());
    let id = record.plan.id;
    evidence.stored(Answer::Silent).status = "INVALID".into();
    evidence.books.entries.retain(|entry| entry.transfer != id);
    for (name, check) in ALL {
        assert_eq!(check(&evidence), [] as [String; 0], "{name}");
    }
}

#[test]
fn a_transfer_over_the_cap_must_be_invalid_and_go_nowhere() {
    let refused = |evidence: &mut Evidence| {
        let record = evidence.record(Answer::Commit);
        record.tell_payer(News::Error("4200".into()), "");
        record.payer_told = Told::from([(End::Aborted, 1)]);
    };
    check("answers decided", "is COMMITTED, and the FSPs have seen to INVALID", refused);
    check("every transfer was passed on", "was asked for what was refused", |evidence| {
        evidence.stored(Answer::Commit).status = "INVALID".into();
    });
}

#[test]
fn positions_above_their_caps_are_found() {
    let name = "no position ever";
    check(name, "above 0.0001", |evidence| {
        evidence.books.caps.insert(position(FSPS[0]), UNIT);
    });
    check(name, "no account has the cap 20000", |evidence| evidence.books.caps.clear());
    check(name, "above 20000", |evidence| {
        let id = evidence.id(Answer::Commit);
        let mut entries = evidence.books.entries.iter_mut();
        let reserve = entries.find(|entry| entry.transfer == id && entry.kind == "RESERVE").expect("it was reserved");
        reserve.amount = Amount::from_units(i128::from(LOW_CAP) * 100_000);
    });
}

#[test]
fn wrong_sums_are_found() {
    let name = "positions";
    check(name, "blue: the position is", |evidence| {
        let account = evidence.account("POSITION");
        account.value = more(account.value);
    });
    check(name, "the sum of the positions is 0.0001", |evidence| {
        let account = evidence.account("POSITION");
        account.value = more(account.value);
    });
    check(name, "the position is missing", |evidence| evidence.accounts.retain(|account| account.kind != "POSITION"));
    let name = "nothing but positions";
    for kind in ["SETTLEMENT", "HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"] {
        check(name, kind, |evidence| {
            let account = evidence.account(kind);
            account.value = more(account.value);
        });
    }
    let name = "the journal adds up";
    check(name, "account 10: the balance is", |evidence| {
        let balance = evidence.books.balances[&10];
        evidence.books.balances.insert(10, more(balance));
    });
    check(name, "the sum of all balances is 0.0001", |evidence| {
        let balance = evidence.books.balances[&10];
        evidence.books.balances.insert(10, more(balance));
    });
    check(name, "account 0: has no balance", |evidence| drop(evidence.books.entries.pop()));
    check(name, "row 7 missing", |evidence| evidence.books.damage.push("row 7 missing".into()));
}

/// A message about a silent payee's transfer is given up, so long after its expiration.
fn give_up(evidence: &mut Evidence, method: &str, after_ms: i64) {
    let plan = &evidence.record(Answer::Silent).plan;
    let (subject, at) = (format!("transfer {}", plan.id), plan.expiration.plus_millis(after_ms));
    let (recipient, reason) = ("blue".into(), "refused".into());
    evidence.books.abandoned.push(Abandoned { recipient, method: method.into(), subject, reason, at });
}

#[test]
fn a_prepare_that_expired_before_it_was_delivered_is_given_up() {
    let mut evidence = sound();
    give_up(&mut evidence, "POST", 0);
    evidence.record(Answer::Silent).asked = 0;
    for (name, check) in ALL {
        assert_eq!(check(&evidence), [] as [String; 0], "{name}");
    }
    check("every transfer was passed on", "never asked", |evidence| {
        evidence.record(Answer::Silent).asked = 0;
        give_up(evidence, "PUT", 0);
    });
}

#[test]
fn what_is_left_over_or_unexpected_is_found() {
    let name = "nothing is left";
    check(name, "is still RESERVED", |evidence| evidence.stored(Answer::Silent).status = "RESERVED".into());
    check(name, "3 messages are still to be delivered", |evidence| evidence.books.outbox = 3);
    check(name, "PUT to blue was given up: refused", |evidence| give_up(evidence, "PUT", 0));
    check(name, "POST to blue was given up: refused", |evidence| give_up(evidence, "POST", -101));
    let name = "nothing unexpected";
    check(name, "answered 400", |evidence| evidence.record(Answer::Commit).surprises.push("answered 400".into()));
    check(name, "red got PUT", |evidence| evidence.strays.push("red got PUT /transfers/1".into()));
    check(name, "refused as altered", |evidence| evidence.record(Answer::Commit).payer_refused = 1);
}
