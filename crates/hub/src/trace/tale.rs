//! Makes events out of stories.

use fspiop::{ErrorCode, FspiopError, QuoteId, Timestamp, TransferId};
use ledger::{FundsDirection, FundsMovement, FundsStatus, ParticipantId, Registry, Transfer, TransferStatus};
use store::{ArchivedId, Fate, SentMessage, Story};
use switch::{Method, Quote, QuoteStatus};

use super::{Event, Kind, Phase, Trace, What};
use crate::delivery::SchedulerSettings;

/// Everything that a trace is made of.
#[derive(Clone, Copy)]
pub struct Tale<'a> {
    /// The id that was asked for.
    pub id: TransferId,
    /// What the store knows under it.
    pub story: &'a Story,
    /// What the store knows of the transfer's quote, if that has an id of its own.
    pub agreement: Option<&'a Story>,
    /// What participants are called.
    pub names: &'a Registry,
    /// The present moment.
    pub now: Timestamp,
    /// Pauses between attempts to deliver.
    pub pauses: SchedulerSettings,
}

impl Tale<'_> {
    /// Tells it; `None` if nothing is known under the id.
    pub fn tell(&self) -> Option<Trace> {
        let story = self.story;
        let mut trace = match (&story.transfer, &story.quote, &story.funds, story.archived) {
            (Some(transfer), ..) => self.of_transfer(transfer),
            (None, Some(quote), ..) => self.of_quote(quote),
            (None, None, Some(funds), _) => self.of_funds(funds),
            (None, None, None, Some(archived)) => self.of_archived(archived),
            (None, None, None, None) if !story.messages.is_empty() => self.of_messages(),
            (None, None, None, None) => return None,
        };
        trace.events = self.events();
        Some(trace)
    }

    /// What a participant is called.
    pub(super) fn name(&self, id: ParticipantId) -> String {
        match self.names.participant(id) {
            Some(participant) => participant.name.to_string(),
            None => format!("participant {}", id.0),
        }
    }

    /// Messages about the quote, whichever id it has.
    pub(super) fn quote_messages(&self) -> impl Iterator<Item = &SentMessage> {
        let own = self.story.messages.iter().filter(|sent| !is_of_transfer(sent));
        own.chain(
            self.agreement.into_iter().flat_map(|agreement| &agreement.messages).filter(|sent| !is_of_transfer(sent)),
        )
    }

    /// Messages about the transfer.
    pub(super) fn transfer_messages(&self) -> impl Iterator<Item = &SentMessage> {
        self.story.messages.iter().filter(|sent| is_of_transfer(sent))
    }

    fn of_transfer(&self, transfer: &Transfer) -> Trace {
        let (standing, next) = self.standing_of_transfer(transfer);
        let quote = self.story.quote.as_ref().or_else(|| self.agreement.and_then(|story| story.quote.as_ref()));
        Trace {
            quote_id: quote.map(|quote| quote.id),
            payer: Some(self.name(transfer.payer)),
            payee: transfer.payee.map(|payee| self.name(payee)),
            amount: Some(transfer.amount),
            currency: Some(transfer.currency),
            expiration: Some(transfer.expiration),
            ..self.trace(Kind::Transfer, (transfer.status.wire().as_str(), transfer.status.as_str()), standing, next)
        }
    }

    fn of_quote(&self, quote: &Quote) -> Trace {
        let (standing, next) = self.standing_of_quote(quote);
        Trace {
            transfer_id: None,
            quote_id: Some(quote.id),
            payer: Some(self.name(quote.payer)),
            payee: Some(self.name(quote.payee)),
            ..self.trace(Kind::Quote, (quote.status.as_str(), quote.status.as_str()), standing, next)
        }
    }

    fn of_funds(&self, funds: &FundsMovement) -> Trace {
        let (standing, next) = self.standing_of_funds(funds);
        Trace {
            payer: Some(self.name(funds.participant)),
            amount: Some(funds.amount),
            currency: Some(funds.currency),
            ..self.trace(Kind::Funds, (funds.status.as_str(), funds.status.as_str()), standing, next)
        }
    }

    /// What is not here any more is in the files of its day.
    fn of_archived(&self, archived: ArchivedId) -> Trace {
        let (about, table) = if archived.is_quote { (Kind::Quote, "quote") } else { (Kind::Transfer, "transfer") };
        let began = archived.at.to_string();
        let day = began.split('T').next().unwrap_or_default();
        let standing = format!("archived with its day, {day}: only that the id was used is known here");
        let next = format!("look into the archive: zstd -dc {day}/{table}.csv.zst | grep {}", self.id);
        let quote_id = archived.is_quote.then_some(QuoteId(self.id.0));
        Trace { quote_id, ..self.trace(about, ("ARCHIVED", "ARCHIVED"), standing, next) }
    }

    /// Of what was refused before it was remembered, only the messages that said so are left.
    fn of_messages(&self) -> Trace {
        let about = match self.transfer_messages().next() {
            Some(_) => Kind::Transfer,
            None => Kind::Quote,
        };
        let standing = "unknown here: what came under this id was refused, and not remembered".to_owned();
        let next = "nothing; the messages say to whom that was said".to_owned();
        let quote_id = (about == Kind::Quote).then_some(QuoteId(self.id.0));
        Trace { quote_id, ..self.trace(about, ("UNKNOWN", "UNKNOWN"), standing, next) }
    }

    fn trace(&self, about: Kind, (state, status): (&str, &str), standing: String, next: String) -> Trace {
        Trace {
            about,
            transfer_id: (about != Kind::Quote).then_some(self.id),
            quote_id: None,
            transaction_id: None,
            state: state.to_owned(),
            status: status.to_owned(),
            payer: None,
            payee: None,
            amount: None,
            currency: None,
            expiration: None,
            events: Vec::new(),
            standing,
            next,
            at: self.now,
        }
    }

    /// In the order in which one follows from the other, then by time.
    fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let quote = self.story.quote.as_ref().or_else(|| self.agreement.and_then(|story| story.quote.as_ref()));
        let (asking, telling): (Vec<_>, Vec<_>) = self.quote_messages().partition(|sent| sent.method == Method::Post);
        events.extend(quote.map(|quote| self.quote_requested(quote)));
        events.extend(asking.into_iter().map(|sent| message(sent, Phase::Agreement)));
        events.extend(quote.and_then(|quote| self.quote_answered(quote)));
        events.extend(telling.into_iter().map(|sent| message(sent, Phase::Agreement)));
        let (asking, telling): (Vec<_>, Vec<_>) =
            self.transfer_messages().partition(|sent| sent.method == Method::Post);
        let transfer = self.story.transfer.as_ref();
        events.extend(transfer.map(|transfer| self.prepared(transfer)));
        events.extend(asking.into_iter().map(|sent| message(sent, Phase::Clearing)));
        events.extend(transfer.and_then(|transfer| self.ended(transfer)));
        events.extend(telling.into_iter().map(|sent| message(sent, Phase::Clearing)));
        events.extend(self.story.funds.iter().flat_map(|funds| self.moved(funds)));
        events.sort_by_key(|event| event.decided_at.map_or(event.time, |decided| decided.max(event.time)));
        events
    }

    fn quote_requested(&self, quote: &Quote) -> Event {
        Event {
            from: Some(self.name(quote.payer)),
            to: Some(self.name(quote.payee)),
            ..Event::new(quote.requested_at, What::QuoteRequested, Phase::Agreement)
        }
    }

    fn quote_answered(&self, quote: &Quote) -> Option<Event> {
        let what = match quote.status {
            QuoteStatus::Failed => What::QuoteFailed,
            QuoteStatus::Pending | QuoteStatus::Answered => What::QuoteAnswered,
        };
        let from = Some(self.name(quote.payee));
        let to = Some(self.name(quote.payer));
        quote.answered_at.map(|at| Event { from, to, ..Event::new(at, what, Phase::Agreement) })
    }

    fn prepared(&self, transfer: &Transfer) -> Event {
        let refused = transfer.status == TransferStatus::Invalid;
        let (code, description) = if refused { reason(transfer) } else { (None, None) };
        Event {
            from: Some(self.name(transfer.payer)),
            to: transfer.payee.map(|payee| self.name(payee)),
            amount: Some(transfer.amount),
            currency: Some(transfer.currency),
            code,
            description,
            ..Event::new(transfer.prepared_at, if refused { What::Refused } else { What::Reserved }, Phase::Clearing)
        }
    }

    fn ended(&self, transfer: &Transfer) -> Option<Event> {
        let what = match transfer.status {
            TransferStatus::Reserved | TransferStatus::Invalid => return None,
            TransferStatus::Committed => What::Committed,
            TransferStatus::AbortedRejected => What::Rejected,
            TransferStatus::AbortedError => What::Aborted,
            TransferStatus::ExpiredReserved => What::Expired,
        };
        let (code, description) = reason(transfer);
        let from = transfer.payee.map(|payee| self.name(payee)).filter(|_| what != What::Expired);
        let to = Some(self.name(transfer.payer));
        let (amount, currency) = (Some(transfer.amount), Some(transfer.currency));
        let at = transfer.ended_at.or(transfer.completed_at)?;
        Some(Event { from, to, amount, currency, code, description, ..Event::new(at, what, Phase::Clearing) })
    }

    fn moved(&self, funds: &FundsMovement) -> Vec<Event> {
        let event = |time, what| Event {
            from: Some(self.name(funds.participant)),
            amount: Some(funds.amount),
            currency: Some(funds.currency),
            ..Event::new(time, what, Phase::Funds)
        };
        match funds.direction {
            FundsDirection::In => vec![event(funds.recorded_at, What::FundsIn)],
            FundsDirection::Out => {
                let ending = match funds.status {
                    FundsStatus::Reserved => None,
                    FundsStatus::Committed => Some(What::FundsOutCommitted),
                    FundsStatus::Aborted => Some(What::FundsOutAborted),
                };
                let ended = funds.ended_at.zip(ending).map(|(at, what)| event(at, what));
                [Some(event(funds.recorded_at, What::FundsOutReserved)), ended].into_iter().flatten().collect()
            }
        }
    }
}

