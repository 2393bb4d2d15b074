-- Days that were archived and dropped: the lines of the journal that went with them are in `opening_balance`, and a balance is
-- that and the lines that are still here.
CREATE TABLE archived_day (
    day             date   PRIMARY KEY,
    archived_at     bigint NOT NULL,
    transfers       bigint NOT NULL,
    rows            bigint NOT NULL,
    manifest_sha256 bytea  NOT NULL
);

-- By how much lines of archived days raised and lowered an account.
CREATE TABLE opening_balance (
    account bigint         PRIMARY KEY REFERENCES account,
    raised  numeric(39, 4) NOT NULL,
    lowered numeric(39, 4) NOT NULL
);

-- Days of which something changed since their archiving began, as triggers on their partitions have noted: what is dropped must
-- be what was exported.
CREATE TABLE changed_day (
    day date PRIMARY KEY
);

CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO changed_day (day) VALUES (TG_ARGV[0]::date) ON CONFLICT DO NOTHING; RETURN NULL; END';
