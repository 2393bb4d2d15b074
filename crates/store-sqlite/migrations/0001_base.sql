-- Amounts are 16-byte blobs, identifiers 17-byte blobs, moments milliseconds since 1970, enumerations their names;
-- `value.rs` has the reasons.

CREATE TABLE participant (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    active     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    participant   INTEGER NOT NULL REFERENCES participant,
    currency      TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    active        INTEGER NOT NULL,
    net_debit_cap BLOB,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE endpoint (
    participant INTEGER NOT NULL REFERENCES participant,
    kind        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    PRIMARY KEY (participant, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE settlement_model (
    name                    TEXT    NOT NULL PRIMARY KEY,
    granularity             TEXT    NOT NULL,
    interchange             TEXT    NOT NULL,
    delay                   TEXT    NOT NULL,
    currency                TEXT,
    require_liquidity_check INTEGER NOT NULL,
    ledger_account          TEXT    NOT NULL,
    settlement_account      TEXT    NOT NULL,
    auto_position_reset     INTEGER NOT NULL,
    active                  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oracle (
    id            INTEGER PRIMARY KEY,
    party_id_type TEXT    NOT NULL,
    currency      TEXT,
    endpoint      TEXT    NOT NULL,
    is_default    INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

-- The built-in directory; `position` is the order of registration.
CREATE TABLE party (
    position    INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL,
    identifier  TEXT    NOT NULL,
    sub_id      TEXT,
    currency    TEXT,
    participant INTEGER NOT NULL REFERENCES participant
) STRICT;

-- Serves lookups, and keeps one entry for a party and currency; an absent part is the empty text.
CREATE UNIQUE INDEX party_once ON party (identifier, kind, ifnull(sub_id, ''), ifnull(currency, ''));

-- An account that never moved has no row.
CREATE TABLE balance (
    account    INTEGER PRIMARY KEY REFERENCES account,
    amount     BLOB    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE transfer (
    id                BLOB    NOT NULL PRIMARY KEY,
    payer             INTEGER NOT NULL REFERENCES participant,
    payee             INTEGER REFERENCES participant,
    amount            BLOB    NOT NULL,
    currency          TEXT    NOT NULL,
    condition         BLOB    NOT NULL,
    expiration        INTEGER NOT NULL,
    prepare_hash      BLOB    NOT NULL,
    status            TEXT    NOT NULL,
    prepared_at       INTEGER NOT NULL,
    completed_at      INTEGER,
    fulfilment        BLOB,
    answer_hash       BLOB,
    abort_code        TEXT,
    abort_description TEXT
) STRICT, WITHOUT ROWID;

-- Which transfers are due; small, since few are open at a time. The id is in it as the table's key.
CREATE INDEX transfer_due ON transfer (expiration) WHERE status = 'RESERVED';

-- The journal. Account 0 is transit, which has no row.
CREATE TABLE entry (
    number      INTEGER PRIMARY KEY,
    transfer_id BLOB    NOT NULL,
    kind        TEXT    NOT NULL,
    raised      INTEGER NOT NULL,
    lowered     INTEGER NOT NULL,
    amount      BLOB    NOT NULL,
    currency    TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

CREATE TABLE quote (
    id           BLOB    NOT NULL PRIMARY KEY,
    payer        INTEGER NOT NULL REFERENCES participant,
    payee        INTEGER NOT NULL REFERENCES participant,
    request_hash BLOB    NOT NULL,
    status       TEXT    NOT NULL,
    answer_hash  BLOB,
    requested_at INTEGER NOT NULL,
    answered_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE funds_movement (
    id          BLOB    NOT NULL PRIMARY KEY,
    participant INTEGER NOT NULL REFERENCES participant,
    account     INTEGER NOT NULL REFERENCES account,
    amount      BLOB    NOT NULL,
    currency    TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages that are still to be delivered. A delivered one is deleted.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    recipient  TEXT    NOT NULL,
    endpoint   TEXT    NOT NULL,
    method     TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    headers    TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    subject    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    give_up_at INTEGER NOT NULL
) STRICT;

-- Messages that were given up, out of the way of those that are still tried.
CREATE TABLE abandoned (
    id           INTEGER PRIMARY KEY,
    recipient    TEXT    NOT NULL,
    endpoint     TEXT    NOT NULL,
    method       TEXT    NOT NULL,
    path         TEXT    NOT NULL,
    headers      TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    subject      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    give_up_at   INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    abandoned_at INTEGER NOT NULL
) STRICT;

-- One row: where the next batch goes on.
CREATE TABLE meta (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    next_message INTEGER NOT NULL,
    last_batch   INTEGER NOT NULL
) STRICT;
