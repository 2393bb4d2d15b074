//! What changes rarely: participants, accounts, settlement models, endpoints, oracles, public keys. Read whole, when its
//! version changed.

use std::sync::Arc;

use ledger::{Account, Participant, Registry, SettlementModel};
use store::StoreError;
use switch::{Configuration, JwsKey, Oracle, Routing, State};
use tokio::try_join;

use super::balance;
use crate::{
    columns::{self, Columns},
    error::Failure,
    session::Session,
    value::Stored,
    writes::{Writes, parameters},
};

/// The version of the configuration.
pub(crate) const VERSION: &str = "SELECT configuration_version FROM meta WHERE id = 1";

const PARTICIPANTS: &str = "SELECT id, name, active, created_at FROM participant ORDER BY id";
/// All accounts, by number, with their balances.
pub(crate) const ACCOUNTS: &str = "SELECT id, participant, currency, kind, active, net_debit_cap, alarm_percentage, \
     created_at, account, amount, changed_at FROM account JOIN balance ON account = id ORDER BY id";
const MODELS: &str = "SELECT name, granularity, interchange, delay, currency, require_liquidity_check, ledger_account,
     settlement_account, auto_position_reset, active, id FROM settlement_model ORDER BY name";
const ENDPOINTS: &str = "SELECT participant, kind, value FROM endpoint";
const ORACLES: &str =
    "SELECT id, party_id_type, currency, endpoint, is_default, active, created_at FROM oracle ORDER BY id";
const KEYS: &str = "SELECT participant, id, public_key, created_at, valid_until FROM jws_key ORDER BY participant, id";

/// The whole configuration. The caller sees to it that nothing changes meanwhile.
pub(crate) async fn read(session: &Session) -> Result<Configuration, Failure> {
    let (participants, accounts, models, endpoints, oracles, keys, version) = try_join!(
        biased;
        session.query(PARTICIPANTS, &[]),
        session.query(ACCOUNTS, &[]),
        session.query(MODELS, &[]),
        session.query(ENDPOINTS, &[]),
        session.query(ORACLES, &[]),
        session.query(KEYS, &[]),
        session.query(VERSION, &[]),
    )?;
    let mut registry = Registry::default();
    for participant in columns::all("participant", &participants, read_participant)? {
        registry.put_participant(participant);
    }
    columns::all("account", &accounts, read_account)?.into_iter().for_each(|account| registry.put_account(account));
    for model in columns::all("settlement_model", &models, read_model)? {
        registry.put_settlement_model(model);
    }
    let mut routing = Routing::default();
    let endpoint =
        |columns: &mut Columns<'_>| Ok((columns.next("participant")?, columns.next("kind")?, columns.next("value")?));
    for (participant, kind, value) in columns::all("endpoint", &endpoints, endpoint)? {
        routing.put_endpoint(participant, kind, value);
    }
    columns::all("oracle", &oracles, read_oracle)?.into_iter().for_each(|oracle| routing.put_oracle(oracle));
    columns::all("jws_key", &keys, read_key)?.into_iter().for_each(|key| routing.put_jws_key(key));
    let version = read_version(&version)?;
    Ok(Configuration { registry: Arc::new(registry), routing: Arc::new(routing), version })
}

/// The row of [`VERSION`].
pub(crate) fn read_version(rows: &[tokio_postgres::Row]) -> Result<i64, StoreError> {
    let version = columns::one("meta", rows, |columns| columns.next("configuration_version"))?;
    version.ok_or_else(|| StoreError::Corrupt(format!("meta.id: no row; {}", columns::HINT)))
}

/// Writes what a batch changed, in the order in which rows refer to each other. Changes are few: each row has its statement.
pub(crate) fn write(writes: &mut Writes, state: &State, before: &Registry, version: i64) {
    let (registry, routing, changes) = (state.ledger.registry(), state.routing(), state.ledger.changes());
    for id in &changes.participants {
        write_participant(writes, registry.participant(*id).expect("a changed participant is in the registry"));
    }
    let accounts =
        changes.accounts.iter().map(|id| registry.account(*id).expect("a changed account is in the registry"));
    let accounts: Vec<_> = accounts.collect();
    accounts.iter().for_each(|account| write_account(writes, account));
    let created: Vec<_> = accounts.into_iter().filter(|account| before.account(account.id).is_none()).collect();
    if !created.is_empty() {
        balance::create(writes, &created);
    }
    for name in &changes.settlement_models {
        write_model(writes, registry.settlement_model(name).expect("a changed model is in the registry"));
    }
    let changes = state.changes();
    for (participant, kind) in &changes.endpoints {
        let value = routing.endpoint(*participant, *kind).expect("a changed endpoint is in the routing").to_owned();
        let sql = "INSERT INTO endpoint (participant, kind, value) VALUES ($1, $2, $3)
                   ON CONFLICT (participant, kind) DO UPDATE SET value = excluded.value";
        writes.push(sql, parameters![participant.write(), kind.write(), value]);
    }
    for id in &changes.oracles {
        write_oracle(writes, routing.stored_oracle(*id).expect("a changed oracle is in the routing"));
    }
    for (participant, id) in &changes.jws_keys {
        write_key(writes, routing.jws_key(*participant, id).expect("a changed key is in the routing"));
    }
    writes.push("UPDATE meta SET configuration_version = $1 WHERE id = 1", parameters![version]);
}

