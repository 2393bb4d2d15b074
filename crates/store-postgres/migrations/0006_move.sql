-- Moves everything into the tables of version 5, for whose days there are partitions by now.

INSERT INTO transfer (prepared_at, expiration, completed_at, ended_at, payer, payee, id, amount, currency, condition,
                      prepare_hash, status, fulfilment, answer_hash, abort_code, abort_description)
    SELECT prepared_at, expiration, completed_at, ended_at, payer, payee, id, amount, currency, condition, prepare_hash,
           status, fulfilment, answer_hash, abort_code, abort_description
    FROM old_transfer;

INSERT INTO quote (requested_at, answered_at, payer, payee, id, request_hash, status, answer_hash)
    SELECT requested_at, answered_at, payer, payee, id, request_hash, status, answer_hash FROM old_quote;

INSERT INTO identity (at, id, kind)
    SELECT coalesce(prepared_at, recorded_at, 0), old_identity.id, 'M'
    FROM old_identity LEFT JOIN old_transfer USING (id) LEFT JOIN funds_movement USING (id)
    UNION ALL
    SELECT requested_at, id, 'Q' FROM old_quote;

INSERT INTO entry (movement_at, number, raised, lowered, at, transfer_id, amount, kind, currency)
    SELECT identity.at, number, raised, lowered, old_entry.at, transfer_id, amount, old_entry.kind, currency
    FROM old_entry JOIN identity ON id = transfer_id AND identity.kind = 'M';

SELECT setval('entry_number', max(number)) FROM old_entry HAVING max(number) IS NOT NULL;

INSERT INTO outbox_batch SELECT * FROM old_outbox_batch;

INSERT INTO sent_message SELECT * FROM old_sent_message;

DROP TABLE old_identity, old_transfer, old_quote, old_entry, old_outbox_batch, old_sent_message;

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
