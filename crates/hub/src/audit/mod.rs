//! The auditor: the invariants that a store shows, looked at without writing anything, while the hub works.
//!
//! An [`Auditor`] is pure. It is fed with the pages of [`Store::visit_books`](store::Store::visit_books), which are all of
//! one moment, and afterwards with the stories of a bounded sample of transfers; its memory grows with the accounts and
//! not with the transfers. [`run`] does that on any store. What a store does not show (durability, authority, bounds) is
//! not in the report; the simulator and the tests with real faults look at it.

mod accounts;
mod auditor;
mod condition;
mod conservation;
mod ending;
mod idempotency;
mod limits;
mod report;
#[cfg(test)]
mod tests;
mod totality;

use std::sync::{Arc, Mutex, PoisonError};

use store::{Clock, Store, StoreError};

pub use auditor::{Auditor, Scope};
pub use report::{Audit, Finding, Invariant, MAX_FINDINGS, Verdict};
pub use totality::BOUND_MS;

/// Audits a store. `on_page` is called for each page of the books, with how many there were so far; it lives as long as the
/// books are being read, even if nobody waits for the result any more.
///
/// # Errors
/// Those of reading the store.
pub async fn run(
    store: &dyn Store,
    clock: &dyn Clock,
    scope: Scope,
    mut on_page: impl FnMut(u64) + Send + 'static,
) -> Result<Audit, StoreError> {
    // Before the books, so that what is overdue by this time is so in the books, too.
    let (now, names) = (clock.now(), store.configuration().await?);
    let shared = Arc::new(Mutex::new(Some(Auditor::new(names.registry.clone(), now, scope))));
    let (auditor, mut pages) = (shared.clone(), 0);
    store
        .visit_books(Box::new(move |page| {
            if let Some(auditor) = auditor.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                auditor.visit(page);
            }
            pages += 1;
            on_page(pages);
        }))
        .await?;
    let auditor = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut auditor = auditor.expect("the auditor is taken once, here");
    // After the books, so that no settlement model is missing under which something in them was decided.
    for id in auditor.close_books(store.configuration().await?.registry.clone()) {
        auditor.hear(&store.story(id).await?);
    }
    Ok(auditor.finish())
}
