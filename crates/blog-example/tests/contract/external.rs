//! `GET /endpoint/`.

use std::time::{Duration, Instant};

use resourceful_test_parts::Behaviour;

use crate::blog::{Blog, UPSTREAM_TIMEOUT, bad_days};

crate::on_both_databases! {
    an_object_is_passed_on_byte_for_byte,
    every_failure_of_the_upstream_is_a_gateway_error,
    both_methods_are_allowed,
}

async fn an_object_is_passed_on_byte_for_byte(blog: Blog) {
    let odd = r#"{"b": 1.0,"a": 123456789012345678901234567890, "a": "\u00e9\ud83d\ude00"}"#;
    blog.upstream.json("/data", format!(" {odd}\n"));
    let response = blog
        .client
        .get("/endpoint/")
        .header("x-request-id", "abc-1")
        .await;
    assert_eq!((response.status().as_u16(), response.text()), (200, odd));
    assert!(blog.upstream.requests()[0].contains("x-request-id: abc-1\r\n"));
}

async fn every_failure_of_the_upstream_is_a_gateway_error(blog: Blog) {
    for (behaviour, is_late) in bad_days() {
        let text = format!("{behaviour:?}");
        blog.upstream.on("/data", behaviour);
        let started = Instant::now();
        let response = blog.client.get("/endpoint/").await;
        let (status, error) = if is_late {
            (504, "External API timeout")
        } else {
            (502, "External API error")
        };
        assert_eq!(response.status(), status, "{text}");
        assert_eq!(response.json()["error"], error, "{text}");
        let time = started.elapsed();
        assert!(
            time < UPSTREAM_TIMEOUT + Duration::from_millis(500),
            "{text}: {time:?}"
        );
    }
    for invalid in [
        "[1, 2]",
        "\"text\"",
        "7",
        "null",
        "",
        "{\"a\": \"\\ud800\"}",
    ] {
        blog.upstream
            .on("/data", Behaviour::Json(invalid.to_owned()));
        let response = blog.client.get("/endpoint/").await;
        assert_eq!(response.status(), 502, "{invalid}");
    }
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    blog.upstream.json("/data", deep);
    assert_eq!(blog.client.get("/endpoint/").await.status(), 502);
}

async fn both_methods_are_allowed(blog: Blog) {
    let response = blog.client.put("/endpoint/").await;
    assert_eq!(response.headers()["allow"], "GET, HEAD, POST, OPTIONS");
}
