//! What changes rarely: participants, accounts, settlement models, endpoints, oracles. Read whole at the start.

use std::sync::Arc;

use ledger::{Account, Participant, ParticipantId, Registry, SettlementModel};
use rusqlite::Connection;
use store::StoreError;
use switch::{Configuration, EndpointType, Oracle, OracleId, Routing, State};

use super::jws_key;
use crate::{columns::Columns, query, value::Stored};

/// The whole configuration, but its version.
pub(crate) fn read(connection: &Connection) -> Result<Configuration, StoreError> {
    let mut registry = Registry::default();
    participants(connection)?.into_iter().for_each(|participant| registry.put_participant(participant));
    accounts(connection)?.into_iter().for_each(|account| registry.put_account(account));
    settlement_models(connection)?.into_iter().for_each(|model| registry.put_settlement_model(model));
    let mut routing = Routing::default();
    for (participant, kind, value) in endpoints(connection)? {
        routing.put_endpoint(participant, kind, value);
    }
    oracles(connection)?.into_iter().for_each(|oracle| routing.put_oracle(oracle));
    jws_key::all(connection)?.into_iter().for_each(|key| routing.put_jws_key(key));
    Ok(Configuration { registry: Arc::new(registry), routing: Arc::new(routing), ..Configuration::default() })
}

/// Writes what a batch changed, in the order in which rows refer to each other.
pub(crate) fn write(connection: &Connection, state: &State) -> Result<(), StoreError> {
    let (registry, routing, changes) = (state.ledger.registry(), state.routing(), state.ledger.changes());
    for id in &changes.participants {
        write_participant(connection, registry.participant(*id).expect("a changed participant is in the registry"))?;
    }
    for id in &changes.accounts {
        write_account(connection, registry.account(*id).expect("a changed account is in the registry"))?;
    }
    for name in &changes.settlement_models {
        write_settlement_model(
            connection,
            registry.settlement_model(name).expect("a changed model is in the registry"),
        )?;
    }
    let changes = state.changes();
    for (participant, kind) in &changes.endpoints {
        let value = routing.endpoint(*participant, *kind).expect("a changed endpoint is in the routing");
        write_endpoint(connection, *participant, *kind, value)?;
    }
    for id in &changes.oracles {
        write_oracle(connection, routing.stored_oracle(*id).expect("a changed oracle is in the routing"))?;
    }
    for (participant, id) in &changes.jws_keys {
        jws_key::write(connection, routing.jws_key(*participant, id).expect("a changed key is in the routing"))?;
    }
    Ok(())
}

fn participants(connection: &Connection) -> Result<Vec<Participant>, StoreError> {
    let sql = "SELECT id, name, active, created_at FROM participant ORDER BY id";
    query::rows(connection, "participant", sql, [], |columns| {
        Ok(Participant {
            id: columns.next("id")?,
            name: columns.next("name")?,
            active: columns.next("active")?,
            created_at: columns.next("created_at")?,
        })
    })
}

/// Adds or replaces a participant.
pub(crate) fn write_participant(connection: &Connection, participant: &Participant) -> Result<(), StoreError> {
    let sql = "INSERT INTO participant (id, name, active, created_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (id) DO UPDATE SET name = excluded.name, active = excluded.active";
    let Participant { id, name, active, created_at } = participant;
    query::execute(connection, sql, [id.write(), name.write(), active.write(), created_at.write()])
}

/// All accounts, by number.
pub(crate) fn accounts(connection: &Connection) -> Result<Vec<Account>, StoreError> {
    let sql = "SELECT id, participant, currency, kind, active, net_debit_cap, alarm_percentage, created_at
               FROM account ORDER BY id";
    query::rows(connection, "account", sql, [], |columns| {
        Ok(Account {
            id: columns.next("id")?,
            participant: columns.next("participant")?,
            currency: columns.next("currency")?,
            kind: columns.next("kind")?,
            active: columns.next("active")?,
            net_debit_cap: columns.next("net_debit_cap")?,
            alarm_percentage: columns.next("alarm_percentage")?,
            created_at: columns.next("created_at")?,
        })
    })
}

