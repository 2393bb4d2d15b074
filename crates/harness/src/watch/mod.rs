//! Hot reload: what is saved is running a few seconds later, and nobody notices but the one who saved it.
//!
//! A changed source file is built, and the hub's program replaced while its sockets stay open (see the crate `succession`); a
//! changed definition touches only what it is about. Whatever goes wrong is told, and what ran runs on.

mod embedded;
mod event;
mod files;

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use definition::Loaded;
use image::{Built, Checkout};
use operations::Failure;

pub use embedded::EmbeddedHub;
pub use event::{Cause, Event, Outcome};
pub use files::is_source;

use files::Files;

/// What runs and is kept up to date.
pub trait Kept {
    /// Lets a hub's program that was built take over; names what was replaced.
    #[expect(async_fn_in_trait, reason = "only used here, on one task")]
    async fn install(&mut self, binary: &Path) -> Result<Vec<String>, Failure>;

    /// Takes a changed definition up; names what was touched.
    #[expect(async_fn_in_trait, reason = "only used here, on one task")]
    async fn redefine(&mut self, loaded: Loaded) -> Result<Vec<String>, Failure>;

    /// Waits until the hub ends by itself; starts it again, and says what happened.
    #[expect(async_fn_in_trait, reason = "only used here, on one task")]
    async fn recover(&mut self) -> Result<String, Failure>;
}

/// The definition's files, and how they are read.
pub struct Definition<L> {
    /// The files, whether they are there or not.
    pub places: Vec<PathBuf>,
    /// Reads it, with all that is wrong as the error.
    pub load: L,
}

/// Keeps it up to date until this is dropped.
///
/// # Errors
/// What runs ends and does not start again.
pub async fn watch<K: Kept, L: Fn() -> Result<Loaded, Failure>>(
    kept: &mut K,
    checkout: Option<&Checkout>,
    definition: Definition<L>,
    mut tell: impl FnMut(Event) -> Result<(), Failure>,
) -> Result<Infallible, Failure> {
    let mut sources = Files::of_sources(checkout.map(Checkout::root));
    let mut definitions = Files::of_list(definition.places);
    if let Some(checkout) = checkout {
        // What is in the checkout may be newer than this program.
        tell(build(kept, checkout, Event::new(Cause::Start, Vec::new(), SystemTime::now())).await)?;
    }
    loop {
        tokio::select! {
            changed = sources.changed() => {
                let event = Event::new(Cause::Source, changed.names, changed.saved_at);
                tell(match checkout {
                    Some(checkout) => build(kept, checkout, event).await,
                    None => event.ends(Outcome::Unchanged, "there is no checkout to build"),
                })?;
            }
            changed = definitions.changed() => {
                let event = Event::new(Cause::Definition, changed.names, changed.saved_at);
                tell(redefine(kept, &definition.load, event).await)?;
            }
            recovered = kept.recover() => {
                let event = Event::new(Cause::Hub, Vec::new(), SystemTime::now());
                tell(event.ends(Outcome::Restarted, recovered?))?;
            }
        }
    }
}

async fn build<K: Kept>(kept: &mut K, checkout: &Checkout, mut event: Event) -> Event {
    let began = Instant::now();
    let built = checkout.build_quickly().await;
    event.built_within(began.elapsed());
    match built {
        Err(failure) => event.ends(Outcome::Failed, format!("{failure}\nwhat ran before runs on")),
        Ok(Built { is_unchanged: true, .. }) if event.cause == Cause::Source => {
            event.ends(Outcome::Unchanged, "the hub is not made of it")
        }
        Ok(built) => match kept.install(&built.binary).await {
            Ok(services) => event.served_by(services, Outcome::Replaced),
            Err(failure) => event.ends(Outcome::Failed, failure),
        },
    }
}

async fn redefine<K: Kept>(kept: &mut K, load: impl Fn() -> Result<Loaded, Failure>, event: Event) -> Event {
    let loaded = match load() {
        Ok(loaded) => loaded,
        Err(failure) => return event.ends(Outcome::Failed, format!("{failure}\nwhat ran before runs on")),
    };
    match kept.redefine(loaded).await {
        Ok(touched) if touched.is_empty() => event.ends(Outcome::Unchanged, "nothing that runs is touched"),
        Ok(touched) => event.served_by(touched, Outcome::Applied),
        Err(failure) => event.ends(Outcome::Failed, failure),
    }
}
