//! What a message is about, as far as its path, its body and its ILP packet tell. Nothing is checked: what an FSP writes wrong is
//! shown, too.

use std::collections::BTreeMap;

use fspiop::{headers::TRACEPARENT, percent_decode};
use portal::About;
use serde::Deserialize;

use crate::trace::read_packet;

/// The ids in a body.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    transfer_id: Option<String>,
    quote_id: Option<String>,
    transaction_id: Option<String>,
    ilp_packet: Option<String>,
    payee: Option<Payee>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payee {
    party_id_info: PartyIdInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyIdInfo {
    party_id_type: String,
    party_identifier: String,
    party_sub_id_or_type: Option<String>,
}

pub(super) fn of(path: &str, headers: &BTreeMap<String, String>, body: &[u8]) -> About {
    let told: Told = serde_json::from_slice(body).unwrap_or_default();
    let agreed = told.ilp_packet.as_deref().and_then(read_packet).unwrap_or_default();
    let mut about = About {
        transfer_id: told.transfer_id,
        quote_id: told.quote_id.or(agreed.quote_id),
        transaction_id: told.transaction_id.or(agreed.transaction_id),
        party: told.payee.map(|payee| party(payee.party_id_info)),
        trace_id: headers.get(TRACEPARENT.as_str()).and_then(|value| value.split('-').nth(1)).map(str::to_owned),
    };
    let mut segments = path.split('?').next().unwrap_or_default().split('/').skip(1);
    let resource = segments.next();
    let mut rest: Vec<&str> = segments.collect();
    if rest.last() == Some(&"error") {
        rest.pop();
    }
    let id = rest.first().map(|id| (*id).to_owned());
    match resource {
        Some("transfers") => about.transfer_id = id.or(about.transfer_id),
        Some("quotes") => about.quote_id = id.or(about.quote_id),
        Some("transactions") => about.transaction_id = id.or(about.transaction_id),
        Some("parties") => {
            let decoded: Option<Vec<String>> = rest.into_iter().map(percent_decode).collect();
            about.party = decoded.map(|segments| segments.join("/"));
        }
        _ => {}
    }
    about
}

fn party(info: PartyIdInfo) -> String {
    let PartyIdInfo { party_id_type, party_identifier, party_sub_id_or_type } = info;
    match party_sub_id_or_type {
        Some(sub_id) => format!("{party_id_type}/{party_identifier}/{sub_id}"),
        None => format!("{party_id_type}/{party_identifier}"),
    }
}

#[cfg(test)]
mod tests {
    use fspiop::IlpPacket;
    use serde_json::json;

    use super::*;

    /// The ids of a message, each with its kind.
    #[track_caller]
    fn check(path: &str, body: &serde_json::Value, expect: &[(&str, &str)]) {
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
        let about = of(path, &BTreeMap::from([("traceparent".to_owned(), traceparent)]), body.to_string().as_bytes());
        assert_eq!(about.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        let ids = [
            ("transfer", about.transfer_id),
            ("quote", about.quote_id),
            ("transaction", about.transaction_id),
            ("party", about.party),
        ];
        let found: Vec<(&str, String)> = ids.into_iter().filter_map(|(kind, id)| Some((kind, id?))).collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(kind, id)| (*kind, id.as_str())).collect();
        assert_eq!(found, expect, "{path}");
    }

    fn packet() -> String {
        let data = IlpPacket::data_of(json!({"transactionId": "t", "quoteId": "q"}).to_string().as_bytes());
        let packet = IlpPacket::Payment { amount: 1, account: "g.payee".to_owned(), data };
        String::from_utf8(IlpPacket::data_of(&packet.encode())).unwrap()
    }

    #[test]
    fn what_messages_are_about() {
        check("/parties/MSISDN/%2B27/a%20b?currency=USD", &json!({}), &[("party", "MSISDN/+27/a b")]);
        check("/parties/MSISDN/1/error", &json!({}), &[("party", "MSISDN/1")]);
        let payee = json!({"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "1", "partySubIdOrType": "s"}});
        check(
            "/quotes",
            &json!({"quoteId": "q", "transactionId": "t", "payee": payee}),
            &[("quote", "q"), ("transaction", "t"), ("party", "MSISDN/1/s")],
        );
        check("/quotes/q/error", &json!({"errorInformation": {}}), &[("quote", "q")]);
        check("/quotes/q", &json!({"ilpPacket": packet()}), &[("quote", "q"), ("transaction", "t")]);
        check(
            "/transfers",
            &json!({"transferId": "x", "ilpPacket": packet()}),
            &[("transfer", "x"), ("quote", "q"), ("transaction", "t")],
        );
        check("/transfers/x?y", &json!("no object"), &[("transfer", "x")]);
        check("/transactions/t/error", &json!({}), &[("transaction", "t")]);
        check("/participants/MSISDN/1", &json!({"fspId": "a"}), &[]);
    }
}
