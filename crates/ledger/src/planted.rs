//! Deliberate defects, for each invariant and for each way in which several nodes can get in each other's way, that the
//! simulator must find. They exist only with the feature `planted-bugs`;
//! without it [`active`] is the constant `false` and the branches vanish.

/// A deliberate defect, named after the invariant that it breaks; of several nodes, after what is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// I1: now and then a commit forgets to lower the payee's position.
    Conservation,
    /// I2: the net debit cap is compared with the position at the start of the batch.
    Cap,
    /// I3: expiry does not look whether the transfer has ended already.
    Ending,
    /// I4: an expiry tells the payee but not the payer.
    Totality,
    /// I5: a repeated prepare is posted again.
    Idempotency,
    /// I6: a request is answered before it is durable.
    Durability,
    /// I7: a fulfilment is not compared with the condition.
    Condition,
    /// I2: a node decides on the configuration as it was before another one changed it last.
    StaleConfiguration,
    /// I4: a node takes over what another left behind, and is not told.
    TakeOver,
    /// I4: a node that gets no answer from the store when it renews its claim believes that there is nothing new.
    LostAnswer,
    /// I4: a node delivers what it decides at once, although another one still delivers an earlier message about the same.
    HandOver,
    /// I7: a transfer expires when a node's clock says so.
    NodeClock,
}

impl Bug {
    /// All of them: I1 to I7, then those of several nodes.
    pub const ALL: [Bug; 12] = [
        Bug::Conservation,
        Bug::Cap,
        Bug::Ending,
        Bug::Totality,
        Bug::Idempotency,
        Bug::Durability,
        Bug::Condition,
        Bug::StaleConfiguration,
        Bug::TakeOver,
        Bug::LostAnswer,
        Bug::HandOver,
        Bug::NodeClock,
    ];
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    static ACTIVE: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Switches one defect on, or all off, for the calling thread.
#[cfg(feature = "planted-bugs")]
pub fn activate(bug: Option<Bug>) {
    ACTIVE.with(|active| active.set(bug));
}

/// Whether this defect is switched on.
#[cfg(feature = "planted-bugs")]
pub fn active(bug: Bug) -> bool {
    ACTIVE.with(|active| active.get() == Some(bug))
}

/// Whether this defect is switched on: never, in this build.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub const fn active(_bug: Bug) -> bool {
    false
}
