-- How many batches a node has committed: tells it whether one was, of which the answer was lost.
ALTER TABLE node ADD COLUMN batches bigint NOT NULL DEFAULT 0;

-- What a node is to be told of when it renews its claim, every second: few rows at any time, whatever waits in the outbox.
CREATE INDEX outbox_untold ON outbox (owner) WHERE untold;

-- Subjects are found by eight bytes of theirs instead of by their text, which is as long as the rest of a row's keys.
DROP INDEX outbox_by_subject;

CREATE INDEX outbox_by_subject ON outbox (hashtextextended(subject, 0));

DROP INDEX sent_message_by_subject;

CREATE INDEX sent_message_by_subject ON sent_message (hashtextextended(subject, 0));
