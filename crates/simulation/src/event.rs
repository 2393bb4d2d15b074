//! Everything that can happen in a world.

use std::sync::Arc;

use hub::delivery::Attempted;
use participant::Request;
use switch::Message;

use crate::batch::Written;

/// One life of a process of the hub, from a start to a crash. What an earlier life planned happens no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// Which node.
    pub(crate) node: usize,
    /// Which of its lives, the first one is 1.
    pub(crate) number: u32,
}

/// Something that happens at its time.
#[derive(Debug)]
pub(crate) enum Event {
    /// An FSP sends a request, for the first time or again.
    Send(usize),
    /// A request of an FSP reaches a node of the hub.
    AtHub(usize, usize),
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
    /// A batch is durable; now its messages are sent and its commands are answered.
    Written(Life, Box<Written>),
    /// The hub looks for transfers whose time has passed.
    Sweep(Life),
    /// A message that failed is due to be sent again.
    Wake(Life),
    /// A node renews its claim, and looks for messages that others left behind or that find room now.
    TakeOver(Life),
    /// A node looks whether another one has changed the configuration.
    Refresh(Life),
    /// The process of a node dies.
    Crash(usize),
    /// It starts again.
    Restart(usize),
    /// A node serves, now that it has migrated the store.
    Serve(usize),
    /// The process of a node has died amid a migration.
    MigrationFailed(usize),
    /// A node stands still for so many milliseconds, as a machine does that is frozen, and then goes on.
    Pause(usize, i64),
    /// A node is to be replaced by a newer one: it takes no more requests.
    Upgrade(usize),
    /// It ends in good order, if all that it took is answered.
    Stop(Life),
    /// An FSP's connection or machine gets into trouble, or out of it.
    Trouble(usize, Option<Trouble>),
    /// A clock is set: that of a node, or the database's, which is the FSPs', too.
    JumpClock(Option<usize>, i64),
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

impl Event {
    /// The node whose process has to run for this.
    pub(crate) fn node(&self) -> Option<usize> {
        match self {
            Event::AtHub(_, node) => Some(*node),
            Event::Attempted(life, ..)
            | Event::WriteBatch(life)
            | Event::Written(life, _)
            | Event::Sweep(life)
            | Event::Wake(life)
            | Event::TakeOver(life)
            | Event::Refresh(life)
            | Event::Stop(life) => Some(life.node),
            _ => None,
        }
    }

    /// Whether this waits while a migration holds the store.
    pub(crate) fn needs_store(&self) -> bool {
        matches!(self, Event::WriteBatch(_) | Event::Sweep(_) | Event::TakeOver(_) | Event::Refresh(_) | Event::Stop(_))
    }
}

/// A message of the hub on its way.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// Who sent it, and under which token.
    pub(crate) life: Life,
    pub(crate) token: u64,
    /// When it was sent.
    pub(crate) sent_at: i64,
    /// Whether it was still this node's to deliver.
    pub(crate) owned: bool,
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
