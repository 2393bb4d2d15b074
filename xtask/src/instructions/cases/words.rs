//! Reading and writing what stands in messages.

use std::hint::black_box;

use anyhow::{Context, Result};
use fspiop::{Amount, IlpPacket, TransferPrepare, parse_http_date_header};
use hub::edge::interpret;
use hyper::header;
use identity::{SignedMessage, Signer, verify};
use participant::Request;
use store::Store as _;

use super::Case;
use super::scheme::{self, NOW};

/// A key of 2048 bits. It is the tests' own and guards nothing.
const KEY: &str = include_str!("../../../../crates/identity/tests/data/pkcs1.pem");
/// Calls that are counted together: a single one would leave too few instructions to compare.
const CALLS: u32 = 100;

pub(super) fn cases() -> Result<Vec<Case>> {
    let messages = scheme::messages(1)?.pop().context("a payment")?;
    let packet = TransferPrepare::read(&messages.prepare.body)?.ilp_packet.into_owned();
    let date = messages.prepare.header(&header::DATE).context("a date")?.to_owned();
    let amount = Amount::parse("123456789.1234")?;
    let mut cases = vec![
        often("amount_parse", || Amount::parse(black_box("123456789.1234")).is_ok()),
        often("amount_print", move || black_box(amount).to_string()),
        often("date_parse", move || parse_http_date_header(black_box(&date)).is_ok()),
        often("date_print", || black_box(NOW).http_date()),
        often("ilp_packet_parse", move || IlpPacket::parse(black_box(&packet)).is_ok()),
        read("read_quote", &messages.quote)?,
        read("read_quote_answer", &messages.quote_answer)?,
        read("read_prepare", &messages.prepare)?,
        read("read_fulfil", &messages.fulfil)?,
    ];
    cases.extend(signatures(messages.prepare)?);
    Ok(cases)
}

fn often<T>(name: &'static str, mut once: impl FnMut() -> T + 'static) -> Case {
    Case::new(name, CALLS, move || {
        for _ in 0..CALLS {
            black_box(once());
        }
    })
}

/// Everything that the edge does between having read a request and handing it on.
fn read(name: &'static str, message: &Request) -> Result<Case> {
    let configuration =
        tokio::runtime::Builder::new_current_thread().build()?.block_on(scheme::store()?.configuration())?;
    let (parts, body) = scheme::parts(message)?;
    let refused = interpret(&parts, body.clone(), &configuration, scheme::trace).err();
    anyhow::ensure!(refused.is_none(), "{name} is refused: {refused:?}");
    Ok(often(name, move || interpret(black_box(&parts), body.clone(), &configuration, scheme::trace).is_ok()))
}

fn signatures(message: Request) -> Result<[Case; 2]> {
    let (signer, verifier) = (Signer::from_pem(KEY)?, Signer::from_pem(KEY)?);
    let header = signer.sign(&to_sign(&message)).context("a message with a body is signed")?;
    verify(&header, &to_sign(&message), [verifier.public_key()])?;
    let unsigned = message.clone();
    Ok([
        often("jws_sign", move || signer.sign(black_box(&to_sign(&unsigned)))),
        often("jws_verify", move || verify(&header, black_box(&to_sign(&message)), [verifier.public_key()]).is_ok()),
    ])
}

fn to_sign(message: &Request) -> SignedMessage<'_> {
    SignedMessage {
        method: message.method.as_str(),
        uri: &message.path,
        source: scheme::PAYER,
        destination: Some(scheme::PAYEE),
        date: message.header(&header::DATE),
        body: &message.body,
    }
}
