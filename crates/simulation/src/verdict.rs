//! What only those know who planned everything: whether the FSPs' own view of it fits.

use std::collections::BTreeSet;

use fspiop::TransferState;
use ledger::TransferStatus;
use participant::{Ending, Payment};

use crate::{
    deal::Deal,
    report::{Check, ensure},
    world::World,
};

impl World {
    /// Compares what was meant, what was told and what the store holds.
    pub(crate) fn compare(&mut self) -> Check {
        for number in 0..self.deals.len() {
            self.compare_payment(number)?;
            self.compare_warnings(&self.deals[number])?;
        }
        Ok(())
    }

    /// What a payer saw of its payment is what became of the transfer.
    fn compare_payment(&mut self, number: usize) -> Check {
        let deal = &self.deals[number];
        let payment = deal.journey.as_ref().and_then(|journey| journey.payment.as_ref());
        let Some((ending, _)) = payment.and_then(Payment::ending) else { return Ok(()) };
        let status = self.auditor.status_of(deal.id);
        let fits = match ending {
            Ending::Committed => status == Some(TransferStatus::Committed),
            Ending::Aborted => status.is_some_and(|status| status.wire() == TransferState::Aborted),
            Ending::Failed | Ending::TimedOut => true,
        };
        self.report.payments_committed += u64::from(ending == Ending::Committed);
        ensure(fits, "I4", || format!("for its payer {} ended {ending:?}, and it is {status:?}", deal.id))
    }

    /// Error 3106 is for those who said different things, not for those who repeated themselves.
    fn compare_warnings(&self, deal: &Deal) -> Check {
        let by_payee = deal.answers.iter().filter(|answer| answer.by == deal.payee);
        let answers: BTreeSet<_> = by_payee.filter_map(|answer| answer.body.as_ref()).collect();
        for (bank, contents) in [(deal.payer, deal.bodies.len()), (deal.payee, answers.len())] {
            let warned = self.auditor.was_told_modified(deal.id, &self.banks[bank].name);
            ensure(contents > 1 || !warned, "I5", || {
                format!(
                    "fsp{bank} repeated itself about {} and was told 3106, as if it had said something else",
                    deal.id
                )
            })?;
        }
        Ok(())
    }
}
