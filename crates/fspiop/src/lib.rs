//! The words of FSPIOP, the API of Mojaloop (versions 1.0, 1.1 and 2.0, JSON).
//!
//! Identifiers, amounts, moments, headers and versions, error codes, ILP conditions and packets, and readers that
//! take the few fields a hub needs out of the untouched bytes of a message. Bodies are never mapped to a second model:
//! the originator's signature covers their bytes.
//!
//! The crate does no I/O, reads no clock, and uses neither randomness nor floats.

mod amount;
mod body_schema;
mod content_type;
mod currency;
mod date_time;
mod error;
mod fsp_id;
pub mod headers;
mod identifier;
mod ilp;
mod json;
mod party;
mod patterns;
mod resources;
mod schema;
mod shapes;
mod text;
mod version;
pub mod write;

pub use amount::{Amount, AmountError};
pub use body_schema::Body;
pub use content_type::{Accept, content_type, parse_content_type};
pub use currency::{Currency, CurrencyError, Money};
pub use date_time::{Timestamp, TimestampError, parse_http_date_header};
pub use error::{ErrorCode, FspiopError};
pub use fsp_id::{FspId, FspIdError};
pub use headers::{RequestHeaders, check_request};
pub use identifier::{Identifier, IdentifierError, QuoteId, TransactionId, TransactionRequestId, TransferId};
pub use ilp::{Condition, Fulfilment, HashError, IlpPacket, IlpPacketError};
pub use party::{PartyId, PartyIdError, PartyIdType, percent_decode, percent_encode};
pub use resources::ErrorCallback;
pub use resources::authorizations::{AuthorizationAnswer, AuthorizationQuestion, AuthorizationRequest};
pub use resources::participants::{
    BulkRegistration, BulkRegistrationAnswer, ParticipantAnswer, ParticipantRegistration, RegisteredParty,
};
pub use resources::parties::PartyAnswer;
pub use resources::quotes::{AmountType, AmountTypeError, QuoteAnswer, QuoteRequest};
pub use resources::transaction_requests::{TransactionRequest, TransactionRequestAnswer};
pub use resources::transactions::TransactionAnswer;
pub use resources::transfers::{TransferFulfil, TransferPatch, TransferPrepare, TransferState, TransferStateError};
pub use text::Excerpt;
pub use version::{ApiVersion, ApiVersionError, Resource};
