//! Retries of failed calls.

use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use resourceful_client::ClientError;
use resourceful_test_parts::{Behaviour, Upstream};

use crate::http2_upstream::Connection::{Answers, GoesAway, Refuses};
use crate::http2_upstream::{Http2Upstream, trusting};
use crate::{builder, client};

fn unavailable(headers: &str) -> Behaviour {
    Behaviour::Respond("503 Service Unavailable", headers.to_owned(), String::new())
}

fn then_one(first: Behaviour) -> Behaviour {
    Behaviour::Sequence(Box::new(first), Box::new(Behaviour::Json("1".to_owned())))
}

#[tokio::test]
async fn a_safe_call_is_retried() {
    for first in [
        Behaviour::Reset,
        Behaviour::Truncated("200 OK"),
        unavailable(""),
    ] {
        let upstream = Upstream::start();
        upstream.on("/", then_one(first));
        assert_eq!(client(&upstream).get("/").fetch::<i64>().await.unwrap(), 1);
        assert_eq!(upstream.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_unsafe_call_is_retried_only_with_a_key() {
    let upstream = Upstream::start();
    upstream.on("/", then_one(unavailable("")));
    let error = client(&upstream)
        .post("/")
        .json(&1)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(upstream.requests().len(), 1);

    upstream.on("/", then_one(unavailable("")));
    let call = client(&upstream)
        .post("/")
        .json(&1)
        .idempotency_key("order-7");
    assert_eq!(call.fetch::<i64>().await.unwrap(), 1);
    let requests = upstream.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests[1..]
            .iter()
            .all(|head| head.contains("idempotency-key: order-7\r\n"))
    );
}

#[tokio::test]
async fn a_call_whose_first_attempt_still_runs_is_retried_with_its_key() {
    let upstream = Upstream::start();
    let conflict =
        |headers: &str| Behaviour::Respond("409 Conflict", headers.to_owned(), String::new());
    let retry_after = "Retry-After: 0\r\n";
    let send = |key: Option<&str>| {
        let call = client(&upstream).post("/").json(&1);
        match key {
            Some(key) => call.idempotency_key(key),
            None => call,
        }
    };
    upstream.on("/", then_one(conflict(retry_after)));
    assert_eq!(send(Some("order-7")).fetch::<i64>().await.unwrap(), 1);
    assert_eq!(upstream.requests().len(), 2);
    for (headers, key) in [("", Some("order-7")), (retry_after, None)] {
        upstream.on("/", then_one(conflict(headers)));
        let error = send(key).send().await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::CONFLICT), "{headers}");
    }
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn permanent_errors_are_not_retried() {
    let upstream = Upstream::start();
    for status in [
        "400 Bad Request",
        "404 Not Found",
        "500 Internal Server Error",
    ] {
        upstream.on(
            "/",
            Behaviour::Respond(status, String::new(), String::new()),
        );
        client(&upstream).get("/").send().await.unwrap_err();
    }
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_call_fails_after_its_retries() {
    let upstream = Upstream::start();
    upstream.on("/", Behaviour::Reset);
    builder(&upstream)
        .retries(3)
        .build()
        .unwrap()
        .get("/")
        .send()
        .await
        .unwrap_err();
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn retry_after_is_honoured_within_the_deadline() {
    let upstream = Upstream::start();
    upstream.on("/", then_one(unavailable("Retry-After: 1\r\n")));
    let patient = builder(&upstream)
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let started = Instant::now();
    assert_eq!(patient.get("/").fetch::<i64>().await.unwrap(), 1);
    assert!(started.elapsed() >= Duration::from_secs(1));

    // A date in the past requests no pause.
    let past = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    upstream.on("/", then_one(unavailable(past)));
    assert_eq!(client(&upstream).get("/").fetch::<i64>().await.unwrap(), 1);
}

#[tokio::test]
async fn a_retry_after_beyond_the_deadline_ends_the_call_at_once() {
    let upstream = Upstream::start();
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
    let digits = "9".repeat(1000);
    for (number, time) in [
        "60",
        "18446744073709551615",
        "18446744073709551616",
        &digits,
        &date,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "0\r\nRetry-After: 60",
    ]
    .into_iter()
    .enumerate()
    {
        let header = format!("Retry-After: {time}\r\n");
        upstream.on("/", then_one(unavailable(&header)));
        let started = Instant::now();
        let client = builder(&upstream).timeout(Duration::from_secs(30)).build();
        let error = client.unwrap().get("/").send().await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(started.elapsed() < Duration::from_secs(15), "{time}");
        assert_eq!(upstream.requests().len(), number + 1, "{time}");
    }
}

#[tokio::test]
async fn one_deadline_covers_all_attempts() {
    let upstream = Upstream::start();
    let slow = Behaviour::Delayed(Duration::from_millis(400), Box::new(unavailable("")));
    upstream.on("/", slow);
    let started = Instant::now();
    let stubborn = builder(&upstream).retries(100).build().unwrap();
    stubborn.get("/").send().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(1500));
}

#[tokio::test]
async fn huge_durations_do_not_overflow() {
    let upstream = Upstream::start();
    for seconds in ["18446744073709551615", "9223372036854775807"] {
        for status in ["404 Not Found", "503 Service Unavailable"] {
            let header = format!("Retry-After: {seconds}\r\n");
            upstream.on("/", Behaviour::Respond(status, header, String::new()));
            let error = client(&upstream).get("/").send().await.unwrap_err();
            assert!(error.status().is_some(), "{error}");
        }
    }
    upstream.json("/", "1");
    let call = client(&upstream).get("/").timeout(Duration::MAX);
    assert_eq!(call.fetch::<i64>().await.unwrap(), 1);
}

#[tokio::test]
async fn the_status_counts_even_if_the_body_fails() {
    let upstream = Upstream::start();
    let long = "x".repeat(20_000_000);
    upstream.on(
        "/",
        Behaviour::Respond("404 Not Found", String::new(), long),
    );
    let error = client(&upstream).get("/").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    upstream.on("/", Behaviour::Truncated("404 Not Found"));
    let error = client(&upstream).get("/").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    assert_eq!(upstream.requests().len(), 2);
}

#[test]
fn all_attempts_are_counted_over_http2_too() {
    trusting("retries::all_attempts_are_counted_over_http2_too", async {
        for behaviour in [Refuses, GoesAway] {
            for (retries, attempts) in [(0, 1), (2, 3)] {
                let upstream = Http2Upstream::start([behaviour]).await;
                let client = upstream.builder().retries(retries).build().unwrap();
                for call in [client.get("/"), client.post("/").json(&1)] {
                    let before = upstream.requests();
                    let error = call.send().await.unwrap_err();
                    assert!(matches!(error, ClientError::Interrupted(_)), "{error:?}");
                    assert_eq!(upstream.requests() - before, attempts, "{behaviour:?}");
                }
            }
        }
    });
}

#[test]
fn an_unprocessed_request_is_retried_with_any_method() {
    const NAME: &str = "retries::an_unprocessed_request_is_retried_with_any_method";
    trusting(NAME, async {
        let upstream = Http2Upstream::start([GoesAway, Answers]).await;
        let client = upstream.client();
        let call = client.post("/").json(&1);
        assert_eq!(call.fetch::<i64>().await.unwrap(), 1);
        assert_eq!((upstream.connections(), upstream.requests()), (2, 2));
    });
}
