//! Messages that were given up are kept, with the reason.

use bytes::Bytes;
use fspiop::FspId;
use store::{Abandoned, Store, suite::block_on};
use switch::{Command, Delivery, DeliveryResult, Headers, Inbound, MessageId, Method};

use super::{Folder, NOW, commit, open};

/// A request whose answer is an error to its sender.
pub(super) fn unwelcome() -> Command {
    let source = FspId::parse("payerfsp").unwrap();
    Command::RegisterParty {
        inbound: Inbound {
            source,
            destination: None,
            method: Method::Post,
            path: "/participants/MSISDN/1".into(),
            headers: Headers::new(),
            body: Bytes::new(),
        },
        party: "MSISDN/1".parse().unwrap(),
        fsp: FspId::parse("nobody").unwrap(),
        currency: None,
    }
}

#[test]
fn messages_given_up_are_kept_with_reason_and_time() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let messages = commit(&store, vec![unwelcome(), unwelcome(), unwelcome()]).unwrap().messages;
    let delivery = |index: usize, result| Delivery { message: messages[index].id, attempts: 1, at: NOW, result };
    let reason = "connection refused; «tried» 7 times";
    let given_up =
        DeliveryResult::GaveUp { message: Box::new(messages[1].clone()), refused: false, reason: reason.into() };
    let deliveries = vec![delivery(0, DeliveryResult::Delivered), delivery(1, given_up.clone()), delivery(1, given_up)];
    commit(&store, vec![Command::Deliveries(deliveries)]).unwrap();
    drop(store);
    let store = open(&folder.file()).unwrap();
    assert_eq!(block_on(store.pending_messages(MessageId(0), 10)).unwrap(), messages[2..]);
    let kept = Abandoned { message: messages[1].clone(), reason: reason.into(), at: NOW };
    assert_eq!(block_on(store.abandoned(MessageId(0), 10)).unwrap(), [kept]);
    assert_eq!(block_on(store.abandoned(messages[1].id, 10)).unwrap(), []);
}
