//! Quotes.

use store::StoreError;
use switch::Quote;

use crate::{
    columns::Columns,
    session::since,
    value::column,
    writes::{Parameter, Writes, parameters},
};

macro_rules! quote_columns {
    () => {
        "id, payer, payee, request_hash, status, answer_hash, requested_at, answered_at"
    };
}

/// A quote's row among the partitions: the moment says which.
macro_rules! from_quote {
    () => {
        " FROM (SELECT id AS known_id, at FROM identity WHERE kind = 'Q') AS known \
          JOIN quote ON requested_at = at AND id = known_id "
    };
}

/// A quote.
pub(crate) const FIND: &str = concat!("SELECT ", quote_columns!(), from_quote!(), "WHERE known_id = $1");

/// These quotes, if they were requested since then, locked in the order of their ids. See [`super::transfer::LOCK`].
pub(crate) const LOCK: &str = concat!(
    "SELECT ",
    quote_columns!(),
    " FROM (SELECT id AS known_id, at FROM identity WHERE id = ANY($1) AND kind = 'Q' AND at >= ",
    since!(),
    " ORDER BY id) AS known CROSS JOIN LATERAL (SELECT ",
    quote_columns!(),
    " FROM quote WHERE requested_at = at AND id = known_id AND requested_at >= ",
    since!(),
    " FOR UPDATE) AS locked"
);

/// Rows of the quotes in `$1` and so on.
macro_rules! insert {
    () => {
        concat!(
            "INSERT INTO quote (",
            quote_columns!(),
            ") SELECT * FROM unnest($1::bytea[], $2::integer[], $3::integer[], $4::bytea[], $5::text[], $6::bytea[],
                                    $7::bigint[], $8::bigint[])"
        )
    };
}

/// Adds quotes. One that another node adds at the same moment is found when the batch is decided again.
pub(crate) fn insert(writes: &mut Writes, quotes: &[&Quote]) {
    writes.push(insert!(), rows(quotes));
}

/// Writes down what became of quotes.
pub(crate) fn update(writes: &mut Writes, quotes: &[&Quote]) {
    let sql = concat!(
        insert!(),
        " ON CONFLICT (requested_at, id) DO UPDATE
          SET status = excluded.status, answer_hash = excluded.answer_hash, answered_at = excluded.answered_at"
    );
    writes.push(sql, rows(quotes));
}

fn rows(quotes: &[&Quote]) -> Vec<Parameter> {
    let rows = || quotes.iter().copied();
    parameters![
        column(rows(), |quote| quote.id),
        column(rows(), |quote| quote.payer),
        column(rows(), |quote| quote.payee),
        column(rows(), |quote| quote.request_hash),
        column(rows(), |quote| quote.status),
        column(rows(), |quote| quote.answer_hash),
        column(rows(), |quote| quote.requested_at),
        column(rows(), |quote| quote.answered_at),
    ]
}

/// A row with all its columns.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Quote, StoreError> {
    Ok(Quote {
        id: columns.next("id")?,
        payer: columns.next("payer")?,
        payee: columns.next("payee")?,
        request_hash: columns.next("request_hash")?,
        status: columns.next("status")?,
        answer_hash: columns.next("answer_hash")?,
        requested_at: columns.next("requested_at")?,
        answered_at: columns.next("answered_at")?,
    })
}
