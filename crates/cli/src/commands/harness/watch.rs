//! `mojaloop harness watch`: what is saved runs a few seconds later.

use std::time::Instant;

use definition::Loaded;
use harness::{
    KeptContainers, Place, Up,
    watch::{Definition, EmbeddedHub, Event, Kept, watch},
};
use image::Checkout;
use succession::Program;

use super::{compose, embedded, engine, with_simulators};
use crate::{
    arguments::{
        Global,
        tools::{Engine, WatchArguments},
    },
    commands::{definition::sources, runtime, tool},
    exit::{Exit, Failure},
    logging, printer,
};

pub(super) fn run(arguments: &WatchArguments, global: &Global, place: Place, started: Instant) -> Result<(), Failure> {
    match engine(&arguments.engine, &place)? {
        Engine::Embedded => in_this_process(arguments, global, place, started),
        Engine::Compose => in_containers(arguments, global),
    }
}

fn in_this_process(arguments: &WatchArguments, global: &Global, place: Place, started: Instant) -> Result<(), Failure> {
    logging::start("warn", None)?;
    let load = || {
        let loaded = tool::load_embedded(global)?;
        tool::require_available(&loaded.warnings_embedded())?;
        Ok(loaded)
    };
    let up = Up {
        place,
        hub: load()?.hub,
        ephemeral: arguments.ephemeral,
        port_offset: arguments.engine.port_offset.unwrap_or(0),
        simulators: with_simulators(&arguments.engine)?,
        started,
    };
    let program = std::env::current_exe().and_then(Program::open).map_err(Failure::failed)?;
    runtime::start()?.block_on(async {
        let mut kept = tokio::select! {
            kept = EmbeddedHub::start(up, program) => kept.map_err(embedded::explain)?,
            told = runtime::told_to_stop() => {
                told?;
                return Err(Failure::failed("interrupted before it was ready").exit(Exit::Interrupted));
            }
        };
        anstream::eprintln!("{}\n", embedded::urls(&kept.instance));
        let result = until_told(&mut kept, global, load).await;
        kept.stop().await;
        result
    })
}

/// The containers stay when the watch ends, as they do after `up --detach`.
fn in_containers(arguments: &WatchArguments, global: &Global) -> Result<(), Failure> {
    if arguments.ephemeral {
        return Err(Failure::usage("--ephemeral is for the embedded engine")
            .hint("mojaloop harness down --volumes, afterwards"));
    }
    let load = || {
        let loaded = tool::load_compose(global)?;
        tool::require_available(&loaded.warnings_compose())?;
        Ok(loaded)
    };
    let compose = compose::developing(&arguments.engine, global, load()?)?;
    runtime::start()?.block_on(async {
        tool::interruptible(compose::bring_up(&compose, global)).await?;
        let mut kept = KeptContainers::of(compose);
        let result = until_told(&mut kept, global, load).await;
        anstream::eprintln!("the containers run on: mojaloop harness down ends them");
        result
    })
}

async fn until_told<K: Kept>(
    kept: &mut K,
    global: &Global,
    load: impl Fn() -> Result<Loaded, Failure>,
) -> Result<(), Failure> {
    let definition = Definition { places: sources(global).places(), load };
    let checkout = Checkout::find();
    match &checkout {
        Some(checkout) => {
            let root = checkout.root().display();
            anstream::eprintln!(
                "Watching the sources in {root} and the definition until Ctrl-C; building what the sources are now."
            );
        }
        None => anstream::eprintln!(
            "Watching the definition until Ctrl-C. Sources are not watched: this is no checkout of them."
        ),
    }
    let tell = |event: Event| printer::print_next(global.output, "WatchEvent", &event, Event::line);
    tokio::select! {
        ended = watch(kept, checkout.as_ref(), definition, tell) => ended.map(drop),
        told = runtime::told_to_stop() => told,
    }
}
