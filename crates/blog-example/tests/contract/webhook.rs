//! `POST /webhooks/github/`.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use resourceful::TestResponse;
use serde_json::json;
use sha2::Sha256;

use crate::blog::{Blog, SECRET};

crate::on_both_databases! {
    errors_have_the_known_texts_in_order,
    commits_are_processed_concurrently_and_a_delivery_once,
}

fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn deliver(
    blog: &Blog,
    signature: Option<&str>,
    headers: &[(&str, &str)],
    body: &str,
) -> TestResponse {
    let mut request = blog.client.post("/webhooks/github/");
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(body.to_owned()).await
}

async fn errors_have_the_known_texts_in_order(blog: Blog) {
    let good = sign("{");
    let wrong = sign("}");
    for (signature, body, status, error) in [
        (None, "{", 400, "Missing signature"),
        (Some(""), "{", 400, "Missing signature"),
        (Some(&*wrong), "{", 403, "Invalid signature"),
        (Some(&good.to_uppercase()), "{", 403, "Invalid signature"),
        (Some(&good[..70]), "{", 403, "Invalid signature"),
        (Some(&good), "{", 400, "Invalid JSON"),
        (Some(&sign("{}")), "{}", 400, "Missing event name"),
    ] {
        let response = deliver(&blog, signature, &[], body).await;
        assert_eq!(response.status(), status, "{signature:?} {body}");
        assert_eq!(response.json()["error"], error);
    }
    let wrong = r#"{"commits": [{}]}"#;
    let response = deliver(
        &blog,
        Some(&sign(wrong)),
        &[("x-github-event", "push")],
        wrong,
    )
    .await;
    assert_eq!(response.status(), 422);
}

async fn commits_are_processed_concurrently_and_a_delivery_once(blog: Blog) {
    let commits: Vec<_> = (0..20).map(|id| json!({"id": id.to_string()})).collect();
    let push = json!({"commits": commits, "repository": {"full_name": "a/b"}}).to_string();
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", "delivery-1"),
    ];
    // The second delivery is not processed.
    for most in [1500, 90] {
        let started = Instant::now();
        let response = deliver(&blog, Some(&sign(&push)), &headers, &push).await;
        assert_eq!(response.json(), json!({"status": "processed"}));
        assert!(started.elapsed() < Duration::from_millis(most), "{most}");
    }
}
