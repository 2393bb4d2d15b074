//! Everything that can happen in a world.

use std::sync::Arc;

use hub::delivery::Attempted;
use participant::Request;
use switch::Message;

/// One life of the hub's process, from a start to a crash. What an earlier life planned happens no more.
pub(crate) type Life = u32;

/// Something that happens at its time.
#[derive(Debug)]
pub(crate) enum Event {
    /// An FSP sends a request, for the first time or again.
    Send(usize),
    /// A request of an FSP reaches the hub.
    AtHub(usize),
    /// The hub's HTTP answer reaches the FSP.
    Answered(usize, u16),
    /// The FSP waits no longer for the answer to this attempt.
    Unanswered(usize, u32),
    /// A message of the hub reaches an FSP.
    AtFsp(Arc<Parcel>),
    /// The hub learns how an attempt to send a message ended.
    Attempted(Life, u64, Attempted),
    /// The hub writes the commands that have come together.
    WriteBatch(Life),
    /// The hub looks for transfers whose time has passed.
    Sweep(Life),
    /// A message that failed is due to be sent again.
    Wake(Life),
    /// The hub looks whether messages that were left in the store find room now.
    TakeOver(Life),
    /// The hub's process dies.
    Crash,
    /// It starts again.
    Restart,
    /// An FSP's connection or machine gets into trouble, or out of it.
    Trouble(usize, Option<Trouble>),
    /// The wall clock is set.
    JumpClock(i64),
    /// Somebody does something about a deal.
    Act(usize, Act),
    /// An FSP sends a message that it held back.
    React(usize, Box<Request>),
    /// The operator does something.
    Operate,
    /// All faults end.
    Heal,
    /// Everybody asks once more what became of everything.
    Inspect,
    /// The world ends.
    End,
}

/// A message of the hub on its way.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// Who sent it, and under which token.
    pub(crate) life: Life,
    pub(crate) token: u64,
    /// When it was sent.
    pub(crate) sent_at: i64,
    /// To which FSP and path it goes, by its URL.
    pub(crate) bank: usize,
    pub(crate) path: String,
    pub(crate) message: Arc<Message>,
}

/// What ails an FSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing gets through, in either direction.
    Apart,
    /// It answers every message with 503.
    Failing,
    /// It takes messages, but its answers get lost.
    Mute,
}

/// A step of a deal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// The payer begins a payment with a lookup.
    Pay,
    /// The payer sends POST /transfers.
    Prepare,
    /// The payer sends the same again, byte for byte.
    Resend,
    /// The payer sends the same again, printed differently.
    Reprint,
    /// The payer sends the same id with other content.
    Change,
    /// The payer sends the request that the hub knows, once more.
    Repeat,
    /// Another FSP sends the payer's request as if it were its own.
    Impersonate,
    /// An FSP asks for the state of the transfer.
    Ask(usize),
    /// The planned answer of this number is sent.
    Answer(usize),
}
