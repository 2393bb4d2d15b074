-- How many batches a node has committed: tells it whether one was, of which the answer was lost.
ALTER TABLE node ADD COLUMN batches bigint NOT NULL DEFAULT 0;

-- What a node is to be told of when it renews its claim, every second: few rows at any time, whatever waits in the outbox.
CREATE INDEX outbox_untold ON outbox (owner) WHERE untold;
