//! Limits on size and concurrency.

use std::time::Duration;

use resourceful_client::ClientError;
use resourceful_test_parts::{Behaviour, Upstream};

use crate::builder;

#[tokio::test]
async fn a_response_at_the_limit_is_read_and_one_byte_more_is_not() {
    let upstream = Upstream::start();
    let client = builder(&upstream).max_response_size(10).build().unwrap();
    upstream.json("/", r#""12345678""#);
    assert_eq!(client.get("/").fetch::<String>().await.unwrap(), "12345678");
    upstream.json("/", r#""123456789""#);
    let error = client.get("/").fetch::<String>().await.unwrap_err();
    assert!(
        matches!(error, ClientError::TooLarge { limit: 10 }),
        "{error:?}"
    );
}

#[tokio::test]
async fn concurrent_calls_are_limited() {
    let upstream = Upstream::start();
    let response = Box::new(Behaviour::Json("1".to_owned()));
    upstream.on("/", Behaviour::Delayed(Duration::from_millis(50), response));
    let client = builder(&upstream).max_concurrent_calls(3).build().unwrap();
    let calls = (0..9).map(|_| client.get("/").fetch::<i64>());
    let results = resourceful::gather(9, calls).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(upstream.max_concurrent(), 3);
}

#[tokio::test]
async fn waiting_for_a_permit_counts_against_the_timeout() {
    let upstream = Upstream::start();
    upstream.on("/hang", Behaviour::Hang);
    upstream.json("/", "1");
    let client = builder(&upstream).max_concurrent_calls(1).build().unwrap();
    let long = client.get("/hang").timeout(Duration::from_secs(2));
    let long = tokio::spawn(long.send());
    while upstream.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_timeout());
    assert!(long.await.unwrap().unwrap_err().is_timeout());
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
}