fn is_of_transfer(sent: &SentMessage) -> bool {
    sent.path.starts_with("/transfers")
}

/// Why a transfer ended. What a payee wrote as the reason may name people, so that only its code is passed on, with that
/// code's own meaning; what the hub wrote is passed on.
pub(super) fn reason(transfer: &Transfer) -> (Option<String>, Option<String>) {
    let Some(reason) = &transfer.abort_reason else { return (None, None) };
    let wrong_fulfilment = FspiopError::new(ErrorCode::ValidationError, "invalid fulfilment");
    let by_the_payee = matches!(transfer.status, TransferStatus::AbortedRejected | TransferStatus::AbortedError);
    let description = if by_the_payee && *reason.description != *wrong_fulfilment.wire_description() {
        ErrorCode::parse(&reason.code).map(|code| FspiopError::plain(code).wire_description().to_owned())
    } else {
        Some(reason.description.to_string())
    };
    // Four digits, whoever wrote them.
    let code =
        Some(reason.code.to_string()).filter(|code| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()));
    (code, description)
}

fn message(sent: &SentMessage, phase: Phase) -> Event {
    let (what, description) = match &sent.fate {
        Fate::Pending { reason: None } => (What::MessageWaiting, None),
        Fate::Pending { reason: Some(reason) } => (What::MessageFailing, Some(reason.to_string())),
        Fate::Delivered => (What::MessageDelivered, None),
        Fate::GaveUp { reason } => (What::MessageGivenUp, Some(reason.to_string())),
    };
    Event {
        from: Some("hub".to_owned()),
        to: Some(sent.recipient.to_string()),
        description,
        message: Some(format!("{} {}", sent.method.as_str(), sent.path)),
        attempts: Some(sent.attempts).filter(|attempts| *attempts > 0),
        decided_at: Some(sent.created_at),
        ..Event::new(sent.last_attempt_at.unwrap_or(sent.created_at), what, phase)
    }
}
