//! Deciding a batch, the store's reading and writing apart.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result};
use store::{MemoryStore, Store};
use switch::{Command, Keys, MessageId, State, decide};
use tokio::runtime::{Builder, Runtime};

use super::Case;
use super::scheme::{self, Messages, NOW};

/// Commands in a large batch.
const LARGE: usize = 100;
/// Batches that are counted together.
const SMALL_BATCHES: u32 = 50;
const LARGE_BATCHES: u32 = 2;

pub(super) fn cases() -> Result<Vec<Case>> {
    let runtime = Builder::new_current_thread().build()?;
    let store = scheme::store()?;
    let messages = scheme::messages(LARGE)?;
    let quotes = commands(&runtime, &store, &messages, |payment| &payment.quote)?;
    let prepares = commands(&runtime, &store, &messages, |payment| &payment.prepare)?;
    let fulfils = commands(&runtime, &store, &messages, |payment| &payment.fulfil)?;
    let mut cases = Vec::new();
    for (names, commands) in [
        (["decide_quote_1", "decide_quote_100"], quotes),
        (["decide_prepare_1", "decide_prepare_100"], prepares.clone()),
    ] {
        cases.extend(both(&runtime, &store, names, &commands)?);
    }
    runtime.block_on(store.commit(Arc::new(prepares)))?;
    cases.extend(both(&runtime, &store, ["decide_fulfil_1", "decide_fulfil_100"], &fulfils)?);
    Ok(cases)
}

fn commands(
    runtime: &Runtime,
    store: &MemoryStore,
    messages: &[Messages],
    wanted: impl Fn(&Messages) -> &participant::Request,
) -> Result<Vec<Command>> {
    let configuration = runtime.block_on(store.configuration())?;
    messages.iter().map(|payment| scheme::command(wanted(payment), &configuration)).collect()
}

fn both(runtime: &Runtime, store: &MemoryStore, names: [&'static str; 2], commands: &[Command]) -> Result<[Case; 2]> {
    let [small, large] = names;
    Ok([
        batches(runtime, store, small, SMALL_BATCHES, &commands[..1])?,
        batches(runtime, store, large, LARGE_BATCHES, commands)?,
    ])
}

/// Decides the same batch so often, each time over a fresh working set. What is counted is a batch, and the end of its working
/// set.
fn batches(
    runtime: &Runtime,
    store: &MemoryStore,
    name: &'static str,
    count: u32,
    commands: &[Command],
) -> Result<Case> {
    // Twice: for the run that warms up, and for the one that counts.
    let mut states = (0..count * 2).map(|_| loaded(runtime, store, commands)).collect::<Result<Vec<_>>>()?;
    let (half, commands) = (states.len() / 2, commands.to_vec());
    Ok(Case::new(name, count, move || {
        for mut state in states.drain(..half) {
            black_box(decide(&mut state, black_box(&commands)));
            assert_eq!(state.take_messages().len(), commands.len(), "each command sends a message on");
        }
    }))
}

/// What a store loads for a batch.
fn loaded(runtime: &Runtime, store: &MemoryStore, commands: &[Command]) -> Result<State> {
    runtime
        .block_on(async {
            let mut state = State::new(store.configuration().await?.as_ref(), NOW, MessageId(1));
            for id in Keys::of(commands).transfers {
                store.transfer(id).await?.into_iter().for_each(|transfer| state.ledger.load_transfer(transfer));
            }
            for (id, balance) in store.balances(state.accounts(commands).into_iter().collect()).await? {
                state.ledger.load_balance(id, balance);
            }
            Ok::<_, store::StoreError>(state)
        })
        .context("the working set")
}
