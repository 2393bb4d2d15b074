//! Messages that were given up are kept, with the reason.

use store::{Abandoned, Store};
use switch::{Command, Delivery, DeliveryResult, MessageId};

use super::{commit, runtime, settings, unwelcome};
use crate::{Migrate, PostgresStore};

#[test]
fn messages_given_up_are_kept_with_reason_and_time() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let sent = commit(&store, vec![unwelcome(), unwelcome(), unwelcome()]).await.unwrap();
        let messages = sent.messages;
        let delivery =
            |index: usize, result| Delivery { message: messages[index].id, attempts: 1, at: sent.now, result };
        let reason = "connection refused; «tried» 7 times";
        let given_up =
            DeliveryResult::GaveUp { message: Box::new(messages[1].clone()), refused: false, reason: reason.into() };
        let deliveries =
            vec![delivery(0, DeliveryResult::Delivered), delivery(1, given_up.clone()), delivery(1, given_up)];
        let at = commit(&store, vec![Command::Deliveries(deliveries)]).await.unwrap().now;
        assert_eq!(store.pending_messages(MessageId(0), 10).await.unwrap(), messages[2..]);
        let kept = [Abandoned { message: messages[1].clone(), reason: reason.into(), at }];
        // Who only reads sees them, too.
        for store in [store, PostgresStore::open_read_only(settings).await.unwrap()] {
            assert_eq!(store.abandoned(MessageId(0), 10).await.unwrap(), kept);
            assert_eq!(store.abandoned(messages[1].id, 10).await.unwrap(), []);
            assert_eq!(store.abandoned(MessageId(0), 0).await.unwrap(), []);
        }
    });
}
