//! The endpoints that a participant registers with the hub, and how a URL is made of them.

/// How the path of a message gets into a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The value is a full URL with `{{names}}`, taken from the path's segments after the first, in this order.
    Template(&'static [&'static str]),
    /// The value is a base, the path is appended.
    Base,
    /// Not an endpoint for messages: an e-mail address and the like.
    Other,
}

const PARTY: Form = Form::Template(&["partyIdType", "partyIdentifier"]);
const SUB_PARTY: Form = Form::Template(&["partyIdType", "partyIdentifier", "partySubIdOrType"]);

macro_rules! endpoints {
    ($($variant:ident = $name:literal, $form:expr;)+) => {
        /// Types of endpoints, under upstream's names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each variant is its name in another spelling")]
        pub enum EndpointType { $($variant),+ }

        impl EndpointType {
            /// All types.
            pub const ALL: &'static [EndpointType] = &[$(EndpointType::$variant),+];

            /// The name in the admin API.
            pub const fn as_str(self) -> &'static str { match self { $(EndpointType::$variant => $name),+ } }

            /// The type of this name, if there is one.
            pub fn parse(name: &str) -> Option<EndpointType> {
                match name { $($name => Some(EndpointType::$variant),)+ _ => None }
            }

            const fn form(self) -> Form { match self { $(EndpointType::$variant => $form),+ } }
        }
    };
}

endpoints! {
    ParticipantPut = "FSPIOP_CALLBACK_URL_PARTICIPANT_PUT", PARTY;
    ParticipantPutError = "FSPIOP_CALLBACK_URL_PARTICIPANT_PUT_ERROR", PARTY;
    ParticipantDelete = "FSPIOP_CALLBACK_URL_PARTICIPANT_DELETE", PARTY;
    ParticipantSubIdPut = "FSPIOP_CALLBACK_URL_PARTICIPANT_SUB_ID_PUT", SUB_PARTY;
    ParticipantSubIdPutError = "FSPIOP_CALLBACK_URL_PARTICIPANT_SUB_ID_PUT_ERROR", SUB_PARTY;
    ParticipantSubIdDelete = "FSPIOP_CALLBACK_URL_PARTICIPANT_SUB_ID_DELETE", SUB_PARTY;
    ParticipantBatchPut = "FSPIOP_CALLBACK_URL_PARTICIPANT_BATCH_PUT", Form::Template(&["requestId"]);
    ParticipantBatchPutError = "FSPIOP_CALLBACK_URL_PARTICIPANT_BATCH_PUT_ERROR", Form::Template(&["requestId"]);
    PartiesGet = "FSPIOP_CALLBACK_URL_PARTIES_GET", PARTY;
    PartiesPut = "FSPIOP_CALLBACK_URL_PARTIES_PUT", PARTY;
    PartiesPutError = "FSPIOP_CALLBACK_URL_PARTIES_PUT_ERROR", PARTY;
    PartiesSubIdGet = "FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_GET", SUB_PARTY;
    PartiesSubIdPut = "FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_PUT", SUB_PARTY;
    PartiesSubIdPutError = "FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_PUT_ERROR", SUB_PARTY;
    Quotes = "FSPIOP_CALLBACK_URL_QUOTES", Form::Base;
    BulkQuotes = "FSPIOP_CALLBACK_URL_BULK_QUOTES", Form::Base;
    FxQuotes = "FSPIOP_CALLBACK_URL_FX_QUOTES", Form::Base;
    TransactionRequests = "FSPIOP_CALLBACK_URL_TRX_REQ_SERVICE", Form::Base;
    Authorizations = "FSPIOP_CALLBACK_URL_AUTHORIZATIONS", Form::Base;
    TransferPost = "FSPIOP_CALLBACK_URL_TRANSFER_POST", Form::Template(&[]);
    TransferPut = "FSPIOP_CALLBACK_URL_TRANSFER_PUT", Form::Template(&["transferId"]);
    TransferError = "FSPIOP_CALLBACK_URL_TRANSFER_ERROR", Form::Template(&["transferId"]);
    BulkTransferPost = "FSPIOP_CALLBACK_URL_BULK_TRANSFER_POST", Form::Template(&[]);
    BulkTransferPut = "FSPIOP_CALLBACK_URL_BULK_TRANSFER_PUT", Form::Template(&["id"]);
    BulkTransferError = "FSPIOP_CALLBACK_URL_BULK_TRANSFER_ERROR", Form::Template(&["id"]);
    FxTransferPost = "FSPIOP_CALLBACK_URL_FX_TRANSFER_POST", Form::Template(&[]);
    FxTransferPut = "FSPIOP_CALLBACK_URL_FX_TRANSFER_PUT", Form::Template(&["commitRequestId"]);
    FxTransferError = "FSPIOP_CALLBACK_URL_FX_TRANSFER_ERROR", Form::Template(&["commitRequestId"]);
    ThirdpartyTransactionRequestPost = "TP_CB_URL_TRANSACTION_REQUEST_POST", Form::Base;
    ThirdpartyTransactionRequestGet = "TP_CB_URL_TRANSACTION_REQUEST_GET", Form::Base;
    ThirdpartyTransactionRequestPut = "TP_CB_URL_TRANSACTION_REQUEST_PUT", Form::Base;
    ThirdpartyTransactionRequestPutError = "TP_CB_URL_TRANSACTION_REQUEST_PUT_ERROR", Form::Base;
    ThirdpartyTransactionRequestPatch = "TP_CB_URL_TRANSACTION_REQUEST_PATCH", Form::Base;
    AlarmNotificationUrl = "ALARM_NOTIFICATION_URL", Form::Other;
    AlarmNotificationTopic = "ALARM_NOTIFICATION_TOPIC", Form::Other;
    NetDebitCapThresholdBreachEmail = "NET_DEBIT_CAP_THRESHOLD_BREACH_EMAIL", Form::Other;
    NetDebitCapAdjustmentEmail = "NET_DEBIT_CAP_ADJUSTMENT_EMAIL", Form::Other;
    SettlementTransferPositionChangeEmail = "SETTLEMENT_TRANSFER_POSITION_CHANGE_EMAIL", Form::Other;
}

