//! Rows in the way, connections that end, ids whose rows are gone.

use fspiop::{FspId, TransferId};
use ledger::{AccountId, AccountType, FundsRequest, LedgerError};
use store::{Store, StoreError};
use switch::{Administration, AdministrationError, Command, Outcome, content_hash};

use super::{commit, register, runtime, settings, tamper};
use crate::{Migrate, PostgresStore};

#[test]
fn a_row_in_the_way_condemns_its_batch_only() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        tamper(&settings, "INSERT INTO participant VALUES (9, 'payerfsp', true, 0)");
        let error = commit(&store, vec![register("otherfsp"), register("payerfsp")]).await.err().unwrap();
        assert!(matches!(&error, StoreError::Refused(text) if text.contains("participant_name_key")), "{error:?}");
        assert!(!error.to_string().contains("payerfsp"), "the row's values are nobody's business: {error}");
        let committed = commit(&store, vec![register("otherfsp")]).await.unwrap();
        assert_eq!(committed.configuration.unwrap().registry.participants().count(), 2);
    });
}

#[test]
fn a_connection_that_is_ended_is_made_again() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let begin = "ALTER TABLE node RENAME TO away; CREATE VIEW node AS SELECT * FROM away";
        tamper(&settings, begin);
        let error = commit(&store, vec![]).await.err();
        tamper(&settings, "DROP VIEW node; ALTER TABLE away RENAME TO node");
        assert!(
            error.is_none() || matches!(error, Some(StoreError::Unavailable(_) | StoreError::Corrupt(_))),
            "{error:?}"
        );
        commit(&store, vec![register("first")]).await.unwrap();
        // The server ends all connections, as one does that is shut down or fails over.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE application_name = 'mojaloop node' AND datname = current_database()";
        tamper(&settings, end);
        let first = commit(&store, vec![register("second")]).await;
        assert!(matches!(first, Ok(_) | Err(StoreError::Unavailable(_))), "{first:?}");
        commit(&store, vec![register("third")]).await.unwrap();
    });
}

#[test]
fn a_missing_table_is_named() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        tamper(&settings, "DROP TABLE party");
        let error = store.party("MSISDN/1".parse().unwrap(), None).await.unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt(text) if text.contains("party")), "{error:?}");
    });
}

/// Funds whose row was archived: the id stays used.
#[test]
fn an_id_stays_used_when_its_row_is_gone() {
    let settings = settings("node");
    let usd = fspiop::Currency::parse("USD").unwrap();
    let fsp = FspId::parse("payerfsp").unwrap();
    let hub = FspId::parse("Hub").unwrap();
    let request = FundsRequest {
        id: TransferId::parse("b51ec534-ee48-4575-b6a9-ead2955b8069").unwrap(),
        participant: fsp.clone(),
        account: AccountId(4),
        amount: fspiop::Amount::from_units(10_000),
        currency: None,
        hash: content_hash(b"1"),
    };
    let paid = || Command::Administer(Administration::RecordFundsIn(request.clone()));
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let participant = ledger::NewParticipant { name: fsp, currency: Some(usd) };
        let account = |kind| Command::Administer(Administration::CreateHubAccount(hub.clone(), usd, kind));
        let participant = Command::Administer(Administration::RegisterParticipant(participant));
        let kinds = [AccountType::HubReconciliation, AccountType::HubMultilateralSettlement];
        let commands = vec![account(kinds[0]), account(kinds[1]), participant, paid()];
        let outcomes = commit(&store, commands).await.unwrap().outcomes;
        assert_eq!(outcomes[3], Outcome::Administered(Ok(())));
        tamper(&settings, "DELETE FROM funds_movement");
        let refused = AdministrationError::Ledger(LedgerError::ModifiedRequest);
        let again = commit(&store, vec![paid()]).await.unwrap().outcomes;
        assert_eq!(again, [Outcome::Administered(Err(refused))]);
    });
}
