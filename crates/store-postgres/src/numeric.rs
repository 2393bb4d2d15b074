//! Amounts in PostgreSQL's binary form of NUMERIC: groups of four decimal digits. An amount's four decimals are exactly one
//! group, so nothing is rounded and nothing goes through text.
//!
//! What NUMERIC costs against `bigint` or sixteen bytes was measured on PostgreSQL 15 (`tests/figures.rs`); the figures
//! stand at the top of the crate.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use fspiop::Amount;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// An amount on its way into or out of a NUMERIC column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numeric(pub(crate) Amount);

/// The base of a group.
const BASE: u128 = 10_000;
/// Decimals of an amount, which PostgreSQL is told to show.
const DECIMALS: i16 = 4;
/// Groups of the largest amount: 2^127 has 39 digits.
const GROUPS: usize = 10;
/// The sign word of a number that is not below zero (PostgreSQL's numeric.c).
const POSITIVE: u16 = 0x0000;
/// The sign word of a number below zero (PostgreSQL's numeric.c).
const NEGATIVE: u16 = 0x4000;

impl ToSql for Numeric {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let units = self.0.units();
        let mut groups = [0_i16; GROUPS];
        let (mut rest, mut count) = (units.unsigned_abs(), 0);
        while rest > 0 {
            groups[count] = i16::try_from(rest % BASE)?;
            rest /= BASE;
            count += 1;
        }
        let length = i16::try_from(count)?;
        out.put_i16(length);
        // The power of 10000 of the first group; the last one has -1.
        out.put_i16(length - 2);
        out.put_u16(if units < 0 { NEGATIVE } else { POSITIVE });
        out.put_i16(DECIMALS);
        groups[..count].iter().rev().for_each(|group| out.put_i16(*group));
        Ok(IsNull::No)
    }

    accepts!(NUMERIC);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Numeric {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        read(raw).map(|units| Numeric(Amount::from_units(units))).ok_or_else(|| "not an amount".into())
    }

    accepts!(NUMERIC);
}

/// Units of a ten-thousandth; `None` for what is no amount: NaN, infinities, more than four decimals, too large.
fn read(raw: &[u8]) -> Option<i128> {
    let word = |index: usize| raw.get(2 * index..2 * index + 2)?.try_into().ok().map(i16::from_be_bytes);
    let (count, weight, sign) = (word(0)?, word(1)?, word(2)?.cast_unsigned());
    let mut magnitude = 0_u128;
    for index in 0..count {
        let group = u128::try_from(word(4 + usize::try_from(index).ok()?)?).ok().filter(|group| *group < BASE)?;
        if group == 0 {
            continue;
        }
        let power = u32::try_from(i32::from(weight) - i32::from(index) + 1).ok()?;
        magnitude = magnitude.checked_add(BASE.checked_pow(power)?.checked_mul(group)?)?;
    }
    match sign {
        POSITIVE => i128::try_from(magnitude).ok(),
        NEGATIVE => 0_i128.checked_sub_unsigned(magnitude),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(units: i128) -> BytesMut {
        let mut out = BytesMut::new();
        Numeric(Amount::from_units(units)).to_sql(&Type::NUMERIC, &mut out).unwrap();
        out
    }

    #[track_caller]
    fn check(units: i128, words: &[u16]) {
        let expect: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(written(units)[..], expect[..]);
        assert_eq!(read(&expect), Some(units));
    }

    #[test]
    fn amounts_are_groups_of_four_digits() {
        check(0, &[0, 0xfffe, 0, 4]);
        check(1, &[1, 0xffff, 0, 4, 1]);
        check(-10_000, &[2, 0, 0x4000, 4, 1, 0]);
        check(123_456_789, &[3, 1, 0, 4, 1, 2345, 6789]);
    }

    #[test]
    fn what_is_no_amount_is_not_read() {
        let bytes = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
        assert_eq!(read(&bytes(&[0, 0, 0xc000, 0])), None, "NaN");
        assert_eq!(read(&bytes(&[1, 0xfffe, 0, 8, 1])), None, "0.00000001");
        assert_eq!(read(&bytes(&[1, 9, 0, 0, 1])), None, "10^36");
        assert_eq!(read(&bytes(&[1, 0, 0, 4])), None, "cut off");
        assert_eq!(read(&bytes(&[2, 0, 0, 8, 7, 0])), Some(70_000), "zeros at the end say nothing");
    }

    proptest! {
        #[test]
        fn every_amount_comes_back(units in any::<i128>()) {
            prop_assert_eq!(read(&written(units)), Some(units));
        }
    }

    #[test]
    fn the_ends_of_the_range_come_back() {
        for units in [i128::MIN, i128::MIN + 1, i128::MAX, i128::MAX - 1, 9_999, 10_000, 99_999_999] {
            assert_eq!(read(&written(units)), Some(units));
        }
    }
}
