//! Quotes.

use fspiop::QuoteId;
use rusqlite::Connection;
use store::StoreError;
use switch::Quote;

use crate::{query, value::Stored};

/// A quote.
pub(crate) fn find(connection: &Connection, id: QuoteId) -> Result<Option<Quote>, StoreError> {
    let sql = "SELECT id, payer, payee, request_hash, status, answer_hash, requested_at, answered_at
               FROM quote WHERE id = ?1";
    query::row(connection, "quote", sql, [id.write()], |columns| {
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
    })
}

/// Adds a quote, or writes down its answer.
pub(crate) fn write(connection: &Connection, quote: &Quote) -> Result<(), StoreError> {
    let sql = "INSERT INTO quote (id, payer, payee, request_hash, status, answer_hash, requested_at, answered_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT DO UPDATE SET status = excluded.status, answer_hash = excluded.answer_hash,
                                         answered_at = excluded.answered_at";
    let values = [
        quote.id.write(),
        quote.payer.write(),
        quote.payee.write(),
        quote.request_hash.write(),
        quote.status.write(),
        quote.answer_hash.write(),
        quote.requested_at.write(),
        quote.answered_at.write(),
    ];
    query::execute(connection, sql, values)
}
