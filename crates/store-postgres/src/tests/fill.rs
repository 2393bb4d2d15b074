//! A database that was filled has books that are in order.

use fspiop::{Identifier, TransferId};
use ledger::TransferStatus;
use store::{Fate, Store, StoreError, past::Past};

use super::{runtime, settings, tamper};
use crate::{Migrate, PostgresStore, fill};

#[test]
fn the_past_is_as_if_it_had_been() {
    let settings = settings("node");
    runtime().block_on(async {
        let past = Past { transfers: 90, days: 3, seed: 0 };
        let mut told = Vec::new();
        Box::pin(fill(&settings, past, |done| told.push(done))).await.unwrap();
        Box::pin(fill(&settings, Past { seed: 1, ..past }, |_| ())).await.unwrap();
        assert_eq!(told, [96], "each of eight pays as often");
        let again = Box::pin(fill(&settings, past, |_| ())).await;
        assert!(matches!(&again, Err(StoreError::Refused(text)) if text.contains("another seed")), "{again:?}");
        let store = PostgresStore::open(settings.clone(), Migrate::No).await.unwrap();
        let books = store.books().await.unwrap();
        assert_eq!((books.transfers.len(), books.entries.len()), (192, 384));
        assert_eq!(store.configuration().await.unwrap().registry.participants().count(), 9, "and the hub");
        for transfer in &books.transfers {
            assert_eq!(transfer.status, TransferStatus::Committed);
            assert_eq!(transfer.fulfilment.unwrap().condition(), transfer.condition);
        }
        let first = "374708ff-f771-4dd5-979e-c875d56cd228".parse().unwrap();
        assert!(books.transfers.iter().any(|transfer| transfer.id == first), "as in a file of this seed");
        let days = "SELECT count(DISTINCT tableoid) FROM transfer";
        assert!(["3", "4"].contains(&tamper(&settings, days).trim()));
        assert_eq!(tamper(&settings, "SELECT count(*) FROM transfer_other").trim(), "0");
        let id = books.transfers[7].id;
        let story = store.story(id).await.unwrap();
        assert!(story.quote.is_some());
        assert_eq!(story.messages.iter().map(|sent| sent.fate.clone()).collect::<Vec<_>>(), [Fate::Delivered]);
        assert_eq!(&*story.messages[0].path, format!("/transfers/{id}"));
        assert!(Identifier::parse(&id.to_string()).is_ok(), "{id} can be asked for");
        assert_eq!(store.transfer(TransferId(id.0)).await.unwrap().map(|found| found.id), Some(id));
    });
    let nothing = runtime().block_on(fill(&settings, Past { transfers: 0, days: 1, seed: 0 }, |_| ()));
    assert!(matches!(nothing, Err(StoreError::Refused(_))));
}
