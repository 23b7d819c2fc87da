//! `conformance(..).as_callers(..)` finds no fault in an application with owners, and every fault that is put
//! into it.

use resourceful_testing::{Conformance, Credentials, conformance};

use super::assert_found;
use super::notes::{ALICE, BOB, Fault, Readers, app, app_with_comments};

fn with_callers(fault: Fault) -> Conformance {
    let [alice, bob] = [ALICE, BOB].map(Credentials::bearer);
    conformance(app(fault, Readers::Owner)).as_callers(alice, bob)
}

fn with_readers(fault: Fault) -> Conformance {
    let [alice, bob] = [ALICE, BOB].map(Credentials::bearer);
    let test = conformance(app(fault, Readers::Everybody)).as_callers(alice, bob);
    test.shared("notes.list")
        .shared("GET /notes/{id}")
        .shared("GET /notes/export")
}

fn with_comments(fault: Fault) -> Conformance {
    let [alice, bob] = [ALICE, BOB].map(Credentials::bearer);
    conformance(app_with_comments(fault)).as_callers(alice, bob)
}

#[tokio::test]
async fn a_good_application_passes() {
    with_callers(Fault::None).await;
    with_callers(Fault::None).seed(7).cases(10).await;
}

#[tokio::test]
async fn a_good_nested_resource_passes() {
    with_comments(Fault::None).await;
}

#[tokio::test]
async fn items_that_others_read_pass_by_name() {
    with_readers(Fault::None).await;
}

/// The faults and the checks that find them; no other check does.
mod faults {
    use super::*;

    macro_rules! table {
        ($($fact:ident: $conformance:expr => [$($found:literal),* $(,)?],)*) => {$(
            #[tokio::test]
            async fn $fact() {
                assert_found($conformance, &[$($found),*]).await;
            }
        )*};
    }

