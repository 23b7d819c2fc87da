//! A tower service on our server: an axum router, with all limits.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use resourceful::{Body, ConnectionInfo, Listener, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::http2::{PREFACE, frame};
use super::{Raw, Running, run};
use crate::fixture::app;

const LIMIT: Duration = Duration::from_millis(400);

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

fn router() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: String| async move { body }))
        .route("/long", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/panic", get(panics))
}

async fn panics() -> StatusCode {
    panic!("as expected")
}

async fn bind(router: Router) -> Server {
    Server::bind("127.0.0.1:0", router).await.unwrap()
}

async fn respond(running: &Running, request: &str) -> String {
    let mut raw = Raw::connect(running.address).await;
    raw.send(request).await;
    raw.0.shutdown().await.unwrap();
    raw.read_to_end().await
}

#[tokio::test]
async fn an_axum_router_is_served() {
    let running = run(bind(router()).await);
    let mut raw = Raw::connect(running.address).await;
    raw.send(GET).await;
    let response = raw.read_until("hello").await;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    // The connection is kept.
    raw.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nback")
        .await;
    raw.read_until("back").await;
    let response = respond(&running, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    let response = respond(&running, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(response.contains("content-length: 5\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\n"), "{response}");
}

#[tokio::test]
async fn http2_is_served() {
    let running = run(bind(router()).await);
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    for method in ["GET", "HEAD"] {
        let request = http::Request::builder().method(method).uri("http://x/");
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, if method == "GET" { "hello" } else { "" });
    }
    let missing = http::Request::get("http://x/none").body(Empty::new());
    let response = sender.send_request(missing.unwrap()).await.unwrap();
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn a_slow_head_gets_408() {
    let running = run(bind(router()).await.header_read_timeout(LIMIT));
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: ").await;
    let started = Instant::now();
    let response = raw.read_to_end().await;
    assert!(started.elapsed() < 3 * LIMIT);
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
}

#[tokio::test]
async fn bad_heads_get_problems() {
    let running = run(bind(router()).await.max_header_bytes(1024));
    let long = "x".repeat(2000);
    for (head, status) in [
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {long}"), 431),
        (format!("GET /{long} HTTP/1.1\r\nHost: x"), 414),
        ("nonsense".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: y".to_owned(), 400),
        ("GET /#a HTTP/1.1\r\nHost: x".to_owned(), 400),
        (
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0".to_owned(),
            400,
        ),
    ] {
        let response = respond(&running, &format!("{head}\r\n\r\n")).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(response.starts_with(&expected), "{head}: {response}");
        assert!(response.contains("application/problem+json"), "{response}");
    }
}

/// The minimum rate of request bodies: the service gets an error, the client a response.
#[tokio::test(start_paused = true)]
async fn a_slow_body_ends_after_10_seconds() {
    let running = run(bind(router()).await);
    let mut raw = Raw::connect(running.address).await;
    let started = tokio::time::Instant::now();
    raw.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nba")
        .await;
    let response = raw.read_to_end().await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(response.contains("connection: close"), "{response}");
    let time = started.elapsed();
    assert!((10..15).contains(&time.as_secs()), "{time:?}");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let running = run(bind(router()).await.idle_timeout(LIMIT));
    let mut raw = Raw::connect(running.address).await;
    raw.send(GET).await;
    raw.read_until("hello").await;
    let started = Instant::now();
    assert_eq!(raw.read_to_end().await, "");
    assert!(started.elapsed() < 3 * LIMIT);
}

#[tokio::test]
async fn a_response_that_is_not_read_is_cut_off() {
    let running = run(bind(router()).await.write_timeout(LIMIT));
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(4 * LIMIT).await;
    let mut read = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match raw.0.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(length) => read += length,
        }
    }
    assert!(read < 64 << 20, "{read}");
}

#[tokio::test]
async fn connections_over_the_limit_wait() {
    let running = run(bind(router()).await.max_connections(1));
    let mut first = Raw::connect(running.address).await;
    first.send(GET).await;
    first.read_until("hello").await;
    let mut second = Raw::connect(running.address).await;
    second.send(GET).await;
    let mut byte = [0; 1];
    let early = tokio::time::timeout(LIMIT, second.0.peek(&mut byte)).await;
    assert!(early.is_err());
    drop(first);
    second.read_until("hello").await;
}

#[tokio::test]
async fn a_flood_of_http2_pings_gets_a_goaway() {
    let running = run(bind(router()).await);
    let mut raw = Raw::connect(running.address).await;
    raw.send([PREFACE, &frame(4, 0, 0, &[])].concat()).await;
    let (mut reader, mut writer) = tokio::io::split(raw.0);
    let ping = frame(6, 0, 0, &[0; 8]).repeat(1000);
    let flood = tokio::spawn(async move { while writer.write_all(&ping).await.is_ok() {} });
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes).await;
    flood.abort();
    let mut last = 0;
    let mut at = 0;
    while let Some([a, b, c, kind]) = bytes.get(at..at + 4) {
        last = *kind;
        at += 9 + u32::from_be_bytes([0, *a, *b, *c]) as usize;
    }
    assert_eq!(last, 7, "GOAWAY");
}

