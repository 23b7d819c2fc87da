//! `conformance` finds no fault in a correct resource, and every fault that is put into a copy.

use resourceful::prelude::*;
use resourceful::{AsyncResource, Raw};
use resourceful_testing::{conformance, conformance_with};

use super::assert_found;
use super::posts::{AnyTitle, Fault, NewPost, NullTitle, OpenDoor, Post, Posts, TOKEN};

fn app(posts: impl AsyncResource) -> App {
    App::new().resource("/api/posts/", posts)
}

#[tokio::test]
async fn a_good_resource_passes() {
    let good = || conformance(app(<Posts>::with(Fault::None))).header("authorization", TOKEN);
    good().await;
    good().seed(7).cases(10).await;
}

/// The faults and the checks that find them; no other check does.
mod faults {
    use super::*;

    macro_rules! table {
        ($($fact:ident: $posts:expr => [$($found:literal),* $(,)?],)*) => {$(
            #[tokio::test]
            async fn $fact() {
                let conformance = conformance(app($posts)).header("authorization", TOKEN);
                assert_found(conformance, &[$($found),*]).await;
            }
        )*};
    }

    table! {
        an_invented_item: <Posts>::with(Fault::InventsItems) => [
            "GET /api/posts/{id}/ [unknown-id]",
        ],
        a_destroy_of_nothing: <Posts>::with(Fault::DestroysNothing) => [
            "DELETE /api/posts/{id}/ [unknown-id]",
        ],
        an_unknown_id_that_conflicts: <Posts>::with(Fault::ConflictsWhenUnknown) => [
            "DELETE /api/posts/{id}/ [unknown-id]",
            "GET /api/posts/{id}/ [unknown-id]",
            "PATCH /api/posts/{id}/ [unknown-id]",
            "PUT /api/posts/{id}/ [unknown-id]",
        ],
        a_leaked_field: <Posts>::with(Fault::LeaksAField) => [
            "GET /api/posts/ [leaked-field]",
            "GET /api/posts/{id}/ [leaked-field]",
            "PATCH /api/posts/{id}/ [leaked-field]",
            "POST /api/posts/ [leaked-field]",
            "PUT /api/posts/{id}/ [leaked-field]",
        ],
        a_lost_rule: Posts::<AnyTitle>::with(Fault::None) => [
            "POST /api/posts/ [broken-field]",
        ],
        an_ignored_limit: <Posts>::with(Fault::IgnoresTheLimit) => [
            "GET /api/posts/ [paging]",
        ],
        a_cut_through_a_character: <Posts>::with(Fault::CutsBytes) => [
            "PATCH /api/posts/{id}/ [server-error]",
            "POST /api/posts/ [server-error]",
            "PUT /api/posts/{id}/ [server-error]",
        ],
        a_missing_member: <Posts>::with(Fault::ForgetsAMember) => [
            "GET /api/posts/ [schema]",
            "GET /api/posts/{id}/ [schema]",
            "PATCH /api/posts/{id}/ [schema]",
            "POST /api/posts/ [schema]",
            "PUT /api/posts/{id}/ [schema]",
        ],
        a_member_of_another_type: <Posts>::with(Fault::WritesIdsAsText) => [
            "GET /api/posts/ [schema]",
            "GET /api/posts/{id}/ [schema]",
            "PATCH /api/posts/{id}/ [schema]",
            "POST /api/posts/ [schema]",
            "PUT /api/posts/{id}/ [schema]",
        ],
        an_error_of_another_field: <Posts>::with(Fault::NamesAnotherField) => [
            "PATCH /api/posts/{id}/ [broken-field]",
            "POST /api/posts/ [broken-field]",
            "PUT /api/posts/{id}/ [broken-field]",
        ],
        a_rule_that_update_forgot: Posts::<NewPost, AnyTitle>::with(Fault::None) => [
            "PUT /api/posts/{id}/ [broken-field]",
        ],
        a_wrong_has_next: <Posts>::with(Fault::CountsOnePage) => [
            "GET /api/posts/ [paging]",
        ],
        a_destroyed_item_that_is_still_there: <Posts>::with(Fault::KeepsWhatIsDestroyed) => [
            "DELETE /api/posts/{id}/ [life]",
            "GET /api/posts/{id}/ [life]",
            "PATCH /api/posts/{id}/ [life]",
            "PUT /api/posts/{id}/ [life]",
        ],
        an_open_door: Posts::<NewPost, NewPost, Post, OpenDoor>::with(Fault::None) => [
            "DELETE /api/posts/{id}/ [access]",
            "PATCH /api/posts/{id}/ [access]",
            "POST /api/posts/ [access]",
            "PUT /api/posts/{id}/ [access]",
        ],
        a_null_for_a_string: Posts::<NullTitle>::with(Fault::None) => [
            "POST /api/posts/ [broken-field]",
        ],
        a_location_of_nothing: <Posts>::with(Fault::KeepsNothing) => [
            "DELETE /api/posts/{id}/ [life]",
            "GET /api/posts/{id}/ [life]",
            "PATCH /api/posts/{id}/ [broken-field]",
            "PATCH /api/posts/{id}/ [life]",
            "POST /api/posts/ [location]",
            "PUT /api/posts/{id}/ [broken-field]",
            "PUT /api/posts/{id}/ [life]",
        ],
    }

    /// A raw response has no schema, so another view has the promise.
    #[tokio::test]
    async fn an_undocumented_status() {
        let promise = app(<Posts>::with(Fault::None)).openapi().unwrap();
        let raw = app(Posts::<NewPost, NewPost, Raw>::with(Fault::None));
        let expected = [
            "GET /api/posts/{id}/ [status]",
            "PATCH /api/posts/{id}/ [status]",
            "POST /api/posts/ [status]",
            "PUT /api/posts/{id}/ [status]",
        ];
        let conformance = conformance_with(raw, promise.as_value());
        assert_found(conformance.header("authorization", TOKEN), &expected).await;
    }
}
