//! Decisions about money: participants, accounts, limits, positions, liquidity and the life of a transfer.
//!
//! Everything here is pure. A [`Ledger`] is the working set of one batch: the [`Registry`] (who takes part, with which
//! accounts and limits), the balances and transfers that the batch names. Each operation takes `now`, decides, changes the
//! working set and notes what changed in [`Changes`], which a store then writes in one transaction. The ledger never does
//! I/O, never reads a clock, never draws a random number and never touches a float.
//!
//! Signs follow the scheme's books: a position rises with what a participant owes, a settlement account falls with what
//! the participant has paid in. Every [`Entry`] has two sides, so the sum over all accounts of a currency is always zero.

mod account;
mod clearing;
mod entry;
mod error;
mod funds;
mod limits;
mod onboarding;
mod participant;
pub mod planted;
mod registry;
mod settlement_model;
mod state;
mod transfer;

pub use account::{Account, AccountId, AccountType, Balance};
pub use clearing::expired;
pub use clearing::{Abort, AbortDecision, Fulfil, FulfilDecision, Prepare, PrepareDecision};
pub use entry::{Entry, EntryKind};
pub use error::LedgerError;
pub use funds::{FundsDirection, FundsMovement, FundsRequest, FundsStatus};
pub use limits::Headroom;
pub use onboarding::{InitialPositionAndLimits, NewParticipant};
pub use participant::{Participant, ParticipantId};
pub use registry::Registry;
pub use settlement_model::{SettlementDelay, SettlementGranularity, SettlementInterchange, SettlementModel};
pub use state::{Changes, Ledger};
pub use transfer::{AbortReason, ContentHash, Transfer, TransferStatus};
