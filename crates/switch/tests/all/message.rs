//! Headers and subjects as a store writes them down and reads them back.

use fspiop::{PartyId, PartyIdType};
use http::HeaderName;
use proptest::prelude::*;
use switch::{Headers, Method, Subject};

use crate::world::{party, quote_id, transfer_id};

#[test]
fn subjects_read_back() {
    for subject in [
        Subject::Transfer(transfer_id()),
        Subject::Quote(quote_id()),
        Subject::from(&party("MSISDN/27713803912")),
        Subject::from(&party("ALIAS/a%2Fb c?d/50%25")),
        Subject::Other("/quotes/42 and more".into()),
        Subject::Other("".into()),
    ] {
        assert_eq!(Subject::parse(&subject.to_string()), Some(subject));
    }
    for text in ["", "transfer", "transfer x", "quote 1", "thing x", "transfer  "] {
        assert_eq!(Subject::parse(text), None, "{text:?}");
    }
}

#[test]
fn methods_read_back() {
    for method in [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete] {
        assert_eq!(Method::parse(method.as_str()), Some(method));
    }
    assert_eq!(Method::parse("TRACE"), None);
    assert_eq!(Method::parse("get"), None);
}

#[test]
fn headers_keep_their_place_when_they_change() {
    let name = |text: &'static str| HeaderName::from_static(text);
    let mut headers = Headers::new();
    headers.set(name("a"), "1");
    headers.set(name("b"), "2");
    headers.set(name("a"), "3");
    headers.set_if_absent(name("b"), || "4".into());
    headers.set_if_absent(name("c"), || "5".into());
    assert_eq!(headers.to_text(), "a: 3\nb: 2\nc: 5\n");
    assert_eq!((headers.get(&name("a")), headers.get(&name("d"))), (Some("3"), None));
    for broken in ["a", "a:1", "a b: 1", ": 1", "a: 1\n\nb: 2"] {
        assert_eq!(Headers::from_text(broken), None, "{broken:?}");
    }
}

proptest! {
    #[test]
    fn headers_read_back(values in prop::collection::btree_map("[a-z][a-z0-9-]{0,20}", "[ -~]{0,60}", 0..8)) {
        let mut headers = Headers::new();
        for (name, value) in &values {
            headers.set(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.as_str());
        }
        prop_assert_eq!(Headers::from_text(&headers.to_text()), Some(headers));
    }

    #[test]
    fn subjects_of_any_party_read_back(id in "[^\\p{Cc}]{1,40}", sub_id in prop::option::of("[^\\p{Cc}]{1,40}")) {
        let party = PartyId::new(PartyIdType::Alias, &id, sub_id.as_deref()).unwrap();
        let subject = Subject::from(&party);
        prop_assert_eq!(Subject::parse(&subject.to_string()), Some(subject.clone()));
        let Subject::Party(text) = subject else { unreachable!() };
        prop_assert_eq!(text.parse::<PartyId>().unwrap(), party);
    }
}
