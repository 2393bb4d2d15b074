//! Where it stands and why, and what happens next.

use fspiop::{Timestamp, TransferId};
use ledger::{FundsDirection, FundsMovement, FundsStatus, Transfer, TransferStatus};
use store::{Fate, SentMessage};
use switch::{Method, Quote, QuoteStatus};

use super::{Tale, tale::reason};

impl Tale<'_> {
    pub(super) fn standing_of_transfer(&self, transfer: &Transfer) -> (String, String) {
        match transfer.status {
            TransferStatus::Reserved => self.while_reserved(transfer),
            status => self.after_the_end(transfer, status),
        }
    }

    fn while_reserved(&self, transfer: &Transfer) -> (String, String) {
        let payee = transfer.payee.map_or_else(|| "nobody known".to_owned(), |payee| self.name(payee));
        let left_ms = transfer.expiration.millis_since(self.now);
        if left_ms <= 0 {
            let standing = format!("RESERVED, though its time ran out {} ago", human(-left_ms));
            let next = "the hub's next look, every half second, ends it and tells both; if it does not: does a hub work on \
                        this store?";
            return (standing, next.to_owned());
        }
        let (standing, again) = match self.request().map(|request| (request, &request.fate)) {
            Some((request, Fate::Delivered)) => {
                let ago = self.now.millis_since(request.last_attempt_at.unwrap_or(request.created_at));
                (format!("RESERVED: waits for the answer of {payee}, which took the request {} ago", human(ago)), None)
            }
            Some((request, Fate::Pending { reason })) => {
                let what = format!("RESERVED, but {payee} has not taken the request yet: {}", tried(request, reason));
                (what, Some(self.next_attempt(request)))
            }
            Some((_, Fate::GaveUp { reason })) => {
                (format!("RESERVED, but {payee} does not take the request: {}", brief(reason)), None)
            }
            None => (format!("RESERVED; no request to {payee} is in the store"), None),
        };
        let expires = format!("it expires in {} (at {}), and both are told", human(left_ms), transfer.expiration);
        (standing, again.map_or_else(|| expires.clone(), |again| format!("{again}; {expires}")))
    }

    fn after_the_end(&self, transfer: &Transfer, status: TransferStatus) -> (String, String) {
        let payer = self.name(transfer.payer);
        let state = match status.wire().as_str() {
            wire if wire == status.as_str() => wire.to_owned(),
            wire => format!("{wire} ({}): {}", status.as_str(), self.why(transfer)),
        };
        let told = self.final_messages(transfer.id).filter(|sent| sent.recipient.as_str() == payer).last();
        let ask = format!("{payer} can ask: GET /transfers/{}", transfer.id);
        match told.map(|told| (told, &told.fate)) {
            Some((told, Fate::Pending { reason })) => {
                let standing = format!("{state}, but {payer} was not told yet: {}", tried(told, reason));
                (standing, format!("{}, for a day; {ask}", self.next_attempt(told)))
            }
            Some((_, Fate::GaveUp { reason })) => {
                (format!("{state}, but {payer} never took the message that says so: {}", brief(reason)), ask)
            }
            None => (format!("{state}; no message to {payer} that says so is in the store"), ask),
            Some((_, Fate::Delivered)) => self.once_the_payer_knows(transfer, &state, &payer),
        }
    }

    /// Why a transfer ended without a payment.
    fn why(&self, transfer: &Transfer) -> String {
        let payee = transfer.payee.map_or_else(|| "nobody known".to_owned(), |payee| self.name(payee));
        if transfer.status == TransferStatus::ExpiredReserved {
            return match self.request().map(|request| &request.fate) {
                Some(Fate::Delivered) => format!("{payee} took the request and did not answer in time"),
                Some(Fate::GaveUp { reason } | Fate::Pending { reason: Some(reason) }) => {
                    format!("{payee} did not take the request in time: {}", brief(reason))
                }
                Some(Fate::Pending { reason: None }) | None => format!("{payee} did not take the request in time"),
            };
        }
        let words = match reason(transfer) {
            (Some(code), Some(description)) => format!("{code} {description}"),
            (Some(code), None) => code,
            (None, description) => description.unwrap_or_else(|| "no reason is known".to_owned()),
        };
        match transfer.status {
            TransferStatus::Invalid => format!("the hub refused it, {words}"),
            _ => format!("because of the answer of {payee}, {words}"),
        }
    }

    /// The request to the payee.
    fn request(&self) -> Option<&SentMessage> {
        self.transfer_messages().filter(|sent| sent.method == Method::Post).last()
    }

    /// Others may still have to be told.
    fn once_the_payer_knows(&self, transfer: &Transfer, state: &str, payer: &str) -> (String, String) {
        let behind = self
            .final_messages(transfer.id)
            .filter(|sent| sent.recipient.as_str() != payer)
            .filter(|sent| !matches!(sent.fate, Fate::Delivered))
            .last();
        match behind.map(|sent| (sent, &sent.fate)) {
            None => (format!("{state}, and {payer} was told"), "nothing: it is over".to_owned()),
            Some((sent, Fate::GaveUp { reason })) => {
                let who = &sent.recipient;
                let next = format!("{who} can ask: GET /transfers/{}", transfer.id);
                (format!("{state}, and {payer} was told; {who} never took its message: {}", brief(reason)), next)
            }
            Some((sent, Fate::Pending { reason })) => {
                let standing =
                    format!("{state}, and {payer} was told; {} was not yet: {}", sent.recipient, tried(sent, reason));
                (standing, format!("{}, for a day", self.next_attempt(sent)))
            }
            Some((_, Fate::Delivered)) => (format!("{state}, and all were told"), "nothing: it is over".to_owned()),
        }
    }

    pub(super) fn standing_of_quote(&self, quote: &Quote) -> (String, String) {
        let (payer, payee) = (self.name(quote.payer), self.name(quote.payee));
        let (asked, told) = (Method::Post, Method::Put);
        let last = |method| self.quote_messages().filter(|sent| sent.method == method).last();
        match quote.status {
            QuoteStatus::Pending => match last(asked).map(|sent| (sent, &sent.fate)) {
                Some((sent, Fate::Pending { reason })) => {
                    let standing = format!("PENDING: {payee} has not taken the request yet: {}", tried(sent, reason));
                    (standing, format!("{}, for half a minute; then {payer} is told", self.next_attempt(sent)))
                }
                Some((_, Fate::GaveUp { reason })) => (
                    format!("PENDING: {payee} does not take the request: {}", brief(reason)),
                    format!("{payer} is told"),
                ),
                _ => (format!("PENDING: waits for the terms of {payee}"), format!("{payer} asks again if none come")),
            },
            QuoteStatus::Answered | QuoteStatus::Failed => {
                let state = quote.status.as_str();
                match last(told).map(|sent| (sent, &sent.fate)) {
                    Some((_, Fate::Delivered)) => {
                        let next = match quote.status {
                            QuoteStatus::Failed => "nothing: there are no terms".to_owned(),
                            _ => format!("{payer} decides whether to pay"),
                        };
                        (format!("{state}, and {payer} was told"), next)
                    }
                    Some((sent, Fate::Pending { reason })) => {
                        let standing = format!("{state}, but {payer} was not told yet: {}", tried(sent, reason));
                        (standing, format!("{}, for half a minute", self.next_attempt(sent)))
                    }
                    Some((_, Fate::GaveUp { reason })) => {
                        let standing = format!("{state}, but {payer} did not take that: {}", brief(reason));
                        (standing, format!("{payer} asks again"))
                    }
                    None => (state.to_owned(), format!("{payer} asks again")),
                }
            }
        }
    }

    pub(super) fn standing_of_funds(&self, funds: &FundsMovement) -> (String, String) {
        let owner = self.name(funds.participant);
        let money = format!("{} {}", funds.amount, funds.currency);
        let over = "nothing: it is over".to_owned();
        match (funds.direction, funds.status) {
            (FundsDirection::In, _) => (format!("COMMITTED: {owner} has paid in {money}"), over),
            (FundsDirection::Out, FundsStatus::Reserved) => {
                let standing = format!("RESERVED: {money} of {owner} are set aside to be paid out");
                (standing, "an operator commits or aborts it".to_owned())
            }
            (FundsDirection::Out, FundsStatus::Committed) => (format!("COMMITTED: {owner} was paid {money}"), over),
            (FundsDirection::Out, FundsStatus::Aborted) => (format!("ABORTED: {owner} has {money} again"), over),
        }
    }

    /// Messages that say how a transfer ended.
    fn final_messages(&self, id: TransferId) -> impl Iterator<Item = &SentMessage> {
        let path = format!("/transfers/{id}");
        let says_so = move |sent: &&SentMessage| {
            matches!(sent.method, Method::Put | Method::Patch)
                && (*sent.path == path || sent.path.strip_suffix("/error") == Some(path.as_str()))
        };
        self.transfer_messages().filter(says_so)
    }

    /// When a message is tried again, as far as the store's notes tell.
    fn next_attempt(&self, sent: &SentMessage) -> String {
        let Some(last) = sent.last_attempt_at.filter(|_| sent.attempts > 0) else {
            return "it is tried again within seconds".to_owned();
        };
        let due: Timestamp = last.plus_millis(self.pauses.pause_after_ms(sent.attempts));
        match due.millis_since(self.now) {
            soon if soon <= 0 => "the next attempt is under way or due".to_owned(),
            later => format!("the next attempt is due within {}", human(later)),
        }
    }
}

fn tried(sent: &SentMessage, reason: &Option<Box<str>>) -> String {
    match (sent.attempts, reason) {
        (1, Some(reason)) => format!("1 attempt, {}", brief(reason)),
        (attempts, Some(reason)) => format!("{attempts} attempts, {}", brief(reason)),
        (_, None) => "no failure is known".to_owned(),
    }
}

/// The end of a chain of causes, which says what happened; those before it say where in the program.
pub(super) fn brief(reason: &str) -> &str {
    match reason.strip_prefix("client error (") {
        Some(causes) => causes.rsplit(": ").next().unwrap_or(causes),
        None => reason,
    }
}

/// A duration for people, in its largest unit, or two of them.
pub fn human(millis: i64) -> String {
    let seconds = millis / 1000;
    match seconds {
        ..1 => format!("{millis} ms"),
        1..10 => format!("{}.{} s", seconds, millis % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}