fn read_participant(columns: &mut Columns<'_>) -> Result<Participant, StoreError> {
    Ok(Participant {
        id: columns.next("id")?,
        name: columns.next("name")?,
        active: columns.next("active")?,
        created_at: columns.next("created_at")?,
    })
}

/// Adds or replaces a participant.
pub(crate) fn write_participant(writes: &mut Writes, participant: &Participant) {
    let sql = "INSERT INTO participant (id, name, active, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (id) DO UPDATE SET name = excluded.name, active = excluded.active";
    let Participant { id, name, active, created_at } = participant;
    writes.push(sql, parameters![id.write(), name.write(), active.write(), created_at.write()]);
}

/// A row of [`ACCOUNTS`], but its balance.
pub(crate) fn read_account(columns: &mut Columns<'_>) -> Result<Account, StoreError> {
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
}

fn write_account(writes: &mut Writes, account: &Account) {
    let sql = "INSERT INTO account
                   (id, participant, currency, kind, active, net_debit_cap, alarm_percentage, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (id) DO UPDATE SET active = excluded.active, net_debit_cap = excluded.net_debit_cap,
                                              alarm_percentage = excluded.alarm_percentage";
    let Account { id, participant, currency, kind, active, net_debit_cap, alarm_percentage, created_at } = account;
    let parameters = parameters![
        id.write(),
        participant.write(),
        currency.write(),
        kind.write(),
        active.write(),
        net_debit_cap.write(),
        alarm_percentage.write(),
        created_at.write(),
    ];
    writes.push(sql, parameters);
}

fn read_model(columns: &mut Columns<'_>) -> Result<SettlementModel, StoreError> {
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
}

fn write_model(writes: &mut Writes, model: &SettlementModel) {
    // Nothing of a model but this changes.
    let sql = "INSERT INTO settlement_model
                   (name, granularity, interchange, delay, currency, require_liquidity_check, ledger_account,
                    settlement_account, auto_position_reset, active, id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (name) DO UPDATE SET active = excluded.active";
    let parameters = parameters![
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
    writes.push(sql, parameters);
}

fn read_oracle(columns: &mut Columns<'_>) -> Result<Oracle, StoreError> {
    Ok(Oracle {
        id: columns.next("id")?,
        party_id_type: columns.next("party_id_type")?,
        currency: columns.next("currency")?,
        endpoint: columns.next("endpoint")?,
        is_default: columns.next("is_default")?,
        active: columns.next("active")?,
        created_at: columns.next("created_at")?,
    })
}

fn write_oracle(writes: &mut Writes, oracle: &Oracle) {
    let sql = "INSERT INTO oracle (id, party_id_type, currency, endpoint, is_default, active, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (id) DO UPDATE SET party_id_type = excluded.party_id_type, currency = excluded.currency,
                                              endpoint = excluded.endpoint, is_default = excluded.is_default,
                                              active = excluded.active";
    let Oracle { id, party_id_type, currency, endpoint, is_default, active, created_at } = oracle;
    let parameters = parameters![
        id.write(),
        party_id_type.write(),
        currency.write(),
        endpoint.write(),
        is_default.write(),
        active.write(),
        created_at.write(),
    ];
    writes.push(sql, parameters);
}

fn read_key(columns: &mut Columns<'_>) -> Result<JwsKey, StoreError> {
    Ok(JwsKey {
        participant: columns.next("participant")?,
        id: columns.next("id")?,
        public_key: columns.next("public_key")?,
        created_at: columns.next("created_at")?,
        valid_until: columns.next("valid_until")?,
    })
}

fn write_key(writes: &mut Writes, key: &JwsKey) {
    let sql = "INSERT INTO jws_key (participant, id, public_key, created_at, valid_until) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (participant, id) DO UPDATE SET valid_until = excluded.valid_until";
    let JwsKey { participant, id, public_key, created_at, valid_until } = key;
    let parameters =
        parameters![participant.write(), id.write(), public_key.write(), created_at.write(), valid_until.write()];
    writes.push(sql, parameters);
}
