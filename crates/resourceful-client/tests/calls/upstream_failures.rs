//! Failures of the upstream, one by one.

use std::time::{Duration, Instant};

use resourceful::Error;
use resourceful_client::{Client, ClientError};
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::{Map, Value};

use crate::{builder, client};

/// Returns the error of a call to an upstream with this behaviour.
async fn failure(behaviour: Behaviour) -> ClientError {
    let upstream = Upstream::start();
    upstream.on("/", behaviour);
    let client = builder(&upstream).retries(0).build().unwrap();
    let result = client.get("/").fetch::<Map<String, Value>>().await;
    result.unwrap_err()
}

type Matches = fn(&ClientError) -> bool;

#[tokio::test]
async fn each_failure_returns_its_error_in_time() {
    let html = "<html><body>Sorry</body></html>".to_owned();
    let response = |status, body: &str| Behaviour::Respond(status, String::new(), body.to_owned());
    let interrupted: Matches = |error| matches!(error, ClientError::Interrupted(_));
    let timeout: Matches = |error| matches!(error, ClientError::Timeout);
    let status: Matches = |error| error.status().is_some_and(|status| status == 500);
    let decode: Matches = |error| matches!(error, ClientError::Decode(_));
    let large: Matches = |error| matches!(error, ClientError::TooLarge { .. });
    let slow = Behaviour::Delayed(Duration::from_secs(9), Box::new(response("200 OK", "{}")));
    for (behaviour, is_expected, expected_status) in [
        (Behaviour::Reset, interrupted, 502),
        (Behaviour::Truncated("200 OK"), interrupted, 502),
        (Behaviour::Hang, timeout, 504),
        (Behaviour::Drip, timeout, 504),
        (slow, timeout, 504),
        (response("500 Internal Server Error", "{}"), status, 502),
        (response("200 OK", &html), decode, 502),
        (response("200 OK", "[1, 2]"), decode, 502),
        (response("200 OK", "{\"a\": NaN}"), decode, 502),
        (response("204 No Content", ""), decode, 502),
        (Behaviour::Huge(1 << 30, ""), large, 502),
        (
            Behaviour::Huge(1 << 30, "Content-Length: 1073741824\r\n"),
            large,
            502,
        ),
    ] {
        let text = format!("{behaviour:?}");
        let started = Instant::now();
        let error = failure(behaviour).await;
        let time = started.elapsed();
        assert!(is_expected(&error), "{text}: {error:?}");
        assert_eq!(Error::from(error).status(), expected_status, "{text}");
        assert!(time < Duration::from_millis(1500), "{text}: {time:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(&format!("http://{address}")).unwrap();
    let error = client.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Connect(_)), "{error:?}");
    assert_eq!(Error::from(error).status(), 502);
}

#[tokio::test]
async fn the_detail_for_clients_has_no_internals() {
    let upstream = Upstream::start();
    upstream.on("/", Behaviour::Reset);
    let error = client(&upstream).get("/").send().await.unwrap_err();
    let error = Error::from(error);
    assert_eq!(error.detail(), Some("The external service failed."));
    // The text for the log has the cause.
    assert!(
        error
            .to_string()
            .contains("connection to the upstream broke"),
        "{error}"
    );
}
