//! What grows with every payment is never read whole: each statement of a running hub finds its rows by an index. SQLite
//! plans by the schema alone, since no hub has it count rows (ANALYZE), so that a plan holds for files of any size.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use fspiop::FspId;
use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};
use store::{
    Clock,
    suite::{self, Fixture, block_on},
};
use switch::MessageId;

use super::{Folder, open, suite::File};
use crate::SqliteStore;

/// Tables that grow with payments or parties.
const GROWING: [&str; 9] =
    ["transfer", "ilp_packet", "entry", "quote", "funds_movement", "outbox", "abandoned", "sent_message", "party"];
/// What may read through everything, on a connection that payments do not wait for: audits, and people who look for the
/// transfer of a quote.
const WHOLE: [&str; 4] = [
    "SELECT id, packet FROM transfer JOIN ilp_packet",
    crate::tables::transfer::BY_ID,
    crate::tables::funds_movement::BY_ID,
    crate::tables::entry::BY_TRANSFER,
];

static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A store in a file, all statements of which are noted.
struct Traced(File);

impl Fixture for Traced {
    type Store = SqliteStore;

    fn create(hub: FspId, clock: Arc<dyn Clock>) -> Traced {
        let file = File::create(hub, clock);
        trace(file.store());
        Traced(file)
    }

    fn store(&self) -> &SqliteStore {
        self.0.store()
    }

    fn reopen(&mut self) {
        self.0.reopen();
        trace(self.0.store());
    }
}

fn trace(store: &SqliteStore) {
    let note = |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            RUN.lock().unwrap_or_else(PoisonError::into_inner).insert(statement.sql().into_owned());
        }
    };
    let begin = move |connection: &mut Connection| {
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note)).map_err(crate::error::at_read)
    };
    block_on(store.writer.run(move |writer| begin(&mut writer.connection))).unwrap();
    block_on(store.reader.run(begin)).unwrap();
    block_on(store.auditor.run(begin)).unwrap();
}

/// Does everything that a hub does.
fn work() {
    suite::a_store_does_what_the_model_does::<Traced>();
    suite::delivered_messages_leave::<Traced>();
    suite::messages_given_up_leave_and_tell_their_originator::<Traced>();
    suite::the_store_answers::<Traced>();
    suite::due_transfers_come_by_their_expiration::<Traced>();
    suite::a_party_is_found_by_currency::<Traced>();
    suite::public_keys_survive::<Traced>();
    suite::a_story_tells_what_became_of_messages::<Traced>();
    suite::packets_are_found_by_who_and_when::<Traced>();
    suite::packets_are_kept_for_reserved_transfers::<Traced>();
    suite::a_visitor_sees_the_books::<Traced>();
    let store = Traced::create(FspId::parse("Hub").unwrap(), Arc::new(|| super::NOW));
    block_on(store.store().abandoned(MessageId(0), 10)).unwrap();
}

/// The steps of a plan, as SQLite tells them.
fn plan(connection: &Connection, statement: &str) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let mut steps = explain.raw_query();
    let mut all = Vec::new();
    while let Some(step) = steps.next().unwrap() {
        all.push(step.get("detail").unwrap());
    }
    all
}

/// Whether a step reads something whole that grows, be it by an index.
fn is_long(step: &str) -> bool {
    let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
    table.is_some_and(|table| GROWING.contains(&table))
}

#[test]
fn no_statement_reads_a_table_whole_that_grows() {
    work();
    let run = std::mem::take(&mut *RUN.lock().unwrap());
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    let connection = Connection::open(folder.file()).unwrap();
    let plans: Vec<_> = run.iter().map(|statement| (statement, plan(&connection, statement))).collect();
    assert!(plans.len() > 35, "they were run: {}", plans.len());
    for table in GROWING {
        let is_read = |steps: &Vec<String>| steps.iter().any(|step| step.split(' ').nth(1) == Some(table));
        assert!(plans.iter().any(|(_, steps)| is_read(steps)), "{table} is read");
    }
    let long: Vec<_> = plans.iter().filter(|(_, steps)| steps.iter().any(|step| is_long(step))).collect();
    for plan in &long {
        assert!(WHOLE.iter().any(|whole| plan.0.starts_with(whole)), "{plan:#?}");
    }
    assert_eq!(long.len(), WHOLE.len(), "scans are seen");
    // However many have ended, few are open, and these come in their order.
    let due = plans.iter().find(|(statement, _)| statement.starts_with("SELECT id FROM transfer WHERE status"));
    assert_eq!(due.unwrap().1, ["SEARCH transfer USING COVERING INDEX transfer_due (expiration<?)"]);
}
