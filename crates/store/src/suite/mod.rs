//! The test-suite that every store passes: what the trait [`Store`] means, case by case.
//!
//! A crate that implements the trait writes a [`Fixture`] and, in a test, `store::store_suite!(ItsFixture);`, which makes
//! one `#[test]` of each case. The model runs it too. Stores that several nodes can share implement [`Nodes`], too, and pass
//! `store::store_nodes_suite!`.

mod block_on;
mod command;
mod manual_clock;
mod world;

use std::sync::Arc;

use fspiop::FspId;

use crate::{Clock, Store};

pub use block_on::block_on;
pub use manual_clock::ManualClock;

/// Makes stores for the suite.
pub trait Fixture: Sized {
    /// The implementation under test.
    type Store: Store;

    /// An empty store of this hub.
    fn create(hub: FspId, clock: Arc<dyn Clock>) -> Self;

    /// The store.
    fn store(&self) -> &Self::Store;

    /// Closes the store and opens it again on the same data. One that has only memory stays as it is.
    fn reopen(&mut self);

    /// Waits for the store; to be overridden where its futures need a runtime.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }
}

/// A fixture whose stores several nodes can share.
pub trait Nodes: Fixture {
    /// The same store, as a further node of this name sees it.
    fn join(&self, node: &str) -> Self::Store;
}

/// Declares the cases once, for the modules that hold them and for the macro that makes tests of them.
macro_rules! cases {
    ($dollar:tt $suite:ident $fixture_trait:ident $($module:ident: $($case:ident)+;)+) => {
        $(pub use $module::{$($case),+};)+

        #[doc = concat!("Makes one `#[test]` of each case, for this [`", stringify!($fixture_trait), "`](crate::suite::", stringify!($fixture_trait), ").")]
        #[macro_export]
        macro_rules! $suite {
            ($dollar fixture:ty) => {
                $($(
                    #[test]
                    fn $case() {
                        $dollar crate::suite::$case::<$dollar fixture>();
                    }
                )+)+
            };
        }
    };
}

mod amounts;
mod batches;
mod clearing;
mod configuration;
mod duplicates;
mod nodes;
mod outbox;
mod parties;
mod programs;
mod quotes;
mod reads;
mod stories;

cases! {$ store_suite Fixture
    amounts: amounts_of_22_digits_are_exact balances_beyond_amounts_on_the_wire_are_exact;
    batches:
        outcomes_come_in_the_order_of_the_commands
        an_empty_batch_is_a_batch
        time_never_runs_backwards
        a_prepare_and_its_fulfil_stand_in_one_batch
        a_batch_uses_what_it_has_just_created
        caps_hold_inside_a_batch
        room_under_the_cap_comes_back_inside_a_batch;
    clearing:
        a_commit_moves_both_balances
        an_abort_moves_the_balance_back
        a_wrong_fulfilment_moves_the_balance_back
        an_expired_transfer_moves_the_balance_back
        funds_move_two_accounts
        funds_go_out
        packets_are_kept_for_reserved_transfers
        transfers_come_back_whole
        identifiers_of_both_forms_are_kept;
    configuration:
        the_configuration_survives
        a_new_store_has_only_the_hub
        only_a_change_of_the_configuration_tells_it
        a_switched_off_participant_is_refused_after_reopening
        a_removed_oracle_stays_removed
        public_keys_survive
        the_version_of_the_configuration_rises;
    duplicates:
        a_resent_prepare_changes_nothing
        a_modified_prepare_is_refused
        an_id_stays_used_after_a_refusal
        a_resent_answer_changes_nothing
        funds_are_recorded_once;
    outbox:
        messages_come_back_byte_for_byte
        messages_come_in_order_from_where_one_asks
        delivered_messages_leave
        messages_given_up_leave_and_tell_their_originator
        numbers_are_never_used_again;
    parties:
        a_party_is_found_by_its_whole_name
        a_party_is_found_by_currency
        a_party_stays_with_its_fsp
        a_later_registration_replaces_an_earlier_one;
    programs: a_store_does_what_the_model_does;
    quotes:
        a_quote_is_pending_until_it_is_answered
        an_error_fails_a_quote
        an_undeliverable_quote_fails
        a_modified_quote_is_refused;
    reads:
        what_is_not_there_is_not_found
        balances_are_those_of_the_accounts_asked_for
        due_transfers_come_by_their_expiration
        the_store_answers;
    stories:
        a_story_has_everything_under_its_id
        a_story_tells_what_became_of_messages
        packets_are_found_by_who_and_when
        a_visitor_sees_the_books;
}

cases! {$ store_nodes_suite Nodes
    nodes:
        a_change_on_one_node_binds_the_others
        a_transfer_goes_on_on_any_node
        nodes_share_the_cap
        nodes_know_how_many_they_are
        messages_about_one_subject_stay_with_one_node
        what_a_lost_node_left_is_taken_over
        what_a_node_gave_up_is_taken_over_at_once
        a_node_that_renews_keeps_its_messages
        numbers_are_given_once_among_nodes;
}
