-- What a batch of a node had to say, in one row that never changes: the messages that it put into the outbox, together and
-- compressed, and those that it noted as delivered at the first attempt. A row for each message was six tenths of the log.
--
-- Message `first_message` + i is about the subject whose hash is subjects[i] and for the FSP whose hash is recipients[i].
-- delivered_before[i] is how many milliseconds before `at` message delivered[i] arrived.
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
    PRIMARY KEY (node, number)
);

-- The content is compressed already.
ALTER TABLE outbox_batch ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE INDEX outbox_batch_by_time ON outbox_batch (at);

-- All messages of this node's batches up to this one are done with, or have rows of their own in `outbox`: those that were
-- not delivered at the first attempt and within seconds, and those that another node delivers.
ALTER TABLE node ADD COLUMN settled_batch bigint NOT NULL DEFAULT 0;

UPDATE node SET settled_batch = batches;

-- Packets are in the content of the batch in which their transfer was prepared; the table has those of before.
ALTER TABLE ilp_packet RENAME TO old_ilp_packet;

-- All messages that are still to be delivered, and which node delivers them: for people.
CREATE VIEW pending_message AS
    SELECT id, owner AS node FROM outbox
    UNION ALL
    SELECT one.id, outbox_batch.node
    FROM node JOIN outbox_batch ON outbox_batch.node = node.id AND number > settled_batch
         CROSS JOIN LATERAL generate_series(first_message, first_message + cardinality(subjects) - 1) AS one (id)
    WHERE settled_batch < batches
      AND NOT EXISTS (SELECT FROM outbox_batch AS later
                      WHERE later.node = outbox_batch.node AND later.number > outbox_batch.number
                        AND one.id = ANY(later.delivered));
