-- A packet is in one of the two: its bytes are a quarter shorter than its base64url. `packet` is for any other text.
ALTER TABLE ilp_packet ALTER COLUMN packet DROP NOT NULL, ADD COLUMN bytes bytea;

-- For people who look for a payment of some time; a few bytes for a thousand transfers.
CREATE INDEX transfer_time ON transfer USING brin (prepared_at);
