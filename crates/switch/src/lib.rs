//! The pure machines around money: lookup, agreement, clearing, expiry, onboarding.
//!
//! A [`Command`] is a request that has been read and checked. [`decide`] takes a batch of them, a [`State`] that holds what
//! they name and the time of the batch, and says for each what to answer ([`Outcome`]), while the state notes what to
//! remember and which [`Message`]s to send. A store writes all of it in one transaction. Questions that change nothing
//! (lookups, relays) are answered by plain functions over the [`Configuration`].
//!
//! Invariants of absence: no I/O, no clock, no randomness; nothing here decides about money, the ledger does.

mod administration;
mod agreement;
mod clearing;
mod command;
mod configuration;
mod content_hash;
mod endpoint;
mod jws_key;
pub mod lookup;
mod message;
mod oracle;
mod originate;
mod party;
mod quote;
mod relay;
pub mod request_to_pay;
mod state;
mod undeliverable;

pub use administration::{Administration, AdministrationError, FundsOutEnd, OracleSettings};
pub use agreement::quote_not_found;
pub use clearing::{answer_funds_get, answer_get as answer_transfer_get, answer_interim};
pub use command::{Command, Delivery, DeliveryResult, Inbound, Outcome};
pub use configuration::{Configuration, Routing};
pub use content_hash::content_hash;
pub use endpoint::EndpointType;
pub use jws_key::{JwsKey, JwsKeyId};
pub use message::{Headers, Message, MessageId, Method, Subject};
pub use oracle::{Oracle, OracleId};
pub use party::{BulkFate, BulkParty, PartyChange, PartyEntry};
pub use quote::{NeededAccounts, Quote, QuoteStatus};
pub use relay::relay;
pub use state::{Changes, Keys, State, decide};
pub use undeliverable::undeliverable;
