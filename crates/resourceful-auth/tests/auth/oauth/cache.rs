//! The issuer is asked once for several requests.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::json;

use super::{active, active_with, answer, introspection, now};
use crate::bearer::{client, send};

#[tokio::test]
async fn a_response_is_kept() {
    let upstream = Upstream::start();
    answer(&upstream, &active());
    let client = client(&introspection(&upstream));
    for _ in 0..3 {
        assert_eq!(send(&client, "t0ken").await.0, 200);
    }
    assert_eq!(upstream.requests().len(), 1);
    // A token that begins with it is another one.
    answer(&upstream, &json!({"active": false}));
    for token in ["t0ke", "t0ken2", "T0ken", "t0ken="] {
        for _ in 0..3 {
            assert_eq!(send(&client, token).await.0, 401, "{token}");
        }
    }
    assert_eq!(upstream.requests().len(), 5);
    assert_eq!(send(&client, "t0ken").await.0, 200);
}

#[tokio::test]
async fn nothing_is_kept_without_a_cache_time() {
    let upstream = Upstream::start();
    answer(&upstream, &active());
    let client = client(&introspection(&upstream).cache_time(Duration::ZERO));
    assert_eq!(send(&client, "t0ken").await.0, 200);
    answer(&upstream, &json!({"active": false}));
    assert_eq!(send(&client, "t0ken").await.0, 401);
    assert_eq!(upstream.requests().len(), 2);
}

/// A kept response ends with its token.
#[tokio::test]
async fn a_kept_token_expires() {
    let upstream = Upstream::start();
    answer(&upstream, &active_with("exp", json!(now() + 2)));
    let tokens = introspection(&upstream);
    assert!(tokens.verify("t0ken").await.is_ok());
    let deadline = Instant::now() + Duration::from_secs(10);
    while tokens.verify("t0ken").await.is_ok() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(upstream.requests().len(), 1);
}

/// Another clone has the same cache, also with another check.
#[tokio::test]
async fn clones_share_the_cache() {
    let upstream = Upstream::start();
    answer(&upstream, &active_with("scope", json!("posts:read")));
    let tokens = introspection(&upstream);
    assert!(tokens.verify("t0ken").await.is_ok());
    assert!(
        tokens
            .clone()
            .scope("posts:read")
            .verify("t0ken")
            .await
            .is_ok()
    );
    let error = tokens
        .clone()
        .scope("posts:write")
        .verify("t0ken")
        .await
        .unwrap_err();
    assert_eq!(error.status(), 403);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_hundred_who_wait_share_a_call() {
    for (response, status) in [
        (active(), 200),
        (json!({"active": false}), 401),
        (json!({}), 503),
    ] {
        let upstream = Upstream::start();
        answer(&upstream, &response);
        let client = client(&introspection(&upstream));
        let sent = (0..100).map(|_| send(&client, "t0ken"));
        assert!(join_all(sent).await.iter().all(|sent| sent.0 == status));
        assert_eq!(upstream.requests().len(), 1, "{response}");
    }
}

#[tokio::test]
async fn a_dropped_request_leaves_the_others() {
    let upstream = Upstream::start();
    let slow = Behaviour::Delayed(
        Duration::from_millis(300),
        Box::new(Behaviour::Json(active().to_string())),
    );
    upstream.on("/introspect", slow);
    let tokens = introspection(&upstream);
    let dropped =
        (0..50).map(|_| tokio::time::timeout(Duration::from_millis(20), tokens.verify("t0ken")));
    let (dropped, kept) = tokio::join!(join_all(dropped), tokens.verify("t0ken"));
    assert!(dropped.iter().all(Result::is_err));
    assert_eq!(kept.unwrap().sub, "alice");
    assert!(upstream.requests().len() <= 2, "{:?}", upstream.requests());
}