impl EndpointType {
    /// Whether its value is a URL that the hub calls.
    pub const fn is_url(self) -> bool {
        !matches!(self.form(), Form::Other)
    }

    /// The URL for a message with this FSPIOP path. `value` is what the participant registered: a base to which the path
    /// is appended, or a template whose `{{names}}` are the path's segments after the resource's name.
    pub fn url(self, value: &str, path: &str) -> String {
        match self.form() {
            Form::Base => format!("{}{path}", value.trim_end_matches('/')),
            Form::Template(names) => fill(value, names, path),
            Form::Other => value.to_owned(),
        }
    }
}

/// Puts segments of the path in the place of their names. What a segment holds is not itself a template.
fn fill(template: &str, names: &[&str], path: &str) -> String {
    let segment = |name: &str| names.iter().zip(path.split('/').skip(2)).find(|(known, _)| **known == name);
    let (mut url, mut rest) = (String::with_capacity(template.len() + path.len()), template);
    while let Some((before, after)) = rest.split_once("{{") {
        url.push_str(before);
        let filled = after.split_once("}}").and_then(|(name, after)| Some((segment(name.trim())?.1, after)));
        let (put, after) = filled.unwrap_or(("{{", after));
        url.push_str(put);
        rest = after;
    }
    url.push_str(rest);
    url
}

#[cfg(test)]
mod tests {
    use super::EndpointType;

    #[track_caller]
    fn check(endpoint: EndpointType, value: &str, path: &str, expect: &str) {
        assert_eq!(endpoint.url(value, path), expect);
    }

    #[test]
    fn urls_are_made_of_templates_and_bases() {
        check(EndpointType::TransferPost, "http://fsp/transfers", "/transfers", "http://fsp/transfers");
        check(EndpointType::TransferPut, "http://fsp/t/{{transferId}}", "/transfers/42", "http://fsp/t/42");
        check(
            EndpointType::TransferError,
            "http://fsp/transfers/{{transferId}}/error",
            "/transfers/42/error",
            "http://fsp/transfers/42/error",
        );
        check(
            EndpointType::PartiesSubIdPut,
            "http://fsp/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}",
            "/parties/MSISDN/27/30",
            "http://fsp/parties/MSISDN/27/30",
        );
        check(EndpointType::Quotes, "http://fsp/", "/quotes/42/error", "http://fsp/quotes/42/error");
    }

    #[test]
    fn names_round_trip() {
        for endpoint in EndpointType::ALL {
            assert_eq!(EndpointType::parse(endpoint.as_str()), Some(*endpoint));
        }
    }
}
