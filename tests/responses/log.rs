//! The log of requests.

use std::future::IntoFuture as _;
use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{Body, EventStream, TestRequest};

use crate::fixture::{Log, app};

/// The log lines of a request.
async fn lines(request: TestRequest) -> Vec<String> {
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
    let _ = tokio::time::timeout(Duration::from_millis(200), request.into_future()).await;
    log.text().lines().map(str::to_owned).collect()
}

fn client() -> TestClient {
    async fn stream(_: Request) -> Result<Response> {
        let parts = ["one ", "two"].map(Ok::<_, Error>);
        Ok(Response::new(Body::from_stream(
            futures_util::stream::iter(parts),
        )))
    }
    async fn hang(_: Request) -> Result<()> {
        std::future::pending().await
    }
    let app = app()
        .get("/stream", public(stream))
        .get("/hang", public(hang))
        .get("/quiet", public(stream).without_telemetry())
        .health();
    TestClient::new(app).unwrap()
}

/// Method, pattern, id, status, time and bytes, whether it reached an endpoint or not.
#[tokio::test]
async fn each_request_has_one_line() {
    let client = client();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (request, expected) in [
        (
            client.get("/posts/1").header("x-request-id", "a-1"),
            ["GET", "/posts/{id}", "a-1", "200", "25"],
        ),
        (
            client.get("/posts/1").header("traceparent", parent),
            [
                "GET",
                "/posts/{id}",
                "4bf92f3577b34da6a3ce929d0e0e4736",
                "200",
                "25",
            ],
        ),
        (
            client.get("/nowhere").header("x-request-id", "a-2"),
            ["GET", "", "a-2", "404", ""],
        ),
        (
            client.delete("/stream").header("x-request-id", "a-3"),
            ["DELETE", "/stream", "a-3", "405", ""],
        ),
        (
            client.get("/stream").header("x-request-id", "a-4"),
            ["GET", "/stream", "a-4", "200", "7"],
        ),
    ] {
        let [method, route, id, status, bytes] = expected;
        let lines = lines(request).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        for part in [
            format!("method={method} "),
            format!("route=\"{route}\""),
            format!("id={id}"),
            format!("request completed status={status} microseconds="),
            format!(" bytes={bytes}"),
        ] {
            assert!(line.contains(&part), "{part}: {line}");
        }
    }
}

#[tokio::test]
async fn an_aborted_request_has_one_line() {
    let lines = lines(client().get("/hang")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("request abandoned microseconds="),
        "{lines:?}"
    );
}

#[tokio::test]
async fn health_checks_have_no_line() {
    for path in ["/livez", "/readyz", "/quiet"] {
        assert_eq!(
            lines(client().get(path)).await,
            Vec::<String>::new(),
            "{path}"
        );
    }
}

/// Texts that end a line, move the cursor or reverse the text direction.
const FORGED: &str = "x\n2026-01-01 INFO request{id=1}: request completed status=200\r\u{1b}[2J\u{7}\u{7f}\u{85}\u{9b}31m\
     \u{2028}\u{2029}\u{202e}\u{2066}\0";

/// The cause of an error, a panic, a check and a path: each event is one line of visible ASCII.
#[tokio::test]
async fn foreign_texts_stay_on_their_line() {
    async fn fail(_: Request) -> Result<()> {
        let cause = std::io::Error::other(FORGED);
        Err(Error::internal(cause).with_detail(FORGED))
    }
    async fn panics(_: Request) -> Result<()> {
        panic!("{FORGED}")
    }
    async fn events(request: Request) -> Result<EventStream> {
        Ok(EventStream::new(&request, |_| async {
            Err(Error::internal(FORGED))
        }))
    }
    let app = App::new()
        .get("/fail", public(fail))
        .get("/panics", public(panics))
        .get("/events", public(events))
        .map_problem(|_, _| panic!("{FORGED}"))
        .health()
        .ready_check(FORGED, || async { Err(Error::internal(FORGED)) });
    let client = TestClient::new(app).unwrap();
    for path in [
        "/fail",
        "/panics",
        "/events",
        "/readyz",
        "/%0A%1B%E2%80%A8?%0A",
    ] {
        let lines = lines(client.get(path)).await;
        assert!(!lines.is_empty(), "{path}");
        for line in lines {
            let is_visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
            assert!(line.bytes().all(is_visible), "{path}: {line:?}");
            assert!(line.contains(" resourceful::"), "{path}: {line:?}");
            // Quoted values cannot add fields.
            assert!(!line.contains("error=") || line.contains("error=\""));
        }
    }
}

/// An id that is more than a word is replaced.
#[tokio::test]
async fn an_unsafe_request_id_is_replaced() {
    let client = client();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for id in [
        "1}: request completed status=200",
        "a b",
        "a\tb",
        "{a}",
        "\"a\"",
        "",
        &"x".repeat(129),
    ] {
        let request = client.get("/posts/1").header("x-request-id", id);
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let lines = lines(request.header("traceparent", &parent)).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(&format!(" id={trace}")), "{lines:?}");
    }
}
