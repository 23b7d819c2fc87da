//! The access rules of all routes, and all responses against the document.

use resourceful::{App, TestClient};
use resourceful_testing::{Credentials, assert_access_rules, conformance};
use serde_json::json;

#[tokio::test]
async fn a_review_sees_who_may_call() {
    assert_access_rules("access.txt", &app("sqlite::memory:").await);
}

#[tokio::test]
async fn responses_are_as_documented_and_what_alice_makes_is_not_bobs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("accounts.sqlite3");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let client = TestClient::new(app(&url).await).unwrap();
    let alice = sign_in(&client, "alice").await;
    let bob = sign_in(&client, "bob").await;
    accounts::make_administrator(&url, "alice").await.unwrap();
    accounts::make_administrator(&url, "bob").await.unwrap();

    conformance(app(&url).await)
        .as_callers(alice, bob)
        // Administrators see all users. They could block each other.
        .shared("GET /users")
        .skip("POST /users/{id}/block")
        .skip("POST /users/{id}/unblock")
        // These end the session.
        .skip("POST /sign-out")
        .skip("POST /sign-out-everywhere")
        .skip("POST /password")
        .await;
}

/// Signs up and signs in.
async fn sign_in(client: &TestClient, name: &str) -> Credentials {
    let body = json!({"name": name, "password": "analytical engine"});
    assert_eq!(client.post("/sign-up").json(&body).await.status(), 201);
    let signed_in = client.post("/sign-in").json(&body).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    Credentials::cookie(cookie)
}

async fn app(url: &str) -> App {
    accounts::app(url).await.unwrap()
}