    table! {
        a_removed_access: with_callers(Fault::AccessIsRemoved) => [
            "DELETE /notes/{id} [foreign-item]",
            "GET /notes [foreign-list]",
            "GET /notes/export [foreign-list]",
            "GET /notes/{id} [foreign-item]",
            "PATCH /notes/{id} [foreign-item]",
            "POST /notes/{id}/publish [foreign-item]",
            "PUT /notes/{id} [foreign-item]",
        ],
        an_access_that_identifies_nobody: with_callers(Fault::AccessIsOptional) => [
            "DELETE /notes/{id} [foreign-item]",
            "GET /notes [foreign-list]",
            "GET /notes/export [foreign-list]",
            "GET /notes/{id} [foreign-item]",
            "PATCH /notes/{id} [foreign-item]",
            "POST /notes/{id}/publish [foreign-item]",
            "PUT /notes/{id} [foreign-item]",
        ],
        an_open_door: with_callers(Fault::DoorIsOpen) => [
            "DELETE /notes/{id} [access]",
            "DELETE /notes/{id} [bad-credentials]",
            "GET /notes [access]",
            "GET /notes [bad-credentials]",
            "GET /notes/export [access]",
            "GET /notes/export [bad-credentials]",
            "GET /notes/{id} [access]",
            "GET /notes/{id} [bad-credentials]",
            "PATCH /notes/{id} [access]",
            "PATCH /notes/{id} [bad-credentials]",
            "POST /notes [access]",
            "POST /notes [bad-credentials]",
            "POST /notes/{id}/publish [access]",
            "POST /notes/{id}/publish [bad-credentials]",
            "PUT /notes/{id} [access]",
            "PUT /notes/{id} [bad-credentials]",
        ],
        credentials_after_the_body: with_callers(Fault::ChecksAfterTheBody) => [
            "PATCH /notes/{id} [access]",
            "PATCH /notes/{id} [bad-credentials]",
            "POST /notes [access]",
            "POST /notes [bad-credentials]",
            "PUT /notes/{id} [access]",
            "PUT /notes/{id} [bad-credentials]",
        ],
        a_forgotten_challenge: with_callers(Fault::ForgetsTheChallenge) => [
            "DELETE /notes/{id} [challenge]",
            "GET /greeting [challenge]",
            "GET /notes [challenge]",
            "GET /notes/export [challenge]",
            "GET /notes/{id} [challenge]",
            "PATCH /notes/{id} [challenge]",
            "POST /notes [challenge]",
            "POST /notes/{id}/publish [challenge]",
            "PUT /notes/{id} [challenge]",
        ],
        a_guarded_list_that_is_documented_as_public: with_callers(Fault::SaysItIsPublic) => [
            "GET /notes [public]",
        ],
        the_start_of_a_key: with_callers(Fault::AcceptsTheStartOfAKey) => [
            "DELETE /notes/{id} [bad-credentials]",
            "GET /greeting [bad-credentials]",
            "GET /notes [bad-credentials]",
            "GET /notes/export [bad-credentials]",
            "GET /notes/{id} [bad-credentials]",
            "PATCH /notes/{id} [bad-credentials]",
            "POST /notes [bad-credentials]",
            "POST /notes/{id}/publish [bad-credentials]",
            "PUT /notes/{id} [bad-credentials]",
        ],
        bad_credentials_as_none: with_callers(Fault::TakesBadForNone) => [
            "GET /greeting [bad-credentials]",
        ],
        the_caller_of_the_request_before: with_callers(Fault::TakesTheLastCaller) => [
            "GET /greeting [mixed-callers]",
            "GET /notes [foreign-list]",
            "GET /notes [mixed-callers]",
            "GET /notes/export [mixed-callers]",
            "GET /notes/{id} [foreign-item]",
            "GET /notes/{id} [mixed-callers]",
        ],
        a_caller_that_requests_share: with_callers(Fault::SharesTheCaller) => [
            "GET /greeting [mixed-callers]",
            "GET /notes [mixed-callers]",
            "GET /notes/export [mixed-callers]",
            "GET /notes/{id} [mixed-callers]",
        ],
        a_subject_without_its_scope: with_callers(Fault::FindsEverything) => [
            "DELETE /notes/{id} [foreign-item]",
            "GET /notes/{id} [foreign-item]",
            "PATCH /notes/{id} [foreign-item]",
            "POST /notes/{id}/publish [foreign-item]",
            "PUT /notes/{id} [foreign-item]",
        ],
        a_scope_of_one_method: with_callers(Fault::FindsEverythingButToDestroy) => [
            "GET /notes/{id} [foreign-item]",
            "PATCH /notes/{id} [foreign-item]",
            "POST /notes/{id}/publish [foreign-item]",
            "PUT /notes/{id} [foreign-item]",
        ],
        a_list_of_everything: with_callers(Fault::ListsEverything) => [
            "GET /notes [foreign-list]",
        ],
        a_count_of_everything: with_callers(Fault::CountsEverything) => [
            "GET /notes [foreign-list]",
        ],
        an_export_of_everything: with_callers(Fault::ExportsEverything) => [
            "GET /notes/export [foreign-list]",
        ],
        an_action_on_an_item_of_others: with_callers(Fault::PublishesEverything) => [
            "POST /notes/{id}/publish [foreign-item]",
        ],
        a_403_for_what_is_there: with_callers(Fault::ForbidsWhatIsThere) => [
            "DELETE /notes/{id} [existence]",
            "GET /notes/{id} [existence]",
            "PATCH /notes/{id} [existence]",
            "POST /notes/{id}/publish [existence]",
            "PUT /notes/{id} [existence]",
        ],
        another_404_for_what_is_there: with_callers(Fault::TellsWhatIsThere) => [
            "DELETE /notes/{id} [existence]",
            "GET /notes/{id} [existence]",
            "PATCH /notes/{id} [existence]",
            "POST /notes/{id}/publish [existence]",
            "PUT /notes/{id} [existence]",
        ],
        a_404_after_the_removal: with_callers(Fault::RemovesAndHides) => [
            "DELETE /notes/{id} [foreign-change]",
        ],
        an_owner_in_the_body: with_callers(Fault::CreatesForOthers) => [
            "POST /notes [foreign-owner]",
        ],
        an_owner_in_an_update: with_callers(Fault::UpdatesTheOwner) => [
            "PUT /notes/{id} [foreign-owner]",
        ],
        a_reader_who_changes: with_readers(Fault::MarksWhatIsRead) => [
            "GET /notes/{id} [foreign-change]",
        ],
        comments_on_notes_of_others: with_comments(Fault::CommentsOnEverything) => [
            "DELETE /notes/{note_id}/comments/{id} [foreign-item]",
            "GET /notes/{note_id}/comments [foreign-item]",
            "GET /notes/{note_id}/comments [foreign-list]",
            "GET /notes/{note_id}/comments/{id} [foreign-item]",
            "POST /notes/{note_id}/comments [foreign-item]",
        ],
        a_comment_below_another_note: with_comments(Fault::ForgetsTheParent) => [
            "DELETE /notes/{note_id}/comments/{id} [foreign-item]",
            "GET /notes/{note_id}/comments/{id} [foreign-item]",
        ],
        a_reader_who_is_not_expected: {
            let [alice, bob] = [ALICE, BOB].map(Credentials::bearer);
            conformance(app(Fault::None, Readers::Everybody)).as_callers(alice, bob)
        } => [
            "GET /notes [foreign-list]",
            "GET /notes/export [foreign-list]",
            "GET /notes/{id} [foreign-item]",
        ],
    }
}
