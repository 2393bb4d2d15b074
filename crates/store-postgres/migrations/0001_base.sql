-- Identifiers are their 17 bytes, hashes their 32, moments milliseconds since 1970, enumerations their names, amounts
-- NUMERIC with the four decimals of the protocol (39 digits hold every Amount).
--
-- Tables that grow with every payment have no foreign keys: what they refer to is checked by the ledger in the same
-- transaction, never deleted, and a lock on a participant's row for each payment would be shared by all nodes.

-- The versions of this schema, and when the database got them.
CREATE TABLE schema_version (
    version    bigint      PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE participant (
    id         integer PRIMARY KEY,
    name       text    NOT NULL UNIQUE,
    active     boolean NOT NULL,
    created_at bigint  NOT NULL
);

CREATE TABLE account (
    id               bigint  PRIMARY KEY,
    participant      integer NOT NULL REFERENCES participant,
    currency         text    NOT NULL,
    kind             text    NOT NULL,
    active           boolean NOT NULL,
    net_debit_cap    numeric(39, 4),
    alarm_percentage integer NOT NULL,
    created_at       bigint  NOT NULL
);

CREATE TABLE endpoint (
    participant integer NOT NULL REFERENCES participant,
    kind        text    NOT NULL,
    value       text    NOT NULL,
    PRIMARY KEY (participant, kind)
);

CREATE TABLE settlement_model (
    name                    text    PRIMARY KEY,
    granularity             text    NOT NULL,
    interchange             text    NOT NULL,
    delay                   text    NOT NULL,
    currency                text,
    require_liquidity_check boolean NOT NULL,
    ledger_account          text    NOT NULL,
    settlement_account      text    NOT NULL,
    auto_position_reset     boolean NOT NULL,
    active                  boolean NOT NULL,
    id                      integer NOT NULL
);

CREATE TABLE oracle (
    id            bigint  PRIMARY KEY,
    party_id_type text    NOT NULL,
    currency      text,
    endpoint      text    NOT NULL,
    is_default    boolean NOT NULL,
    active        boolean NOT NULL,
    created_at    bigint  NOT NULL
);

-- Public keys of participants.
CREATE TABLE jws_key (
    participant integer NOT NULL REFERENCES participant,
    id          text    NOT NULL,
    public_key  text    NOT NULL,
    created_at  bigint  NOT NULL,
    valid_until bigint,
    PRIMARY KEY (participant, id)
);

-- The built-in directory; position is the order of registration.
CREATE TABLE party (
    position    bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text    NOT NULL,
    identifier  text    NOT NULL,
    sub_id      text,
    currency    text,
    participant integer NOT NULL REFERENCES participant
);

-- Serves lookups, and keeps one entry for a party and currency; an absent part is the empty text.
CREATE UNIQUE INDEX party_once ON party (identifier, kind, coalesce(sub_id, ''), coalesce(currency, ''));

-- Every account has a row from its creation on, so that there is something to lock. The half that stays free of each page
-- lets a balance be updated in its place, thousands of times between two vacuums.
CREATE TABLE balance (
    account    bigint         PRIMARY KEY REFERENCES account,
    amount     numeric(39, 4) NOT NULL,
    changed_at bigint         NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Every id that a transfer or a movement of funds has ever had. It stays when they are archived: an id is used once.
CREATE TABLE identity (
    id   bytea NOT NULL,
    kind text  NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY HASH (id);

CREATE TABLE identity_00 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE identity_01 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE identity_02 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE identity_03 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE identity_04 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE identity_05 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE identity_06 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE identity_07 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE identity_08 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE identity_09 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE identity_10 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE identity_11 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE identity_12 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE identity_13 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE identity_14 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE identity_15 PARTITION OF identity FOR VALUES WITH (MODULUS 16, REMAINDER 15);

CREATE TABLE transfer (
    id                bytea          PRIMARY KEY,
    payer             integer        NOT NULL,
    payee             integer,
    amount            numeric(39, 4) NOT NULL,
    currency          text           NOT NULL,
    condition         bytea          NOT NULL,
    expiration        bigint         NOT NULL,
    prepare_hash      bytea          NOT NULL,
    status            text           NOT NULL,
    prepared_at       bigint         NOT NULL,
    completed_at      bigint,
    fulfilment        bytea,
    answer_hash       bytea,
    abort_code        text,
    abort_description text,
    ended_at          bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Which transfers are due; small, since few are open at a time.
CREATE INDEX transfer_due ON transfer (expiration, id) WHERE status = 'RESERVED';

-- When transfers were prepared, for people who look for one: some bytes for each 128 pages, and nothing is written to it
-- for a payment.
CREATE INDEX transfer_by_time ON transfer USING brin (prepared_at);

-- Packets are long and never change, transfers are short and do.
CREATE TABLE ilp_packet (
    transfer_id bytea PRIMARY KEY,
    packet      text  NOT NULL
);

-- The journal. Account 0 is transit, which has no row. Numbers come from one sequence while the movement's row is locked, so
-- that they rise within a movement on whatever nodes its lines were written.
CREATE TABLE entry (
    transfer_id bytea          NOT NULL,
    number      bigint         GENERATED ALWAYS AS IDENTITY,
    kind        text           NOT NULL,
    raised      bigint         NOT NULL,
    lowered     bigint         NOT NULL,
    amount      numeric(39, 4) NOT NULL,
    currency    text           NOT NULL,
    at          bigint         NOT NULL,
    PRIMARY KEY (transfer_id, number)
);

CREATE TABLE quote (
    id           bytea   PRIMARY KEY,
    payer        integer NOT NULL,
    payee        integer NOT NULL,
    request_hash bytea   NOT NULL,
    status       text    NOT NULL,
    answer_hash  bytea,
    requested_at bigint  NOT NULL,
    answered_at  bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE funds_movement (
    id          bytea          PRIMARY KEY,
    direction   text           NOT NULL,
    status      text           NOT NULL,
    participant integer        NOT NULL,
    account     bigint         NOT NULL,
    amount      numeric(39, 4) NOT NULL,
    currency    text           NOT NULL,
    hash        bytea          NOT NULL,
    recorded_at bigint         NOT NULL,
    ended_at    bigint
);

-- Processes of the hub, by name. Whoever starts under a name gets the next epoch; its former self can't write any more.
-- Numbers of messages come in blocks: next_message up to last_message are this node's.
CREATE TABLE node (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text    NOT NULL UNIQUE,
    epoch        bigint  NOT NULL,
    lease_until  bigint  NOT NULL,
    last_batch   bigint  NOT NULL,
    next_message bigint  NOT NULL,
    last_message bigint  NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE SEQUENCE message_block MINVALUE 0 START 0;

-- Messages that are still to be delivered, each by its owner. `untold`: the owner was not told of it. Rows live for
-- milliseconds, so that vacuum must come by their number and without pauses; or the table and its indexes bloat.
CREATE TABLE outbox (
    id              bigint  PRIMARY KEY,
    owner           integer NOT NULL,
    untold          boolean NOT NULL,
    recipient       text    NOT NULL,
    endpoint        text    NOT NULL,
    method          text    NOT NULL,
    path            text    NOT NULL,
    headers         text    NOT NULL,
    body            bytea   NOT NULL,
    subject         text    NOT NULL,
    created_at      bigint  NOT NULL,
    give_up_at      bigint  NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    last_attempt_at bigint,
    failure         text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 100000);

CREATE INDEX outbox_by_owner ON outbox (owner, id);

CREATE INDEX outbox_by_subject ON outbox (subject);

-- Messages that were given up, out of the way of those that are still tried.
CREATE TABLE abandoned (
    id           bigint PRIMARY KEY,
    recipient    text   NOT NULL,
    endpoint     text   NOT NULL,
    method       text   NOT NULL,
    path         text   NOT NULL,
    headers      text   NOT NULL,
    body         bytea  NOT NULL,
    subject      text   NOT NULL,
    created_at   bigint NOT NULL,
    give_up_at   bigint NOT NULL,
    reason       text   NOT NULL,
    abandoned_at bigint NOT NULL
);

-- Messages that are done with, without their content. `reason` is why one was given up; a delivered one has none.
CREATE TABLE sent_message (
    id              bigint  NOT NULL,
    recipient       text    NOT NULL,
    method          text    NOT NULL,
    path            text    NOT NULL,
    subject         text    NOT NULL,
    created_at      bigint  NOT NULL,
    attempts        integer NOT NULL,
    last_attempt_at bigint  NOT NULL,
    reason          text
);

CREATE INDEX sent_message_by_subject ON sent_message (subject);

-- One row: the version of the configuration.
CREATE TABLE meta (
    id                    integer PRIMARY KEY CHECK (id = 1),
    configuration_version bigint  NOT NULL
);
