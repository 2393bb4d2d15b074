//! Fills a file with transfers of the past, to see how a hub works on one that has seen many.

mod payment;

use std::{ops::Range, sync::Arc};

use rusqlite::TransactionBehavior;
use store::{
    StoreError,
    past::{Circle, Past},
};
use switch::MessageId;

use crate::{
    SqliteStore,
    batch::Writer,
    error,
    fill::payment::{MESSAGES, Payment, Payments},
    tables::{entry, ilp_packet, meta, meta::Meta, quote, sent_message, transfer},
};

/// Pages that the writer keeps in memory meanwhile, in KiB: the ids come in any order, so that a chunk of some hundred
/// thousand rows touches most pages of a table.
const CACHE_KIB: i64 = 256 << 10;

impl SqliteStore {
    /// Adds transfers of the past between the participants of the currency that most of them have; a file without two such
    /// participants gets some. `progress` is told how many were added so far; a run that is broken off leaves books that
    /// are in order.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for numbers that are out of range and for a seed that was used before; those of writing.
    pub async fn fill(&self, past: Past, mut progress: impl FnMut(u64)) -> Result<(), StoreError> {
        past.check()?;
        let circle = Circle::of(self).await?;
        let now = self.writer.run(move |writer| writer.prepare_filling(past).map(|()| writer.clock.now())).await?;
        let schedule = past.schedule(&circle, now);
        let payments = Arc::new(Payments::new(past, circle, schedule));
        for chunk in schedule.chunks() {
            let (payments, done) = (payments.clone(), chunk.end);
            self.writer.run(move |writer| writer.fill(&payments, chunk)).await?;
            progress(done);
        }
        Ok(())
    }
}

impl Writer {
    fn prepare_filling(&self, past: Past) -> Result<(), StoreError> {
        // Every run begins with this one.
        if transfer::find(&self.connection, payment::secrets(past.seed, 0).0)?.is_some() {
            return Err(past.is_there());
        }
        self.connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(error::at_read)
    }

    /// Adds the payments of these numbers, as if the hub had decided and delivered all that belongs to them.
    fn fill(&mut self, payments: &Payments, numbers: Range<u64>) -> Result<(), StoreError> {
        let next_message = self.meta.next_message;
        let mut all: Vec<Payment<'_>> = numbers.zip(0..).map(|(number, place)| payments.of(number, place)).collect();
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior).map_err(error::at_write)?;
        for payment in &all {
            payment.entries().iter().try_for_each(|entry| entry::write(&transaction, entry))?;
        }
        // What is kept by id is written by id, so that each page is touched once.
        all.sort_unstable_by_key(|payment| payment.id);
        all.iter().try_for_each(|payment| transfer::write(&transaction, &payment.transfer()))?;
        all.iter().try_for_each(|payment| ilp_packet::write(&transaction, payment.id, &payment.packet()))?;
        all.iter().try_for_each(|payment| quote::write(&transaction, &payment.quote()))?;
        for (message, subject) in all.iter().flat_map(|payment| payment.messages(next_message)) {
            sent_message::write(&transaction, &message, &subject)?;
        }
        let used = i64::try_from(all.len() * MESSAGES).unwrap_or(i64::MAX);
        let meta = Meta { next_message: MessageId(next_message.0 + used), ..self.meta };
        meta::write(&transaction, meta)?;
        transaction.commit().map_err(error::at_write)?;
        self.meta = meta;
        Ok(())
    }
}
