//! I5 once more, as a whole: the history without its repetitions leads to the same books.

use std::{collections::BTreeSet, sync::Arc};

use fspiop::{FspId, Timestamp};
use store::{MemoryStore, Store};
use switch::Command;

use crate::{
    clock::WallClock,
    node::ready,
    report::{Check, ensure},
};

/// All batches, with their times.
#[derive(Default)]
pub(crate) struct Replay {
    batches: Vec<(Timestamp, Arc<Vec<Command>>)>,
}

impl Replay {
    /// Remembers a batch.
    pub(crate) fn batch(&mut self, now: Timestamp, commands: &Arc<Vec<Command>>) {
        self.batches.push((now, commands.clone()));
    }

    /// Commits each message once, at the time of its first delivery, and compares.
    pub(crate) fn conclude(&self, hub: &FspId, store: &MemoryStore) -> Check {
        let clock = Arc::new(WallClock::new());
        let again = MemoryStore::new(hub.clone(), clock.clone());
        let mut seen = BTreeSet::new();
        for (now, commands) in &self.batches {
            let first = |command: &&Command| identity(command).is_none_or(|identity| seen.insert(identity));
            // What became of messages touches no books, and their numbers are others here.
            let lasting = |command: &&Command| !matches!(command, Command::Deliveries(_));
            let commands: Vec<Command> = commands.iter().filter(lasting).filter(first).cloned().collect();
            clock.set(*now);
            ready(again.commit(Arc::new(commands)));
        }
        let (found, expected) = (ready(store.books()), ready(again.books()));
        ensure(found.entries == expected.entries, "I5", || {
            let at = found.entries.iter().zip(&expected.entries).position(|(found, expected)| found != expected);
            format!("without the repetitions the journal is another one, from line {at:?} on")
        })?;
        let same = found.transfers == expected.transfers && found.accounts == expected.accounts;
        ensure(same, "I5", || "without the repetitions transfers or accounts are others".to_owned())
    }
}

/// What makes two messages the same. Nothing for commands that are not messages of FSPs about transfers.
fn identity(command: &Command) -> Option<(u8, FspId, [u8; 17], [u8; 32])> {
    Some(match command {
        Command::Prepare { inbound, prepare, .. } => {
            (0, inbound.source.clone(), prepare.transfer_id.0.to_bytes(), prepare.hash.0)
        }
        Command::Fulfil { inbound, fulfil, .. } => {
            (1, inbound.source.clone(), fulfil.transfer_id.0.to_bytes(), fulfil.hash.0)
        }
        Command::Abort { inbound, abort } => (2, inbound.source.clone(), abort.transfer_id.0.to_bytes(), abort.hash.0),
        _ => return None,
    })
}
