//! Starts the example and sends requests to it.

#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::time::Duration;

use reqwest::header::ACCEPT;
use resourceful_test_parts::{Process, Redis};
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(20);

fn start() -> Process {
    Process::start(&mut Command::new(env!("CARGO_BIN_EXE_events")))
}

fn publish(example: &Process, cents: u64) {
    let body = format!(r#"{{"symbol":"RSRC","cents":{cents}}}"#);
    assert_eq!(example.send("POST", "/prices", &body).status, 201);
}

/// A client of the stream.
struct Reader {
    response: reqwest::Response,
    text: String,
}

impl Reader {
    async fn connect(example: &Process, last_seen: Option<&str>) -> Self {
        let url = format!("http://{}/prices/events", example.address);
        let mut request = reqwest::Client::new().get(url);
        if let Some(id) = last_seen {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.header(ACCEPT, "text/event-stream").send();
        let response = response.await.unwrap().error_for_status().unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let text = String::new();
        Self { response, text }
    }

    /// The next event; `None` after a clean end of the stream.
    async fn next(&mut self) -> Option<String> {
        loop {
            let event = self.next_block().await?;
            // The id of the place at which the stream begins is no event.
            if !event.starts_with("id: ") {
                return Some(event);
            }
        }
    }

    /// The lines before the next empty one.
    async fn next_block(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(event);
            }
            let chunk = timeout(TIMEOUT, self.response.chunk()).await;
            let chunk = chunk.expect("an event in time").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn take(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }
}

fn id(event: &str) -> &str {
    event.split_once("\nid: ").unwrap().1
}

fn data(event: &str) -> &str {
    event.lines().next().unwrap()
}

#[tokio::test]
async fn a_client_that_reconnects_misses_no_event() {
    let example = start();
    let mut ada = Reader::connect(&example, None).await;
    let mut bob = Reader::connect(&example, None).await;
    for cents in 1..=3 {
        publish(&example, cents);
    }
    let first = ada.take(3).await;
    assert_eq!(data(&first[2]), r#"data: {"symbol":"RSRC","cents":3}"#);
    assert_eq!(bob.take(3).await, first);

    // Ada disconnects; the last event that she processed is the second one.
    drop(ada);
    for cents in 4..=5 {
        publish(&example, cents);
    }
    let mut ada = Reader::connect(&example, Some(id(&first[1]))).await;
    let missed = ada.take(3).await;
    assert_eq!(missed[0], first[2]);
    assert_eq!(missed[1..], bob.take(2).await);
    publish(&example, 6);
    assert_eq!(ada.take(1).await, bob.take(1).await);
}

#[tokio::test]
async fn a_client_that_reconnects_too_late_gets_the_event_missed() {
    let example = start();
    let mut reader = Reader::connect(&example, None).await;
    publish(&example, 0);
    let first = reader.take(1).await;
    for cents in 1..=257 {
        publish(&example, cents);
    }
    let mut late = Reader::connect(&example, Some(id(&first[0]))).await;
    let missed = late.next().await.unwrap();
    assert_eq!(
        missed,
        format!("data: 1\nevent: missed\nid: {}", id(&first[0]))
    );
    let kept = late.take(256).await;
    assert_eq!(data(&kept[0]), r#"data: {"symbol":"RSRC","cents":2}"#);
    assert_eq!(data(&kept[255]), r#"data: {"symbol":"RSRC","cents":257}"#);
    // A client that continues misses no further event.
    let mut reader = Reader::connect(&example, Some(id(&kept[254]))).await;
    assert_eq!(reader.take(1).await, kept[255..]);

    for unknown in ["0", "99999999999999999999-1", "what?"] {
        let mut reader = Reader::connect(&example, Some(unknown)).await;
        let missed = reader.next().await.unwrap();
        assert!(missed.starts_with("data: \nevent: missed\n"), "{missed}");
        publish(&example, 300);
        let next = reader.take(1).await;
        assert_eq!(data(&next[0]), r#"data: {"symbol":"RSRC","cents":300}"#);
        // It continues also if it was told alone.
        let mut reader = Reader::connect(&example, Some(id(&missed))).await;
        assert_eq!(reader.take(1).await, next);
    }
}

#[tokio::test]
async fn a_client_that_has_no_event_yet_misses_none() {
    let example = start();
    for cents in 1..=2 {
        let mut ada = Reader::connect(&example, None).await;
        let begin = ada.next_block().await.unwrap();
        let begin = begin.strip_prefix("id: ").unwrap().to_owned();
        drop(ada);
        publish(&example, cents);
        let mut ada = Reader::connect(&example, Some(&begin)).await;
        let first = ada.take(1).await;
        assert_eq!(
            data(&first[0]),
            format!(r#"data: {{"symbol":"RSRC","cents":{cents}}}"#)
        );
    }
}

#[tokio::test]
async fn a_client_continues_on_another_replica() {
    let redis = Redis::start();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_events"));
        Process::start(command.env("REDIS_URL", redis.url()))
    };
    let (one, other) = (start(), start());
    let mut ada = Reader::connect(&one, None).await;
    let mut bob = Reader::connect(&other, None).await;
    for cents in 1..=10 {
        publish(if cents % 2 == 0 { &one } else { &other }, cents);
    }
    let first = ada.take(10).await;
    assert_eq!(bob.take(10).await, first);
    for (cents, event) in (1..).zip(&first) {
        let expected = format!(r#"data: {{"symbol":"RSRC","cents":{cents}}}"#);
        assert_eq!(data(event), expected);
    }

    // The replica of Ada is killed; she has processed the fourth event.
    one.signal("-KILL");
    publish(&other, 11);
    let mut ada = Reader::connect(&other, Some(id(&first[3]))).await;
    let missed = ada.take(7).await;
    assert_eq!(missed[..6], first[4..]);
    assert_eq!(missed[6..], bob.take(1).await);
}

#[tokio::test]
async fn a_stream_ends_at_shutdown() {
    let example = start();
    let mut reader = Reader::connect(&example, None).await;
    publish(&example, 1);
    reader.take(1).await;
    let stopped = tokio::task::spawn_blocking(|| example.stop("-TERM"));
    assert_eq!(reader.next().await, None);
    // If the shutdown timeout had cut it off, the process would have failed.
    assert!(stopped.await.unwrap().1);
}

#[test]
fn an_invalid_price_is_rejected() {
    let example = start();
    let response = example.send("POST", "/prices", r#"{"symbol":""}"#);
    assert_eq!(response.status, 422);
    for pointer in ["#/symbol", "#/cents"] {
        assert!(response.body.contains(pointer), "{}", response.body);
    }
    assert!(example.stop("-INT").1);
}
