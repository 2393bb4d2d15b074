//! How values stand in columns.
//!
//! Amounts are 16-byte blobs, big endian with the sign bit flipped: exact for every `Amount`, of one size, and they sort
//! as numbers. Identifiers are their 17 bytes, hashes their 32, moments milliseconds since 1970, enumerations their names.

use bytes::Bytes;
use fspiop::{Amount, Condition, Currency, FspId, Fulfilment, Identifier, PartyIdType, QuoteId, Timestamp, TransferId};
use ledger::{
    AccountId, AccountType, ContentHash, EntryKind, FundsDirection, FundsStatus, ParticipantId, SettlementDelay,
    SettlementGranularity, SettlementInterchange, TransferStatus,
};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use switch::{EndpointType, Headers, JwsKeyId, MessageId, Method, OracleId, QuoteStatus, Subject};

/// A value that a column can hold.
pub(crate) trait Stored: Sized {
    /// The value of a column; `None` if this is nothing that [`Stored::write`] makes.
    fn read(value: ValueRef<'_>) -> Option<Self>;

    /// The value for a column.
    fn write(&self) -> ToSqlOutput<'_>;
}

/// Flips the sign, so that bytes sort as numbers do.
const SIGN: u128 = 1 << 127;

fn integer(value: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Borrowed(ValueRef::Integer(value))
}

fn text(value: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes()))
}

fn blob(value: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(value))
}

fn owned_blob(value: &[u8]) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Blob(value.to_vec()))
}

impl<T: Stored> Stored for Option<T> {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            present => T::read(present).map(Some),
        }
    }

    fn write(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(ToSqlOutput::Borrowed(ValueRef::Null), Stored::write)
    }
}

impl Stored for bool {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(0) => Some(false),
            ValueRef::Integer(1) => Some(true),
            _ => None,
        }
    }

    fn write(&self) -> ToSqlOutput<'_> {
        integer(i64::from(*self))
    }
}

impl Stored for Amount {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        let bits = u128::from_be_bytes(value.as_blob().ok()?.try_into().ok()?);
        Some(Amount::from_units((bits ^ SIGN).cast_signed()))
    }

    fn write(&self) -> ToSqlOutput<'_> {
        owned_blob(&(self.units().cast_unsigned() ^ SIGN).to_be_bytes())
    }
}

impl Stored for ParticipantId {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        i32::try_from(value.as_i64().ok()?).ok().map(ParticipantId)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        integer(i64::from(self.0))
    }
}

impl Stored for Timestamp {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok().map(Timestamp::from_millis)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        integer(self.as_millis())
    }
}

impl Stored for Box<str> {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        value.as_str().ok().map(Into::into)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        text(self)
    }
}

impl Stored for JwsKeyId {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        Box::<str>::read(value).map(JwsKeyId)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        text(&self.0)
    }
}

impl Stored for Bytes {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        value.as_blob().ok().map(Bytes::copy_from_slice)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        blob(self)
    }
}

impl Stored for ContentHash {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        value.as_blob().ok()?.try_into().ok().map(ContentHash)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        blob(&self.0)
    }
}

impl Stored for Headers {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        Headers::from_text(value.as_str().ok()?)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Text(self.to_text()))
    }
}

impl Stored for Subject {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        Subject::parse(value.as_str().ok()?)
    }

    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Text(self.to_string()))
    }
}

macro_rules! numbers {
    ($($name:ident)+) => {$(
        impl Stored for $name {
            fn read(value: ValueRef<'_>) -> Option<Self> {
                value.as_i64().ok().map($name)
            }

            fn write(&self) -> ToSqlOutput<'_> {
                integer(self.0)
            }
        }
    )+};
}

macro_rules! identifiers {
    ($($name:ident)+) => {$(
        impl Stored for $name {
            fn read(value: ValueRef<'_>) -> Option<Self> {
                Identifier::from_bytes(value.as_blob().ok()?).map($name)
            }

            fn write(&self) -> ToSqlOutput<'_> {
                owned_blob(&self.0.to_bytes())
            }
        }
    )+};
}

macro_rules! hashes {
    ($($name:ident)+) => {$(
        impl Stored for $name {
            fn read(value: ValueRef<'_>) -> Option<Self> {
                value.as_blob().ok()?.try_into().ok().map($name::from_bytes)
            }

            fn write(&self) -> ToSqlOutput<'_> {
                blob(self.as_bytes())
            }
        }
    )+};
}

/// Types with `as_str` and a `parse` whose result `$known` turns into an option.
macro_rules! names {
    ($known:expr => $($name:ident)+) => {$(
        impl Stored for $name {
            fn read(value: ValueRef<'_>) -> Option<Self> {
                $known($name::parse(value.as_str().ok()?))
            }

            fn write(&self) -> ToSqlOutput<'_> {
                text(self.as_str())
            }
        }
    )+};
}

macro_rules! small_numbers {
    ($($name:ident)+) => {$(
        impl Stored for $name {
            fn read(value: ValueRef<'_>) -> Option<Self> {
                value.as_i64().ok()?.try_into().ok()
            }

            fn write(&self) -> ToSqlOutput<'_> {
                integer(i64::from(*self))
            }
        }
    )+};
}

small_numbers! { u8 i32 u32 i64 }
numbers! { AccountId MessageId OracleId }
identifiers! { TransferId QuoteId }
hashes! { Condition Fulfilment }
names! { Result::ok => Currency FspId PartyIdType }
names! { std::convert::identity =>
    AccountType EndpointType EntryKind FundsDirection FundsStatus Method QuoteStatus SettlementDelay SettlementGranularity SettlementInterchange
    TransferStatus
}

#[cfg(test)]
mod tests {
    use rusqlite::ToSql;

    use super::*;

    fn bytes(amount: Amount) -> Vec<u8> {
        match amount.write() {
            ToSqlOutput::Owned(Value::Blob(bytes)) => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn amounts_are_exact_and_sort_as_numbers() {
        let units = [i128::MIN, -10_000, -1, 0, 1, 9_999_999_999_999_999_999_999, i128::MAX];
        let stored: Vec<_> = units.into_iter().map(|units| bytes(Amount::from_units(units))).collect();
        assert!(stored.is_sorted());
        for (units, bytes) in units.into_iter().zip(&stored) {
            assert_eq!(Amount::read(ValueRef::Blob(bytes)), Some(Amount::from_units(units)));
        }
    }

    #[test]
    fn what_was_never_written_is_not_read() {
        assert_eq!(Amount::read(ValueRef::Blob(&[0; 15])), None);
        assert_eq!(Amount::read(ValueRef::Integer(1)), None);
        assert_eq!(bool::read(ValueRef::Integer(2)), None);
        assert_eq!(ParticipantId::read(ValueRef::Integer(1 << 40)), None);
        assert_eq!(TransferStatus::read(ValueRef::Text(b"reserved")), None);
        assert_eq!(Currency::read(ValueRef::Text(b"\xff")), None);
        assert_eq!(Headers::read(ValueRef::Text(b"no colon")), None);
        assert_eq!(Option::<Amount>::read(ValueRef::Blob(&[])), None);
        assert_eq!(Option::<Amount>::read(ValueRef::Null), Some(None));
        assert_eq!(None::<Amount>.write().to_sql().unwrap(), ToSqlOutput::Borrowed(ValueRef::Null));
    }
}
