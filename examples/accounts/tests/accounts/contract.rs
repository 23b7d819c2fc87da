//! Who may call each operation, and all responses against the document.

use resourceful::{App, TestClient};
use resourceful_testing::{assert_access_rules, conformance};
use serde_json::{Value, json};

#[tokio::test]
async fn a_review_sees_who_may_call() {
    assert_access_rules("access.txt", &app("sqlite::memory:").await);
}

#[tokio::test]
async fn responses_are_as_documented() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}/accounts.sqlite3?mode=rwc",
        directory.path().display()
    );
    let client = TestClient::new(app(&url).await).unwrap();
    let credentials = json!({"name": "ada", "password": "analytical engine"});
    client.post("/sign-up").json(&credentials).await;
    accounts::make_administrator(&url, "ada").await.unwrap();
    let signed_in = client.post("/sign-in").json(&credentials).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    let post = |path: &str, body: Value| client.post(path).header("cookie", cookie).json(&body);
    post("/notes", json!({"text": "A note."})).await;
    post("/keys", json!({"name": "laptop"})).await;
    client
        .post("/sign-up")
        .json(&json!({"name": "bob", "password": "analytical engine"}))
        .await;

    conformance(app(&url).await)
        .header("cookie", cookie)
        // These end the session.
        .skip("POST /sign-out")
        .skip("POST /sign-out-everywhere")
        .skip("POST /password")
        .await;
}

async fn app(url: &str) -> App {
    accounts::app(url).await.unwrap()
}
