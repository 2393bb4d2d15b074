//! A program that is replaced while its sockets stay open, for developing.
//!
//! Whoever keeps a [`Service`] binds its [`Listeners`] and lends them to one process after the other, in the way of systemd's
//! socket activation. Between two of them connections wait in the system's queue: nobody is refused. A successor that does not
//! start is given up, and the program before it serves again, on the same listeners.

mod listeners;
mod program;
mod request;
mod service;

pub use listeners::{BindError, Listeners, lent};
pub use program::Program;
pub use request::{Request, Requests, ask};
pub use service::{Call, Service, SuccessionError};
