use http_body::SizeHint;
use resourceful::Body;
use resourceful::prelude::*;

use crate::fixture::{NewPost, OddBody, app, client};

fn post(title: usize) -> String {
    format!(
        "{{\"title\": \"a\", \"filler\": \"{}\"}}",
        "x".repeat(title)
    )
}

#[tokio::test]
async fn the_default_limit_is_two_mebibytes() {
    let request = |size| {
        client()
            .post("/posts")
            .header("content-type", "application/json")
            .body(post(size))
    };
    assert_eq!(request(64 * 1024).await.status(), 201);
    assert_eq!(request(2 * 1024 * 1024 - 100).await.status(), 201);
    let response = request(2 * 1024 * 1024).await;
    assert_eq!(response.status(), 413);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn the_limit_can_be_set_for_the_app_and_for_one_request() {
    struct Small;

    #[resource]
    impl AsyncResource for Small {
        const MAX_BODY_SIZE: Option<u64> = Some(20);
        type Access = Public;

        async fn create(&self, _: &Request, new: NewPost) -> Result<String> {
            Ok(new.title)
        }
    }

    let app = app().max_body_size(100).resource("/small", Small);
    let client = TestClient::new(app).unwrap();
    let title = |size| serde_json::json!({ "title": "x".repeat(size) });
    let post = async |path, size| client.post(path).json(&title(size)).await.status();
    assert_eq!(post("/posts", 100).await, 413);
    assert_eq!(post("/small", 8).await, 201);
    assert_eq!(post("/small", 9).await, 413);
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_read() {
    let request = client()
        .post("/posts")
        .header("content-type", "application/json");
    assert_eq!(
        request
            .body(Body::new(OddBody::untouchable(SizeHint::with_exact(
                10_000_000_000
            ))))
            .await
            .status(),
        413
    );
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused_at_the_limit() {
    let request = client()
        .post("/posts")
        .header("content-type", "application/json");
    assert_eq!(
        request.body(Body::new(OddBody::endless())).await.status(),
        413
    );
}

/// The clock is paused and advances to the next timer.
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_408() {
    let started = tokio::time::Instant::now();
    let request = client()
        .post("/posts")
        .header("content-type", "application/json");
    let response = request.body(Body::new(OddBody::stuck())).await;
    assert_eq!(response.status(), 408);
    assert_eq!(response.headers()["connection"], "close");
    assert_eq!(started.elapsed().as_secs(), 10);
}
