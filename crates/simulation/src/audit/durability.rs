//! I6: what was answered 202 or 200 is in the store after every crash.

use std::collections::BTreeSet;

use fspiop::{Currency, FspId, QuoteId, TransferId};
use ledger::{AccountType, ContentHash, ParticipantId, Registry, TransferStatus};
use store::{MemoryStore, Store};
use switch::Command;

use super::Batch;
use crate::{
    node::ready,
    report::{Check, ensure},
};

/// What the hub has acknowledged.
#[derive(Default)]
pub(crate) struct Durability {
    promises: Vec<Promise>,
    /// Quotes that were refused because somebody was suspended, or had no account: nothing of them is kept.
    refused: BTreeSet<QuoteId>,
    /// Answers that were refused likewise.
    refused_answers: BTreeSet<QuoteId>,
}

/// What an FSP may rely on after it was answered.
#[derive(Debug)]
enum Promise {
    /// The transfer is known.
    Prepared(TransferId),
    /// If the sender is the payee of record, the transfer is decided.
    Decided(TransferId, FspId),
    /// The quote is known.
    Requested(QuoteId),
    /// If the sender was asked, the quote has an answer.
    Answered(QuoteId, FspId, ContentHash),
}

impl Durability {
    /// Notes what a batch refused.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) {
        for command in batch.commands {
            match command {
                Command::RequestQuote { inbound, quote_id, payee, needs, .. } => {
                    let payer =
                        needs.payer.iter().all(|currency| able(batch.registry, &inbound.source, Some(*currency)));
                    if !payer || !able(batch.registry, payee, needs.payee) {
                        self.refused.insert(*quote_id);
                    }
                }
                Command::AnswerQuote { inbound, quote_id, needs, .. }
                    if needs.payee.is_some() && !able(batch.registry, &inbound.source, needs.payee) =>
                {
                    self.refused_answers.insert(*quote_id);
                }
                _ => {}
            }
        }
    }

    /// The hub has answered 202 or 200.
    pub(crate) fn acknowledged(&mut self, command: &Command) {
        self.promises.extend(match command {
            // A request in the name of another FSP is refused, and nothing of it is kept.
            Command::Prepare { inbound, prepare, .. } if prepare.payer == inbound.source => {
                Some(Promise::Prepared(prepare.transfer_id))
            }
            Command::Fulfil { inbound, fulfil, .. } => {
                Some(Promise::Decided(fulfil.transfer_id, inbound.source.clone()))
            }
            Command::Abort { inbound, abort } => Some(Promise::Decided(abort.transfer_id, inbound.source.clone())),
            Command::RequestQuote { quote_id, .. } => Some(Promise::Requested(*quote_id)),
            Command::AnswerQuote { inbound, quote_id, hash, .. } => {
                Some(Promise::Answered(*quote_id, inbound.source.clone(), *hash))
            }
            _ => None,
        });
    }

    /// Looks for everything that was promised.
    pub(crate) fn check(&self, registry: &Registry, store: &MemoryStore) -> Check {
        let refused = |promise: &Promise| match promise {
            Promise::Requested(id) => self.refused.contains(id),
            Promise::Answered(id, ..) => self.refused.contains(id) || self.refused_answers.contains(id),
            Promise::Prepared(_) | Promise::Decided(..) => false,
        };
        for promise in self.promises.iter().filter(|promise| !refused(promise)) {
            ensure(kept(promise, registry, store), "I6", || {
                format!("acknowledged, and not in the store: {promise:?}")
            })?;
        }
        Ok(())
    }
}

/// Whether a participant takes part, and can pay and be paid in a currency.
fn able(registry: &Registry, name: &FspId, currency: Option<Currency>) -> bool {
    registry.participant_named(name.as_str()).filter(|known| known.active).is_some_and(|known| {
        let account = |currency| registry.account_of(known.id, currency, AccountType::Position);
        currency.is_none_or(|currency| account(currency).is_some_and(|account| account.active))
    })
}

fn kept(promise: &Promise, registry: &Registry, store: &MemoryStore) -> bool {
    let is = |id: ParticipantId, name: &FspId| registry.participant(id).is_some_and(|known| known.name == *name);
    match promise {
        Promise::Prepared(id) => ready(store.transfer(*id)).is_some(),
        Promise::Decided(id, source) => ready(store.transfer(*id)).is_none_or(|transfer| {
            let by_payee = transfer.payee.is_some_and(|payee| is(payee, source));
            !by_payee || transfer.status != TransferStatus::Reserved
        }),
        Promise::Requested(id) => ready(store.quote(*id)).is_some(),
        Promise::Answered(id, source, hash) => ready(store.quote(*id)).is_some_and(|quote| {
            // Another answer came first, or the payee could not be asked in time.
            !is(quote.payee, source) || quote.answer_hash == Some(*hash) || quote.answered_at.is_some()
        }),
    }
}