fn write_account(connection: &Connection, account: &Account) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO account (id, participant, currency, kind, active, net_debit_cap, alarm_percentage, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT (id) DO UPDATE SET active = excluded.active, net_debit_cap = excluded.net_debit_cap,
                                              alarm_percentage = excluded.alarm_percentage";
    let Account { id, participant, currency, kind, active, net_debit_cap, alarm_percentage, created_at } = account;
    let values = [
        id.write(),
        participant.write(),
        currency.write(),
        kind.write(),
        active.write(),
        net_debit_cap.write(),
        alarm_percentage.write(),
        created_at.write(),
    ];
    query::execute(connection, sql, values)
}

fn settlement_models(connection: &Connection) -> Result<Vec<SettlementModel>, StoreError> {
    let sql = "SELECT name, granularity, interchange, delay, currency, require_liquidity_check, ledger_account,
                      settlement_account, auto_position_reset, active, id
               FROM settlement_model ORDER BY name";
    query::rows(connection, "settlement_model", sql, [], |columns| {
        Ok(SettlementModel {
            name: columns.next("name")?,
            granularity: columns.next("granularity")?,
            interchange: columns.next("interchange")?,
            delay: columns.next("delay")?,
            currency: columns.next("currency")?,
            require_liquidity_check: columns.next("require_liquidity_check")?,
            ledger_account: columns.next("ledger_account")?,
            settlement_account: columns.next("settlement_account")?,
            auto_position_reset: columns.next("auto_position_reset")?,
            active: columns.next("active")?,
            id: columns.next("id")?,
        })
    })
}

fn write_settlement_model(connection: &Connection, model: &SettlementModel) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO settlement_model
                   (name, granularity, interchange, delay, currency, require_liquidity_check, ledger_account,
                    settlement_account, auto_position_reset, active, id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let values = [
        model.name.write(),
        model.granularity.write(),
        model.interchange.write(),
        model.delay.write(),
        model.currency.write(),
        model.require_liquidity_check.write(),
        model.ledger_account.write(),
        model.settlement_account.write(),
        model.auto_position_reset.write(),
        model.active.write(),
        model.id.write(),
    ];
    query::execute(connection, sql, values)
}

fn endpoints(connection: &Connection) -> Result<Vec<(ParticipantId, EndpointType, Box<str>)>, StoreError> {
    let sql = "SELECT participant, kind, value FROM endpoint";
    let read =
        |columns: &mut Columns<'_>| Ok((columns.next("participant")?, columns.next("kind")?, columns.next("value")?));
    query::rows(connection, "endpoint", sql, [], read)
}

fn write_endpoint(
    connection: &Connection,
    participant: ParticipantId,
    kind: EndpointType,
    value: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO endpoint (participant, kind, value) VALUES (?1, ?2, ?3)";
    query::execute(connection, sql, [participant.write(), kind.write(), Box::<str>::from(value).write()])
}

fn oracles(connection: &Connection) -> Result<Vec<Oracle>, StoreError> {
    let sql = "SELECT id, party_id_type, currency, endpoint, is_default, active, created_at FROM oracle ORDER BY id";
    query::rows(connection, "oracle", sql, [], |columns| {
        Ok(Oracle {
            id: columns.next::<OracleId>("id")?,
            party_id_type: columns.next("party_id_type")?,
            currency: columns.next("currency")?,
            endpoint: columns.next("endpoint")?,
            is_default: columns.next("is_default")?,
            active: columns.next("active")?,
            created_at: columns.next("created_at")?,
        })
    })
}

fn write_oracle(connection: &Connection, oracle: &Oracle) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO oracle (id, party_id_type, currency, endpoint, is_default, active, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Oracle { id, party_id_type, currency, endpoint, is_default, active, created_at } = oracle;
    let values = [
        id.write(),
        party_id_type.write(),
        currency.write(),
        endpoint.write(),
        is_default.write(),
        active.write(),
        created_at.write(),
    ];
    query::execute(connection, sql, values)
}