#[tokio::test]
async fn a_panic_gets_500_and_the_server_goes_on() {
    let running = run(bind(router()).await);
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /panic HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let response = raw.read_until("}").await;
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    assert!(!response.contains("as expected"), "{response}");
    raw.send(GET).await;
    raw.read_until("hello").await;
    assert!(respond(&running, GET).await.ends_with("hello"));
}

#[tokio::test]
async fn an_error_of_the_service_gets_500() {
    let service =
        tower::service_fn(|_: http::Request<Body>| async { Err::<Response, _>("no database") });
    let running = run(Server::bind("127.0.0.1:0", service).await.unwrap());
    let response = respond(&running, GET).await;
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
    assert!(!response.contains("database"), "{response}");
}

#[tokio::test]
async fn a_service_need_not_be_sync() {
    let service = tower::service_fn(|_: http::Request<Body>| async {
        Ok::<_, Infallible>(Response::new("hello".into()))
    });
    let service = tower::util::BoxCloneService::new(service);
    let running = run(Server::bind("127.0.0.1:0", service).await.unwrap());
    assert!(respond(&running, GET).await.ends_with("hello"));
}

#[tokio::test]
async fn a_stop_waits_for_running_requests() {
    #[derive(Default)]
    struct Slow {
        begun: Notify,
        end: Notify,
    }

    async fn slow(State(slow): State<Arc<Slow>>) -> &'static str {
        slow.begun.notify_one();
        slow.end.notified().await;
        "done."
    }

    let state = Arc::new(Slow::default());
    let router = Router::new().route("/slow", get(slow));
    let router = router.with_state(Arc::clone(&state)).merge(self::router());
    let running = run(bind(router).await);
    let mut busy = Raw::connect(running.address).await;
    busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut idle = Raw::connect(running.address).await;
    idle.send(GET).await;
    idle.read_until("hello").await;
    state.begun.notified().await;

    running.stop.send(()).unwrap();
    assert_eq!(idle.read_to_end().await, "");
    assert!(TcpStream::connect(running.address).await.is_err());
    state.end.notify_one();
    let response = busy.read_to_end().await;
    assert!(response.ends_with("done."), "{response}");
    running.outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_aborted_at_the_shutdown_timeout() {
    let router = Router::new().route("/", get(std::future::pending::<StatusCode>));
    let running = run(bind(router).await.shutdown_timeout(LIMIT));
    let mut raw = Raw::connect(running.address).await;
    raw.send(GET).await;
    sleep(LIMIT).await;
    running.stop.send(()).unwrap();
    assert!(running.outcome.await.unwrap().is_err());
    assert_eq!(raw.read_to_end().await, "");
}

#[tokio::test]
async fn requests_carry_their_connection() {
    async fn peer(request: axum::extract::Request) -> String {
        let connection = request.extensions().get::<ConnectionInfo>().unwrap();
        format!("{:?} {}", connection.peer_addr(), connection.is_encrypted())
    }
    let running = run(bind(Router::new().route("/", get(peer))).await);
    let mut raw = Raw::connect(running.address).await;
    let local = raw.0.local_addr().unwrap();
    raw.send(GET).await;
    raw.read_until(&format!("Some({local}) false")).await;
}

#[tokio::test]
async fn an_application_inside_a_router_knows_its_client() {
    async fn client(request: Request) -> Result<String> {
        Ok(format!("{:?}.", request.client_ip()))
    }
    let inner = App::new().get("/ip", public(client)).build().unwrap();
    let running = run(bind(Router::new().nest_service("/api", inner)).await);
    let response = respond(&running, "GET /api/ip HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(response.ends_with("Some(127.0.0.1)."), "{response}");
}

#[tokio::test]
async fn an_application_without_layers_keeps_its_hooks() {
    let (sender, started) = tokio::sync::oneshot::channel();
    let app = app().on_start(|| async { sender.send(()).map_err(|()| Error::internal("no test")) });
    let service = app.build().unwrap();
    let _running = run(Server::bind("127.0.0.1:0", service).await.unwrap());
    started.await.unwrap();
}

#[tokio::test]
async fn a_unix_socket_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("axum.sock");
    let listener = Listener::unix(&path).await.unwrap();
    let _running = run(Server::new(listener, router()));
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.ends_with("hello"), "{response}");
}
