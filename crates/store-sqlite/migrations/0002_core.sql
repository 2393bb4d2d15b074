-- Operators' figures of accounts, numbers of settlement models, oracles that are taken away but not forgotten.

ALTER TABLE account ADD COLUMN alarm_percentage INTEGER NOT NULL DEFAULT 10;

ALTER TABLE settlement_model ADD COLUMN id INTEGER NOT NULL DEFAULT 0;
UPDATE settlement_model SET id = (SELECT count(*) FROM settlement_model AS other WHERE other.name <= settlement_model.name);

ALTER TABLE oracle ADD COLUMN active INTEGER NOT NULL DEFAULT 1;

-- Public keys of participants.
CREATE TABLE jws_key (
    participant INTEGER NOT NULL REFERENCES participant,
    id          TEXT    NOT NULL,
    public_key  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    valid_until INTEGER,
    PRIMARY KEY (participant, id)
) STRICT, WITHOUT ROWID;

-- When a transfer ended on the ledger's clock. Of earlier ones only what was said is known.
ALTER TABLE transfer ADD COLUMN ended_at INTEGER;
UPDATE transfer SET ended_at = completed_at WHERE status <> 'RESERVED';

-- Packets are long and never change, transfers are short and do.
CREATE TABLE ilp_packet (
    transfer_id BLOB NOT NULL PRIMARY KEY,
    packet      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Funds move out, too. All movements so far were payments in.
ALTER TABLE funds_movement ADD COLUMN direction TEXT NOT NULL DEFAULT 'IN';
ALTER TABLE funds_movement ADD COLUMN status TEXT NOT NULL DEFAULT 'COMMITTED';
ALTER TABLE funds_movement ADD COLUMN ended_at INTEGER;
UPDATE funds_movement SET ended_at = recorded_at;

-- For audits, which read the journal movement by movement.
CREATE INDEX entry_by_transfer ON entry (transfer_id);

-- What is known of attempts to deliver a message.
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN last_attempt_at INTEGER;
ALTER TABLE outbox ADD COLUMN failure TEXT;
CREATE INDEX outbox_by_subject ON outbox (subject);

-- Messages that are done with, without their content. `reason` is why one was given up; a delivered one has none.
CREATE TABLE sent_message (
    id              INTEGER PRIMARY KEY,
    recipient       TEXT    NOT NULL,
    method          TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    last_attempt_at INTEGER NOT NULL,
    reason          TEXT
) STRICT;

CREATE INDEX sent_message_by_subject ON sent_message (subject);

ALTER TABLE meta ADD COLUMN configuration_version INTEGER NOT NULL DEFAULT 1;
