//! What the hub itself says after the Testing Toolkit's payment.
//!
//! The payment collection is satisfied by anything that passes messages on. So these tests ask the ledger: each
//! account must have moved by exactly the transfer's amount, and the transfer must be COMMITTED.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::{Catcher, Client, date};
use crate::outcome::say;

const LEDGER: &str = "http://127.0.0.1:3001";
const TRANSFERS: &str = "http://127.0.0.1:3000";
/// Who pays and who is paid in the collection `core-p2p`.
const PAYER: &str = "testingtoolkitdfsp";
const PAYEE: &str = "payeefsp";
/// What the collection `core-provisioning` brings in for the payer; liquidity is a negative balance.
const LIQUIDITY: Money = Money(-5_000_000 * Money::ONE);

/// An exact amount in units of 1/10000, which is the finest that FSPIOP amounts can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Money(i128);

impl Money {
    const ONE: i128 = 10_000;

    /// Reads `-12.5`, as a JSON number or string; never by way of a float.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_matches('"');
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > 4 {
            return None;
        }
        let fraction: i128 = format!("{fraction:0<4}").parse().ok()?;
        whole.parse::<i128>().ok()?.checked_mul(Self::ONE)?.checked_add(fraction).map(|units| Self(sign * units))
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, units) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let one = Self::ONE.unsigned_abs();
        match units % one {
            0 => write!(formatter, "{sign}{}", units / one),
            fraction => write!(formatter, "{sign}{}.{fraction:04}", units / one),
        }
    }
}

/// One answer of `GET /participants/{name}/accounts`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAccount {
    ledger_account_type: String,
    currency: String,
    value: Box<RawValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    owner: &'static str,
    kind: String,
    currency: String,
    value: Money,
}

/// The accounts of payer and payee at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Balances(Vec<Account>);

impl Balances {
    pub(super) async fn read(client: &Client) -> Result<Self> {
        let mut accounts = Vec::new();
        for owner in [PAYER, PAYEE] {
            let body = client.get(&format!("{LEDGER}/participants/{owner}/accounts")).await?;
            accounts.extend(parse_accounts(owner, &body)?);
        }
        Ok(Self(accounts))
    }

    fn value(&self, owner: &str, kind: &str, currency: &str) -> Result<Money> {
        let mut found = self
            .0
            .iter()
            .filter(|account| account.owner == owner && account.kind == kind && account.currency == currency);
        let account = found.next().with_context(|| format!("{owner} has no {kind} account in {currency}"))?;
        ensure!(found.next().is_none(), "{owner} has two {kind} accounts in {currency}");
        Ok(account.value)
    }
}

fn parse_accounts(owner: &'static str, body: &[u8]) -> Result<Vec<Account>> {
    let raw: Vec<RawAccount> = serde_json::from_slice(body).with_context(|| format!("the accounts of {owner}"))?;
    let account = |raw: RawAccount| {
        let value = Money::read(raw.value.get())
            .with_context(|| format!("{owner}: the value {} is no exact amount", raw.value.get()))?;
        Ok(Account { owner, kind: raw.ledger_account_type, currency: raw.currency, value })
    };
    raw.into_iter().map(account).collect()
}

/// The transfer as the Testing Toolkit sent it.
#[derive(Debug)]
struct Transfer {
    id: String,
    amount: Money,
    currency: String,
}

#[derive(Deserialize)]
struct Report {
    test_cases: Vec<TestCase>,
}

