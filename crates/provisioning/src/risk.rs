//! How risky a change is.

use fspiop::Amount;
use operations::Risk;

/// Whatever only adds has no risk; nor has another URL, which the next message goes to.
///
/// A net debit cap that is put below what the participant owes already interrupts it: all its payments are refused until
/// it has received enough. Nothing is lost by that and it can be taken back, so it is [`Risk::Restart`], the word for an
/// interruption, and not [`Risk::Data`].
pub(crate) fn of_cap(wanted: Amount, position: Amount) -> Risk {
    if position > wanted { Risk::Restart } else { Risk::None }
}
