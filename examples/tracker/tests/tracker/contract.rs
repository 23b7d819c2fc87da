//! The access rules of all routes, the document, and all responses against it.

use resourceful::TestClient;
use resourceful_testing::{Credentials, assert_access_rules, assert_openapi, conformance};

use crate::database::{Database, User};

#[tokio::test]
async fn a_review_sees_who_may_call_and_what_clients_rely_on() {
    let app = Database::sqlite().app().await;
    assert_access_rules("access.txt", &app);
    assert_openapi("openapi.json", &app);
}

#[tokio::test]
async fn responses_are_as_documented_and_what_alice_makes_is_not_bobs_on_sqlite() {
    check(&Database::sqlite()).await;
}

#[tokio::test]
async fn responses_are_as_documented_and_what_alice_makes_is_not_bobs_on_postgres() {
    check(&Database::postgres()).await;
}

async fn check(database: &Database) {
    let client = TestClient::new(database.app().await).unwrap();
    let alice = User::sign_in(&client, "alice").await;
    let bob = User::sign_in(&client, "bob").await;
    let [alice, bob] = [alice, bob].map(|user| Credentials::cookie(&user.cookie));
    let mut conformance = conformance(database.app().await)
        .as_callers(alice, bob)
        .cases(8);
    for version in ["v1", "v2"] {
        // It ends the session.
        conformance = conformance.skip(&format!("POST /{version}/sign-out"));
        let project = "organisations/{organisation_id}/projects/{project_id}";
        // A member who is added sees the members; it is how Alice lets Bob in.
        let members = format!("/{version}/organisations/{{organisation_id}}/members");
        conformance = conformance.shared(&format!("GET {members}"));
        conformance = conformance.unowned(&format!("{members}/{{id}}"));
        // It has no end.
        conformance = conformance.skip(&format!("GET /{version}/{project}/events"));
    }
    conformance.await;
}
