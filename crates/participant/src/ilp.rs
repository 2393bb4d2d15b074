//! Packets, conditions and fulfilments as Mojaloop's own SDK makes them: [`Terms`], [`fulfil`].

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fspiop::{Condition, Fulfilment, IlpPacket, Money, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The address that Mojaloop puts into packets of version 4: parties are not addressed by ILP.
const ADDRESS: &str = "g.mojaloop";
/// Amounts have four decimal places, see [`fspiop::Amount::units`].
const DECIMAL_PLACES: u32 = 4;

/// What an FSP makes fulfilments with. Prints as stars.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps a secret; any text will do.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The packet that a quote offers, and its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// An ILP packet of version 4 in base64url.
    pub packet: String,
    /// The condition that the payee's FSP can fulfil.
    pub condition: Condition,
}

impl Terms {
    /// The terms for a transaction (JSON): the fulfilment is the HMAC-SHA256 of the transaction, both it and the key in
    /// base64 (Mojaloop's SDK, ILP version 4), so that it can be made again from the packet.
    pub fn new(secret: &Secret, transaction: &[u8], amount: Money, expires_at: Timestamp) -> Self {
        let condition = sign(secret, transaction).condition();
        let packet = IlpPacket::Prepare {
            amount: minor_units(amount),
            expires_at,
            condition,
            destination: ADDRESS.to_owned(),
            data: IlpPacket::data_of(transaction),
        };
        Self { packet: packet.to_string(), condition }
    }
}

/// The fulfilment of a packet that [`Terms::new`] made with the same secret, out of the transaction that it carries.
pub fn fulfil(secret: &Secret, transaction: &[u8]) -> Fulfilment {
    sign(secret, transaction)
}

fn sign(secret: &Secret, transaction: &[u8]) -> Fulfilment {
    let key = STANDARD.encode(secret.0.as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(STANDARD.encode(transaction).as_bytes());
    Fulfilment::from_bytes(mac.finalize().into_bytes().into())
}

/// The amount in the currency's minor units, without what is smaller; at most what fits into a packet. The amount of a
/// packet informs; the one of the transfer counts.
fn minor_units(money: Money) -> u64 {
    let dropped = DECIMAL_PLACES.saturating_sub(u32::from(money.currency.minor_unit_digits()));
    u64::try_from(money.amount.units() / 10_i128.pow(dropped)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use fspiop::{Amount, Currency};

    use super::*;

    fn money(currency: &str, amount: &str) -> Money {
        Money { currency: Currency::parse(currency).unwrap(), amount: Amount::parse(amount).unwrap() }
    }

    #[test]
    fn the_fulfilment_of_a_packet_fulfils_its_condition() {
        let secret = Secret::new("a secret");
        let terms = Terms::new(&secret, b"{\"a\":1}", money("USD", "10"), Timestamp::from_millis(0));
        let packet = IlpPacket::parse(&terms.packet).unwrap();
        let transaction = packet.transaction().unwrap();
        assert_eq!(transaction, b"{\"a\":1}");
        assert_eq!(fulfil(&secret, &transaction).condition(), terms.condition);
        assert_ne!(fulfil(&Secret::new("another"), &transaction).condition(), terms.condition);
        let IlpPacket::Prepare { amount, .. } = packet else { panic!("{packet:?}") };
        assert_eq!(amount, 1000);
    }

    /// `crypto.createHmac('sha256', btoa('secret')).update(btoa('{}'))`, computed with OpenSSL.
    #[test]
    fn the_fulfilment_is_that_of_the_sdk() {
        let fulfilment = fulfil(&Secret::new("secret"), b"{}");
        assert_eq!(fulfilment.to_string(), "sLtYv-oJB_V5J9qcsjWulBvtT3jqvA6_xbkaQlnAlTE");
    }

    #[test]
    fn amounts_of_packets() {
        for (currency, amount, expect) in [
            ("USD", "10.5", 1050),
            ("USD", "0.0099", 0),
            ("JPY", "7", 7),
            ("KWD", "1.2345", 1234),
            ("USD", "999999999999999999", u64::MAX),
        ] {
            assert_eq!(minor_units(money(currency, amount)), expect, "{amount} {currency}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("a secret")), "Secret(***)");
    }
}
