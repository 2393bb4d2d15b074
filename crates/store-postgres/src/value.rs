//! How values stand in columns: identifiers as their 17 bytes, hashes as their 32, moments as milliseconds since 1970,
//! enumerations as their names, amounts as NUMERIC.

use bytes::Bytes;
use fspiop::{Amount, Condition, Currency, FspId, Fulfilment, Identifier, PartyIdType, QuoteId, Timestamp, TransferId};
use ledger::{
    AccountId, AccountType, ContentHash, EntryKind, FundsDirection, FundsStatus, ParticipantId, SettlementDelay,
    SettlementGranularity, SettlementInterchange, TransferStatus,
};
use switch::{EndpointType, Headers, JwsKeyId, MessageId, Method, OracleId, QuoteStatus, Subject};
use tokio_postgres::types::{FromSqlOwned, ToSql};

use crate::{numeric::Numeric, tables::outbox_batch::Hash};

/// A value that a column can hold.
pub(crate) trait Stored: Sized {
    /// The type of the column, as the driver has it.
    type Column: ToSql + FromSqlOwned + Send + Sync + 'static;

    /// The value of a column; `None` if this is nothing that [`Stored::write`] makes.
    fn read(column: Self::Column) -> Option<Self>;

    /// The value for a column.
    fn write(&self) -> Self::Column;
}

/// One column of many rows, for `UNNEST`.
pub(crate) fn column<'a, T: 'a, V: Stored>(
    rows: impl IntoIterator<Item = &'a T>,
    value: impl Fn(&T) -> V,
) -> Vec<V::Column> {
    rows.into_iter().map(|row| value(row).write()).collect()
}

impl<T: Stored> Stored for Option<T> {
    type Column = Option<T::Column>;

    fn read(column: Self::Column) -> Option<Self> {
        match column {
            None => Some(None),
            Some(present) => T::read(present).map(Some),
        }
    }

    fn write(&self) -> Self::Column {
        self.as_ref().map(Stored::write)
    }
}

/// Types that are a column's type already.
macro_rules! plain {
    ($($name:ty)+) => {$(
        impl Stored for $name {
            type Column = $name;

            fn read(column: $name) -> Option<Self> {
                Some(column)
            }

            fn write(&self) -> $name {
                *self
            }
        }
    )+};
}

/// Any other type: its column's type, how it is read, how it is written.
macro_rules! stored {
    ($($name:ty: $column:ty, $read:expr, $write:expr;)+) => {$(
        impl Stored for $name {
            type Column = $column;

            fn read(column: $column) -> Option<Self> {
                let read: fn($column) -> Option<$name> = $read;
                read(column)
            }

            fn write(&self) -> $column {
                let write: fn(&$name) -> $column = $write;
                write(self)
            }
        }
    )+};
}

macro_rules! identifiers {
    ($($name:ident)+) => {
        stored! { $($name: Vec<u8>, |bytes| Identifier::from_bytes(&bytes).map($name), |id| id.0.to_bytes().to_vec();)+ }
    };
}

macro_rules! hashes {
    ($($name:ident)+) => {
        stored! { $($name: Vec<u8>, |bytes| bytes.try_into().ok().map($name::from_bytes), |hash| hash.as_bytes().to_vec();)+ }
    };
}

/// Types with `as_str` and a `parse` whose result `$known` turns into an option.
macro_rules! names {
    ($known:expr => $($name:ident)+) => {
        stored! { $($name: String, |text| $known($name::parse(&text)), |name| name.as_str().to_owned();)+ }
    };
}

plain! { bool i32 i64 }
identifiers! { TransferId QuoteId }
hashes! { Condition Fulfilment }
names! { Result::ok => Currency FspId PartyIdType }
names! { std::convert::identity =>
    AccountType EndpointType EntryKind FundsDirection FundsStatus Method QuoteStatus SettlementDelay SettlementGranularity
    SettlementInterchange TransferStatus
}
stored! {
    Amount: Numeric, |number| Some(number.0), |amount| Numeric(*amount);
    ParticipantId: i32, |number| Some(ParticipantId(number)), |id| id.0;
    AccountId: i64, |number| Some(AccountId(number)), |id| id.0;
    MessageId: i64, |number| Some(MessageId(number)), |id| id.0;
    OracleId: i64, |number| Some(OracleId(number)), |id| id.0;
    Timestamp: i64, |millis| Some(Timestamp::from_millis(millis)), |moment| moment.as_millis();
    u8: i32, |number| number.try_into().ok(), |number| i32::from(*number);
    // More attempts than fit are as many as fit.
    u32: i32, |number| number.try_into().ok(), |number| i32::try_from(*number).unwrap_or(i32::MAX);
    Box<str>: String, |text| Some(text.into()), |text| text.to_string();
    JwsKeyId: String, |text| Some(JwsKeyId(text.into())), |id| id.0.to_string();
    Bytes: Vec<u8>, |bytes| Some(bytes.into()), |bytes| bytes.to_vec();
    Hash: i32, |number| Some(Hash(number)), |hash| hash.0;
    Vec<i64>: Vec<i64>, Some, Clone::clone;
    ContentHash: Vec<u8>, |bytes| bytes.try_into().ok().map(ContentHash), |hash| hash.0.to_vec();
    Identifier: Vec<u8>, |bytes| Identifier::from_bytes(&bytes), |id| id.to_bytes().to_vec();
    Headers: String, |text| Headers::from_text(&text), Headers::to_text;
    Subject: String, |text| Subject::parse(&text), ToString::to_string;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_written_is_not_read() {
        assert_eq!(TransferId::read(vec![0; 16]), None);
        assert_eq!(ContentHash::read(vec![0; 31]), None);
        assert_eq!(TransferStatus::read("reserved".to_owned()), None);
        assert_eq!(Headers::read("no colon".to_owned()), None);
        assert_eq!(u8::read(256), None);
        assert_eq!(Option::<Method>::read(Some("HEAD".to_owned())), None);
        assert_eq!(Option::<Method>::read(None), Some(None));
    }
}
