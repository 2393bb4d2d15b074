//! Deliberate defects, one per invariant, that the simulator must find. They exist only with the feature `planted-bugs`;
//! without it [`active`] is the constant `false` and the branches vanish.

/// A deliberate defect, named after the invariant that it breaks.
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
}

impl Bug {
    /// All of them, I1 first.
    pub const ALL: [Bug; 7] =
        [Bug::Conservation, Bug::Cap, Bug::Ending, Bug::Totality, Bug::Idempotency, Bug::Durability, Bug::Condition];
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
