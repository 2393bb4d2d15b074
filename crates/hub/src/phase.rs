//! How far a hub is on its way to its end.

use tokio::sync::watch;

/// What listeners and connections do. Phases only go on, never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Everything as always.
    Serving,
    /// Everything is still answered, and each answer asks its client to come again on another connection.
    Leaving,
    /// Nothing new is taken; what is under way is answered.
    Draining,
}

impl Phase {
    /// Waits until this phase, or a later one, has begun.
    pub(crate) async fn begins(self, phases: &mut watch::Receiver<Phase>) {
        let _ = phases.wait_for(|phase| *phase >= self).await;
    }

    /// Whether this phase, or a later one, has begun.
    pub(crate) fn has_begun(self, phases: &watch::Receiver<Phase>) -> bool {
        *phases.borrow() >= self
    }
}
