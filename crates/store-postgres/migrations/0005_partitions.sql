-- What grows with every payment is kept by the day, so that old days can be archived and dropped, and so that what is written
-- now always lies together, however much there is: keys begin with the moment, and only `identity` is looked up by ids, which
-- come in any order. It knows the moment of each, and with it the partition.

DROP VIEW pending_message;

ALTER TABLE identity RENAME TO old_identity;

ALTER INDEX identity_pkey RENAME TO old_identity_pkey;

ALTER TABLE transfer RENAME TO old_transfer;

ALTER INDEX transfer_pkey RENAME TO old_transfer_pkey;

DROP INDEX transfer_due, transfer_by_time, transfer_time;

ALTER TABLE entry RENAME TO old_entry;

ALTER INDEX entry_pkey RENAME TO old_entry_pkey;

ALTER TABLE quote RENAME TO old_quote;

ALTER INDEX quote_pkey RENAME TO old_quote_pkey;

ALTER TABLE outbox_batch RENAME TO old_outbox_batch;

ALTER INDEX outbox_batch_pkey RENAME TO old_outbox_batch_pkey;

DROP INDEX outbox_batch_by_time;

ALTER TABLE sent_message RENAME TO old_sent_message;

DROP INDEX sent_message_by_subject;

-- Every id that a transfer or a movement of funds (M) or a quote (Q) has, and its moment. Those of movements stay when the
-- movements are archived: an id is used once.
CREATE TABLE identity (
    at   bigint NOT NULL,
    id   bytea  NOT NULL,
    kind text   NOT NULL,
    PRIMARY KEY (id, kind)
);

CREATE TABLE transfer (
    prepared_at       bigint         NOT NULL,
    expiration        bigint         NOT NULL,
    completed_at      bigint,
    ended_at          bigint,
    payer             integer        NOT NULL,
    payee             integer,
    id                bytea          NOT NULL,
    amount            numeric(39, 4) NOT NULL,
    currency          text           NOT NULL,
    condition         bytea          NOT NULL,
    prepare_hash      bytea          NOT NULL,
    status            text           NOT NULL,
    fulfilment        bytea,
    answer_hash       bytea,
    abort_code        text,
    abort_description text,
    PRIMARY KEY (prepared_at, id)
) PARTITION BY RANGE (prepared_at);

-- Which transfers are due; small, since few are open at a time.
CREATE INDEX transfer_due ON transfer (expiration, id) WHERE status = 'RESERVED';

-- The journal. Account 0 is transit, which has no row. Lines are kept with their movement, by the moment at which it began.
-- Numbers come from one sequence while the movement's row is locked, so that they rise within a movement on whatever nodes its
-- lines were written.
CREATE SEQUENCE entry_number;

CREATE TABLE entry (
    movement_at bigint         NOT NULL,
    number      bigint         NOT NULL DEFAULT nextval('entry_number'),
    raised      bigint         NOT NULL,
    lowered     bigint         NOT NULL,
    at          bigint         NOT NULL,
    transfer_id bytea          NOT NULL,
    amount      numeric(39, 4) NOT NULL,
    kind        text           NOT NULL,
    currency    text           NOT NULL,
    PRIMARY KEY (movement_at, transfer_id, number)
) PARTITION BY RANGE (movement_at);

CREATE TABLE quote (
    requested_at bigint  NOT NULL,
    answered_at  bigint,
    payer        integer NOT NULL,
    payee        integer NOT NULL,
    id           bytea   NOT NULL,
    request_hash bytea   NOT NULL,
    status       text    NOT NULL,
    answer_hash  bytea,
    PRIMARY KEY (requested_at, id)
) PARTITION BY RANGE (requested_at);

-- See version 4.
CREATE TABLE outbox_batch (
    node             integer   NOT NULL,
    number           bigint    NOT NULL,
    at               bigint    NOT NULL,
    first_message    bigint    NOT NULL,
    subjects         integer[] NOT NULL,
    recipients       integer[] NOT NULL,
    delivered        bigint[]  NOT NULL,
    delivered_before integer[] NOT NULL,
    content          bytea     NOT NULL,
    PRIMARY KEY (node, number, at)
) PARTITION BY RANGE (at);

ALTER TABLE outbox_batch ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE INDEX outbox_batch_by_time ON outbox_batch (at);

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
) PARTITION BY RANGE (created_at);

CREATE INDEX sent_message_by_subject ON sent_message (hashtextextended(subject, 0));

-- What belongs to no day for which there is a partition: of long ago, or of clocks that are wrong.
CREATE TABLE transfer_other PARTITION OF transfer DEFAULT;

CREATE TABLE entry_other PARTITION OF entry DEFAULT;

CREATE TABLE quote_other PARTITION OF quote DEFAULT;

CREATE TABLE outbox_batch_other PARTITION OF outbox_batch DEFAULT;

CREATE TABLE sent_message_other PARTITION OF sent_message DEFAULT;
