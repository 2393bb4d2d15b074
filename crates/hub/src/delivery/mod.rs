//! Delivery of callbacks: at least once, in order for each transfer and quote, one slow FSP never in the way of another.

mod client;
mod connector;
mod driver;
mod outgoing;
mod resolver;
mod scheduler;
mod signing;
mod waits;

pub use client::CallbackClient;
pub use driver::{DeliveryHandle, DeliveryReceiver, Surroundings, start};
pub use outgoing::Outgoing;
pub use scheduler::{Attempted, Dispatch, Finished, Scheduler, SchedulerSettings};
