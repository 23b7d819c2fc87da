//! `conformance` repeats values and lets two writers meet: it finds no fault in good applications, and every fault
//! that is put into a copy.

use resourceful::prelude::*;
use resourceful_testing::{Conformance, conformance};

use super::assert_found;
use super::rooms::{After, Fault, Listing, Rooms, Uncounted};

fn rooms<L: Listing>(fault: Fault) -> Conformance {
    conformance(App::new().resource("/rooms", Rooms::<L>::with(fault)))
}

fn counted(fault: Fault) -> Conformance {
    rooms::<PageNumber>(fault)
}

#[tokio::test]
async fn good_applications_pass() {
    for fault in [
        Fault::None,
        Fault::Conflicts,
        Fault::AnyName,
        Fault::Versions,
    ] {
        for seed in [0, 7] {
            counted(fault).seed(seed).await;
        }
    }
    rooms::<Uncounted<PageNumber>>(Fault::None).await;
    rooms::<Uncounted<LimitOffset>>(Fault::None).await;
    rooms::<After>(Fault::None).await;
}

/// The faults and the checks that find them; no other check does.
mod faults {
    use super::*;

    macro_rules! table {
        ($($fact:ident: $rooms:expr => [$($found:literal),* $(,)?],)*) => {$(
            #[tokio::test]
            async fn $fact() {
                for seed in [0, 7] {
                    assert_found($rooms.seed(seed), &[$($found),*]).await;
                }
            }
        )*};
    }

    table! {
        a_constraint_that_is_a_server_error: counted(Fault::InsertsUnchecked) => [
            "PATCH /rooms/{id} [server-error]",
            "PATCH /rooms/{id} [taken]",
            "POST /rooms [server-error]",
            "POST /rooms [taken]",
            "PUT /rooms/{id} [server-error]",
            "PUT /rooms/{id} [taken]",
        ],
        a_taken_name_that_is_a_bad_request: counted(Fault::AnswersBadRequest) => [
            "PATCH /rooms/{id} [taken]",
            "PATCH /rooms/{id} [valid-request]",
            "POST /rooms [taken]",
            "POST /rooms [valid-request]",
            "PUT /rooms/{id} [taken]",
            "PUT /rooms/{id} [valid-request]",
        ],
        a_taken_name_without_a_field: counted(Fault::NamesNoField) => [
            "PATCH /rooms/{id} [schema]",
            "PATCH /rooms/{id} [taken]",
            "POST /rooms [schema]",
            "POST /rooms [taken]",
            "PUT /rooms/{id} [schema]",
            "PUT /rooms/{id} [taken]",
        ],
        a_check_before_a_constraint: counted(Fault::ChecksThenInserts) => [
            "PATCH /rooms/{id} [server-error]",
            "PATCH /rooms/{id} [taken]",
            "POST /rooms [taken-at-once]",
            "PUT /rooms/{id} [server-error]",
            "PUT /rooms/{id} [taken]",
        ],
        a_check_without_a_constraint: counted(Fault::ChecksWithoutConstraint) => [
            "POST /rooms [taken-at-once]",
        ],
        a_refused_row_in_a_counted_list: counted(Fault::InsertsThenChecks) => [
            "POST /rooms [left-behind]",
        ],
        a_refused_row_in_numbered_pages: rooms::<Uncounted<PageNumber>>(Fault::InsertsThenChecks) => [
            "POST /rooms [left-behind]",
        ],
        a_refused_row_in_pages_by_offset: rooms::<Uncounted<LimitOffset>>(Fault::InsertsThenChecks) => [
            "POST /rooms [left-behind]",
        ],
        a_refused_row_behind_a_cursor: rooms::<After>(Fault::InsertsThenChecks) => [
            "POST /rooms [left-behind]",
        ],
        a_refused_update_that_is_half_written: counted(Fault::UpdatesThenChecks) => [
            "PATCH /rooms/{id} [left-behind]",
            "PUT /rooms/{id} [left-behind]",
        ],
        all_columns_from_a_stale_read: counted(Fault::WritesAllFromAStaleRead) => [
            "PATCH /rooms/{id} [lost-update]",
        ],
        a_change_that_resets_the_other_columns: counted(Fault::ResetsOthers) => [
            "PATCH /rooms/{id} [lost-update]",
        ],
        differences_to_a_stale_read: counted(Fault::WritesDifferencesToAStaleRead) => [
            "PUT /rooms/{id} [mixed-update]",
        ],
        a_locked_row: counted(Fault::Locks) => [
            "PATCH /rooms/{id} [two-writers]",
            "PUT /rooms/{id} [two-writers]",
        ],
        a_row_that_is_gone_for_a_moment: counted(Fault::RemovesAndInserts) => [
            "PUT /rooms/{id} [two-writers]",
        ],
    }
}
