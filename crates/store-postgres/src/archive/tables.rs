//! What is exported of each table, in words that can be read without the hub: names, ids as on the wire, moments in UTC.

/// The file of transfers.
pub(super) const TRANSFERS: &str = "transfer.csv.zst";
/// The file of the journal.
pub(super) const ENTRIES: &str = "entry.csv.zst";
/// The file of messages, each with its content.
pub(super) const MESSAGES: &str = "message.jsonl.zst";
/// The file of ILP packets.
pub(super) const PACKETS: &str = "ilp_packet.jsonl.zst";

/// The files that are tables, each with what it holds. [`Day::sql`](super::day::Day::sql) fills in the partitions.
pub(super) const TABLES: [(&str, &str); 4] =
    [(TRANSFERS, TRANSFER), (ENTRIES, ENTRY), ("quote.csv.zst", QUOTE), ("sent_message.csv.zst", SENT_MESSAGE)];

/// An id as on the wire: a UUID after 00, a ULID after 01.
macro_rules! id {
    ($column:literal) => {
        concat!(
            "CASE get_byte(", $column, ", 0) WHEN 0 THEN encode(substr(", $column, ", 2), 'hex')::uuid::text ELSE
             (SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + substring(bits, 1 + 5 * place, 5)::integer, 1),
                                '' ORDER BY place)
              FROM (SELECT B'00' || ('x' || encode(substr(", $column, ", 2), 'hex'))::bit(128) AS bits) AS ulid
                   CROSS JOIN generate_series(0, 25) AS place) END"
        )
    };
}

macro_rules! moment {
    ($column:literal) => {
        concat!("to_char(to_timestamp(", $column, " / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
    };
}

const TRANSFER: &str = concat!(
    "SELECT ",
    id!("transfer.id"),
    " AS id, coalesce(payer.name, transfer.payer::text) AS payer,
            coalesce(payee.name, transfer.payee::text) AS payee, amount, currency, status,
            ",
    moment!("prepared_at"),
    " AS prepared_at, ",
    moment!("expiration"),
    " AS expiration,
            ",
    moment!("completed_at"),
    " AS completed_at, ",
    moment!("ended_at"),
    " AS ended_at,
            condition, fulfilment, abort_code, abort_description, prepare_hash, answer_hash
     FROM {transfer} AS transfer LEFT JOIN participant AS payer ON payer.id = transfer.payer
          LEFT JOIN participant AS payee ON payee.id = transfer.payee
     ORDER BY transfer.prepared_at, transfer.id"
);

/// Lines of movements of funds stay in the database with their movements.
const ENTRY: &str = concat!(
    "SELECT ",
    id!("transfer_id"),
    " AS transfer, entry.kind, raised, lowered, entry.amount, entry.currency,
            ",
    moment!("at"),
    " AS at, entry.number, CASE WHEN funds_movement.id IS NOT NULL THEN 'stays' END AS stays
     FROM {entry} AS entry LEFT JOIN funds_movement ON funds_movement.id = transfer_id
     ORDER BY movement_at, transfer_id, number"
);

const QUOTE: &str = concat!(
    "SELECT ",
    id!("quote.id"),
    " AS id, coalesce(payer.name, quote.payer::text) AS payer,
            coalesce(payee.name, quote.payee::text) AS payee, status, ",
    moment!("requested_at"),
    " AS requested_at,
            ",
    moment!("answered_at"),
    " AS answered_at, request_hash, answer_hash
     FROM {quote} AS quote LEFT JOIN participant AS payer ON payer.id = quote.payer
          LEFT JOIN participant AS payee ON payee.id = quote.payee
     ORDER BY quote.requested_at, quote.id"
);

/// The blank in a path stands for the id of the subject.
const SENT_MESSAGE: &str = concat!(
    "SELECT id, recipient, method, replace(path, ' ', split_part(subject, ' ', 2)) AS path, subject,
            ",
    moment!("created_at"),
    " AS created_at, attempts, ",
    moment!("last_attempt_at"),
    " AS last_attempt_at, reason
     FROM {sent_message} ORDER BY created_at, id, subject, recipient"
);

/// How many rows the files have by what the database counts, in the order of [`TABLES`], and of messages at last.
pub(super) const COUNTS: &str = "
    SELECT ARRAY[(SELECT count(*) FROM {transfer}), (SELECT count(*) FROM {entry}), (SELECT count(*) FROM {quote}),
                 (SELECT count(*) FROM {sent_message}),
                 (SELECT coalesce(sum(cardinality(subjects)), 0) FROM {outbox_batch})]::bigint[] AS counts";

/// By how much lines raised and lowered accounts, but those that stay.
pub(super) const SUMS: &str = "
    SELECT account, currency, sum(raised) AS raised, sum(lowered) AS lowered
    FROM (SELECT transfer_id, raised AS account, currency, amount AS raised, 0 AS lowered FROM {entry}
          UNION ALL SELECT transfer_id, lowered, currency, 0, amount FROM {entry}) AS side
    WHERE NOT EXISTS (SELECT FROM funds_movement WHERE id = transfer_id)
    GROUP BY account, currency";

/// The batches of the day, by the numbers of their messages.
pub(super) const BATCHES: &str =
    "SELECT number, first_message, at, content FROM {outbox_batch} ORDER BY first_message, node, number";

/// When messages were noted as delivered, on that day and the next one, by their numbers. What took longer than seconds is a
/// row of `sent_message`.
pub(super) const DELIVERED: &str = "
    SELECT one.id, at - one.before AS at
    FROM outbox_batch CROSS JOIN LATERAL unnest(delivered, delivered_before) AS one (id, before)
    WHERE at >= {start} AND at < {end} + 86400000 ORDER BY one.id";
