//! The FSP's side of FSPIOP: participants that can be scripted, as payees and as payers.
//!
//! Two layers:
//! * **Pure**, without I/O, clock or randomness: [`Fsp`] answers the messages that a hub sends to it, [`Payment`] is
//!   the payer's side of one payment, [`Script`] says how an FSP misbehaves. `now` and the seed of identifiers come
//!   in; messages go out. The seeded simulation drives this layer.
//! * **Sockets**: [`Simulator`] runs any number of such FSPs in one process behind one port, and [`control`] is the
//!   API by which payments are started and scripts are set.

mod body;
pub mod control;
mod fsp;
mod identifier_source;
mod ilp;
mod leg;
mod memory;
mod message;
mod notice;
mod payment;
mod profile;
mod script;
mod socket;
mod transfer;

pub use fsp::{Fsp, Reaction, Received};
pub use identifier_source::{IdentifierSource, PaymentIdentifiers};
pub use ilp::{Secret, Terms, fulfil};
pub use leg::{HUB, Leg, Phase};
pub use message::{Request, Topic, Trace};
pub use notice::{Notice, NoticeKind};
pub use payment::{Ending, Order, Payment, PaymentError};
pub use profile::{Party, Profile};
pub use script::{Behaviour, Rule, Script, ScriptError};
pub use socket::{
    HubUrlError, HubUrls, Limits, PayError, Running, Settings, Simulator, StartError, endpoint_path, serve,
};
pub use transfer::{Event, PaymentResult, TransferRequest};