#[derive(Deserialize)]
struct TestCase {
    requests: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    request: SentRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentRequest {
    operation_path: String,
    method: String,
    body: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransferBody {
    transfer_id: String,
    payer_fsp: String,
    payee_fsp: String,
    amount: AmountBody,
}

#[derive(Deserialize)]
struct AmountBody {
    amount: String,
    currency: String,
}

impl Transfer {
    /// Finds the one `POST /transfers` in the Testing Toolkit's report.
    fn from_report(text: &[u8]) -> Result<Self> {
        let report: Report = serde_json::from_slice(text).context("the Testing Toolkit's report")?;
        let requests = report.test_cases.into_iter().flat_map(|case| case.requests).map(|exchange| exchange.request);
        let mut sent = requests
            .filter(|request| request.operation_path == "/transfers" && request.method.eq_ignore_ascii_case("post"));
        let body = sent.next().and_then(|request| request.body).context("the report holds no POST /transfers")?;
        ensure!(sent.next().is_none(), "the report holds more than one POST /transfers");
        let body: TransferBody = serde_json::from_value(body).context("the body of POST /transfers")?;
        ensure!(
            body.payer_fsp == PAYER && body.payee_fsp == PAYEE,
            "a transfer from {} to {} was sent",
            body.payer_fsp,
            body.payee_fsp
        );
        let amount = Money::read(&body.amount.amount).filter(|amount| amount.0 > 0).context("the transfer's amount")?;
        Ok(Self { id: body.transfer_id, amount, currency: body.amount.currency })
    }
}

/// What was seen around the payment.
pub(super) struct Evidence {
    pub(super) before: Result<Balances>,
    pub(super) after: Result<Balances>,
}

/// A test of ours: its name, and what was wrong.
pub(super) type Verdict = (&'static str, Result<()>);

/// Asks for the transfer's state and judges everything; `report` is the Testing Toolkit's of `core-p2p`.
pub(super) async fn judge(client: &Client, evidence: &Evidence, report: &Path, payer: SocketAddr) -> Vec<Verdict> {
    let seen = std::fs::read(report)
        .with_context(|| report.display().to_string())
        .and_then(|text| Transfer::from_report(&text));
    let transfer = match seen {
        Ok(transfer) => transfer,
        Err(error) => return vec![("the transfer that the Testing Toolkit sent is known", Err(error))],
    };
    let state = told_state(client, &transfer, payer).await.and_then(|state| {
        ensure!(state == "COMMITTED", "the hub says {state} of transfer {}", transfer.id);
        Ok(())
    });
    let mut verdicts = judge_balances(evidence, &transfer);
    verdicts.push(("asked for the transfer, the hub tells the payer COMMITTED", state));
    for (name, verdict) in &verdicts {
        match verdict {
            Ok(()) => say(&format!("  ok   {name}")),
            Err(error) => say(&format!("  FAIL {name}: {error:#}")),
        }
    }
    verdicts
}

fn judge_balances(evidence: &Evidence, transfer: &Transfer) -> Vec<Verdict> {
    let both = || match (&evidence.before, &evidence.after) {
        (Ok(before), Ok(after)) => Ok((before, after)),
        (Err(error), _) => bail!("the balances before are not known: {error:#}"),
        (_, Err(error)) => bail!("the balances after are not known: {error:#}"),
    };
    let moved = |owner: &str, expect: i128| {
        let (before, after) = both()?;
        let from = before.value(owner, "POSITION", &transfer.currency)?;
        let to = after.value(owner, "POSITION", &transfer.currency)?;
        ensure!(
            to.0 - from.0 == expect,
            "from {from} to {to}, that is {} and not {}",
            Money(to.0 - from.0),
            Money(expect)
        );
        Ok(())
    };
    let liquidity = || {
        let (before, after) = both()?;
        for (moment, balances) in [("before", before), ("after", after)] {
            let value = balances.value(PAYER, "SETTLEMENT", &transfer.currency)?;
            ensure!(value == LIQUIDITY, "{value} {moment} the payment, not {LIQUIDITY}");
        }
        Ok(())
    };
    let others = || {
        let (before, after) = both()?;
        let other = |account: &&Account| account.kind != "POSITION" || account.currency != transfer.currency;
        let (from, to): (Vec<_>, Vec<_>) =
            (before.0.iter().filter(other).collect(), after.0.iter().filter(other).collect());
        ensure!(from == to, "from {from:?} to {to:?}");
        Ok(())
    };
    vec![
        ("the payer's liquidity is what was brought in", liquidity()),
        ("the payer's position rose by exactly the amount", moved(PAYER, transfer.amount.0)),
        ("the payee's position fell by exactly the amount", moved(PAYEE, -transfer.amount.0)),
        ("no other account of the two moved", others()),
    ]
}

/// Asks `GET /transfers/{ID}` as the payer and waits for the callback, on an address of our own.
async fn told_state(client: &Client, transfer: &Transfer, payer: SocketAddr) -> Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        transfer_state: Option<String>,
    }
    let mut catcher = Catcher::listen_at(payer).await?;
    for (kind, path) in [("PUT", "/transfers/{{transferId}}"), ("ERROR", "/transfers/{{transferId}}/error")] {
        let endpoint = serde_json::json!({"type": format!("FSPIOP_CALLBACK_URL_TRANSFER_{kind}"), "value": format!("{}{path}", catcher.url)});
        let request = Request::post(format!("{LEDGER}/participants/{PAYER}/endpoints"))
            .header("content-type", "application/json")
            .body(Full::from(endpoint.to_string()))?;
        expect_status(client, request, StatusCode::CREATED).await?;
    }
    let path = format!("/transfers/{}", transfer.id);
    let content = "application/vnd.interoperability.transfers+json;version=2.0";
    let request = Request::get(format!("{TRANSFERS}{path}"))
        .header("accept", content)
        .header("content-type", content)
        .header("date", date())
        .header("fspiop-source", PAYER)
        .body(Full::default())?;
    expect_status(client, request, StatusCode::ACCEPTED).await?;
    let callback = catcher.next(&path).await?;
    let said = String::from_utf8_lossy(&callback.body);
    ensure!(callback.method == "PUT" && callback.path == path, "{} {} came: {said}", callback.method, callback.path);
    ensure!(callback.source == "Hub", "the answer came from {:?}, not from the hub", callback.source);
    let told: Told = serde_json::from_slice(&callback.body).with_context(|| format!("the answer {said}"))?;
    told.transfer_state.with_context(|| format!("no transferState in {said}"))
}

async fn expect_status(client: &Client, request: Request<Full<Bytes>>, expect: StatusCode) -> Result<()> {
    let what = format!("{} {}", request.method(), request.uri());
    let (status, body) = client.send(request).await?;
    ensure!(status == expect, "{what}: {status}, not {expect}: {}", String::from_utf8_lossy(&body));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &[u8] = br#"{"name": "p2p", "test_cases": [{"requests": [
        {"request": {"operationPath": "/quotes", "method": "post", "body": {}}},
        {"request": {"operationPath": "/transfers", "method": "post", "body": {"transferId": "t1",
            "payerFsp": "testingtoolkitdfsp", "payeeFsp": "payeefsp", "amount": {"amount": "100", "currency": "XXX"}}}}]}]}"#;

    fn accounts(owner: &'static str, position: &str, settlement: &str, other: &str) -> Vec<Account> {
        let text = format!(
            r#"[{{"id": 1, "ledgerAccountType": "POSITION", "currency": "XXX", "isActive": 1, "value": {position}, "reservedValue": 0, "changedDate": null}},
                {{"id": 2, "ledgerAccountType": "SETTLEMENT", "currency": "XXX", "isActive": 1, "value": {settlement}}},
                {{"id": 3, "ledgerAccountType": "POSITION", "currency": "XTS", "isActive": 1, "value": {other}}}]"#
        );
        parse_accounts(owner, text.as_bytes()).unwrap()
    }

    fn balances(payer: [&str; 3], payee: [&str; 3]) -> Result<Balances> {
        Ok(Balances(
            [accounts(PAYER, payer[0], payer[1], payer[2]), accounts(PAYEE, payee[0], payee[1], payee[2])].concat(),
        ))
    }

    fn failures(before: Result<Balances>, after: Result<Balances>) -> Vec<usize> {
        let transfer = Transfer::from_report(REPORT).unwrap();
        let verdicts = judge_balances(&Evidence { before, after }, &transfer);
        verdicts.iter().enumerate().filter(|(_, (_, verdict))| verdict.is_err()).map(|(number, _)| number).collect()
    }

    #[test]
    fn reads_money_exactly() {
        for (text, expect) in [
            ("0", Some(0)),
            ("-5000000", Some(-50_000_000_000)),
            ("99999999999999999.9999", Some(999_999_999_999_999_999_999)),
            ("\"12.5\"", Some(125_000)),
            ("1e3", None),
            ("1.00001", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("null", None),
        ] {
            assert_eq!(Money::read(text), expect.map(Money), "{text}");
        }
        assert_eq!([Money(-50_000_000_000).to_string(), Money(-5_000).to_string()], ["-5000000", "-0.5000"]);
    }

    #[test]
    fn a_right_ledger_passes() {
        let before = || balances(["7.5", "-5000000", "3"], ["0", "0", "0"]);
        assert_eq!(failures(before(), balances(["107.5", "-5000000", "3"], ["-100", "0", "0"])), Vec::<usize>::new());
    }

    #[test]
    fn each_wrong_ledger_is_found() {
        let before = || balances(["0", "-5000000", "0"], ["0", "0", "0"]);
        for (after, expect) in [
            (balances(["0", "-5000000", "0"], ["0", "0", "0"]), vec![1, 2]),
            (balances(["100.0001", "-5000000", "0"], ["-100", "0", "0"]), vec![1]),
            (balances(["100", "-5000000", "0"], ["100", "0", "0"]), vec![2]),
            (balances(["100", "-4999900", "0"], ["-100", "0", "0"]), vec![0, 3]),
            (balances(["100", "-5000000", "0"], ["-100", "0", "-1"]), vec![3]),
            (Err(anyhow::anyhow!("refused")), vec![0, 1, 2, 3]),
        ] {
            let what = format!("{after:?}");
            assert_eq!(failures(before(), after), expect, "{what}");
        }
    }

    #[test]
    fn a_report_without_the_transfer_is_refused() {
        let text = std::str::from_utf8(REPORT).unwrap();
        for bad in [
            text.replace("/transfers", "/fxTransfers"),
            text.replace("payeefsp", "payerfsp"),
            text.replace("\"100\"", "\"0\""),
            String::new(),
        ] {
            assert!(Transfer::from_report(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
