//! Tower layers around an application on the library's own server.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, Method, StatusCode};
use resourceful::prelude::*;
use resourceful::{AsyncSocket, Body, ConnectionInfo, Event, EventStream, Message, Next, Socket};
use tokio::sync::mpsc;
use tokio_tungstenite::client_async;
use tower::layer::layer_fn;
use tower::timeout::TimeoutLayer;
use tower::util::{BoxCloneService, MapRequestLayer, MapResponseLayer};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

use super::{Raw, start};
use crate::fixture::{Log, app};

const ORIGIN: &str = "https://shop.example";

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin([HeaderValue::from_static(ORIGIN)])
        .allow_methods([Method::GET, Method::POST])
}

async fn panics(_: Request) -> Result<()> {
    panic!("as it was told")
}

async fn hangs(_: Request) -> Result<()> {
    std::future::pending().await
}

async fn forbidden(_: Request) -> Result<()> {
    Err(Error::forbidden("No."))
}

fn hello_text() -> String {
    "hello ".repeat(100)
}

async fn hello(_: Request) -> Result<String> {
    Ok(hello_text())
}

/// The promise: the fields of CORS are on every response, whoever made it.
#[tokio::test]
async fn every_response_passes_the_layers() {
    let app = app()
        .get("/panics", public(panics))
        .get("/hangs", public(hangs))
        .post("/hangs", public(hangs))
        .timeout(Duration::from_millis(50))
        .trusted_hosts(["x"])
        .layer(cors());
    let running = start(app).await;
    for (request, status) in [
        ("GET /posts/1", 200),
        ("HEAD /posts/1", 200),
        ("GET /posts/1/", 308),
        ("GET /posts/99", 404),
        ("GET /nowhere", 404),
        ("GET /%2e%2e", 400),
        ("PUT /posts", 405),
        ("GET /panics", 500),
        ("GET /hangs", 503),
        ("POST /hangs", 503),
        ("OPTIONS /posts", 200),
        ("GET /openapi.json", 200),
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(format!(
            "{request} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nConnection: close\r\n\r\n"
        ))
        .await;
        let answer = raw.read_to_end().await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        let field = format!("access-control-allow-origin: {ORIGIN}\r\n");
        assert_eq!(answer.matches(&field).count(), 1, "{request}: {answer}");
    }
    let mut raw = Raw::connect(running.address).await;
    raw.send(format!(
        "GET / HTTP/1.1\r\nHost: evil\r\nOrigin: {ORIGIN}\r\nConnection: close\r\n\r\n"
    ))
    .await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("access-control-allow-origin"), "{answer}");
}

#[tokio::test]
async fn a_preflight_works_at_every_path() {
    let client = TestClient::new(app().layer(cors())).unwrap();
    for path in ["/posts", "/posts/1", "/nowhere", "/"] {
        let request = client.request(Method::OPTIONS, path);
        let request = request
            .header("origin", ORIGIN)
            .header("access-control-request-method", "POST");
        let response = request.await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            response.headers()["access-control-allow-methods"],
            "GET,POST"
        );
    }
}

/// The status is the one that the client gets, the route is the registered one.
#[tokio::test]
async fn a_request_has_one_log_line() {
    let teapot = MapResponseLayer::new(|mut response: Response| {
        if response.status() == StatusCode::FORBIDDEN {
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
        }
        response
    });
    let app = app()
        .get("/no", public(forbidden))
        .layer(teapot)
        .layer(cors());
    let client = TestClient::new(app).unwrap();
    for (request, route, status) in [
        (client.get("/posts/1"), "/posts/{id}", 200),
        (client.get("/no"), "/no", 418),
        (client.get("/nowhere"), "", 404),
        (
            client
                .request(Method::OPTIONS, "/posts")
                .header("origin", ORIGIN)
                .header("access-control-request-method", "POST"),
            "/posts",
            200,
        ),
    ] {
        let log = Log::default();
        let listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
        assert_eq!(request.header("x-request-id", "a-1").await.status(), status);
        drop(listening);
        let text = log.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(&format!("route={route:?}")), "{text}");
        assert!(text.contains(&format!("status={status}")), "{text}");
        assert!(text.contains("id=a-1"), "{text}");
    }
}

#[tokio::test]
async fn the_client_and_the_route_are_known_inside() {
    async fn show(request: Request) -> Result<String> {
        let peer = request.peer().is_some_and(|peer| peer.ip().is_loopback());
        Ok(format!("{peer} {}", request.matched_path()))
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let layer = MapRequestLayer::new(move |request: http::Request<Body>| {
        let connection = request.extensions().get::<ConnectionInfo>();
        if connection.is_some_and(|connection| connection.peer_addr().is_some()) {
            count.fetch_add(1, SeqCst);
        }
        request
    });
    let running = start(App::new().get("/show/{it}", public(show)).layer(layer)).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /show/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let answer = raw.read_to_end().await;
    assert!(answer.ends_with("true /show/{it}"), "{answer}");
    assert_eq!(seen.load(SeqCst), 1);
}

/// Sends each message back.
pub(super) struct Echo;

impl AsyncSocket for Echo {
    type Access = Public;
    type Incoming = Message;
    type Outgoing = Message;

    async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
        while let Some(message) = socket.receive().await? {
            socket.send(&message).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_websocket_passes_cors_and_compression() {
    let app = App::new()
        .socket("/echo", Echo)
        .layer(CompressionLayer::new())
        .layer(cors());
    let running = start(app).await;
    let stream = tokio::net::TcpStream::connect(running.address)
        .await
        .unwrap();
    let request = http::Request::get("/echo")
        .header("host", "x")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("accept-encoding", "gzip")
        .uri(format!("ws://{}/echo", running.address))
        .body(())
        .unwrap();
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    socket.send("hello".into()).await.unwrap();
    assert_eq!(
        socket.next().await.unwrap().unwrap().to_text().unwrap(),
        "hello"
    );
}

/// Events are not compressed: a browser sees each when it happens.
#[tokio::test]
async fn events_come_as_they_happen() {
    async fn ticks(request: Request) -> Result<EventStream> {
        Ok(EventStream::new(&request, |events| async move {
            events.send(Event::new("first")).await?;
            std::future::pending().await
        }))
    }
    let app = App::new()
        .get("/", public(ticks))
        .layer(CompressionLayer::new());
    let running = start(app).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        .await;
    let answer = raw.read_until("data: first\n\n").await;
    assert!(!answer.contains("content-encoding"), "{answer}");
}

/// A compressed stream sends each part before the next one is there.
#[tokio::test]
async fn a_compressed_stream_does_not_wait_for_its_end() {
    let (parts, receiver) = mpsc::unbounded_channel::<&'static str>();
    let receiver = Arc::new(std::sync::Mutex::new(Some(receiver)));
    let stream = move |_: Request| {
        let mut receiver = receiver.lock().unwrap().take().unwrap();
        async move {
            let parts = async_stream(move |cx| receiver.poll_recv(cx));
            let mut response = Response::new(Body::from_stream(parts.map(Ok::<_, Error>)));
            let text = HeaderValue::from_static("text/plain");
            response.headers_mut().insert("content-type", text);
            Ok::<_, Error>(response)
        }
    };
    let app = App::new()
        .get("/", public(stream))
        .layer(CompressionLayer::new());
    let running = start(app).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        .await;
    parts.send("the first part of all of them").unwrap();
    let head = raw.read_until("\r\n\r\n").await;
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    let mut bytes = head.split_once("\r\n\r\n").unwrap().1.len();
    // A header of gzip has ten bytes: more than those are data.
    let mut buffer = [0; 1024];
    while bytes < 30 {
        let read = tokio::io::AsyncReadExt::read(&mut raw.0, &mut buffer).await;
        bytes += read.unwrap();
    }
    drop(parts);
}

fn async_stream<T>(
    poll: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>>,
) -> impl futures_util::Stream<Item = T> {
    futures_util::stream::poll_fn(poll)
}

#[tokio::test]
async fn the_last_layer_is_the_outermost() {
    let mark = |name: &'static str| {
        MapResponseLayer::new(move |mut response: Response| {
            let name = HeaderValue::from_static(name);
            response.headers_mut().append("x-layers", name);
            response
        })
    };
    let inner = App::new().get("/in", public(hello)).layer(mark("nested"));
    let app = App::new()
        .get("/out", public(hello))
        .layer(mark("first"))
        .nest("/sub", inner)
        .layer(mark("second"));
    let client = TestClient::new(app).unwrap();
    let marks = async |path: &str| {
        let response = client.get(path).await;
        let marks = response.headers().get_all("x-layers").iter();
        let marks: Vec<_> = marks
            .map(|mark| mark.to_str().unwrap().to_owned())
            .collect();
        marks.join(" ")
    };
    assert_eq!(marks("/out").await, "first second");
    assert_eq!(marks("/sub/in").await, "nested first second");
    assert_eq!(marks("/sub/in/").await, "first second");
    assert_eq!(marks("/nowhere").await, "first second");
}

#[tokio::test]
async fn the_faults_of_layers_are_responses() {
    type Service = BoxCloneService<http::Request<Body>, Response, std::io::Error>;
    let fails = layer_fn(|_: Next| -> Service {
        BoxCloneService::new(tower::service_fn(|_| async {
            Err(std::io::Error::other("secret"))
        }))
    });
    let panics = layer_fn(|_: Next| {
        tower::service_fn(|_: http::Request<Body>| async {
            panic!("secret");
            #[expect(unreachable_code, reason = "it is the type")]
            Ok::<_, Infallible>(Response::default())
        })
    });
    let hangs = layer_fn(|_: Next| {
        tower::service_fn(|_: http::Request<Body>| {
            std::future::pending::<Result<Response, Infallible>>()
        })
    });
    let forgets = layer_fn(|next: Next| {
        tower::service_fn(move |_: http::Request<Body>| {
            next.clone().oneshot(http::Request::new(Body::empty()))
        })
    });
    let app = || {
        App::new()
            .get("/", public(hello))
            .timeout(Duration::from_millis(1))
    };
    for (app, status) in [
        (app().layer(fails), 500),
        (app().layer(panics), 500),
        (app().layer(hangs), 503),
        (app().layer(forgets), 500),
    ] {
        let response = TestClient::new(app.layer(cors())).unwrap().get("/").await;
        assert_eq!(response.status(), status);
        assert_eq!(response.json()["status"], status);
        assert!(!response.text().contains("secret"));
    }
}

/// A layer that gives up drops the request inside; an unsafe one still runs to its end.
#[tokio::test]
async fn an_unsafe_request_runs_to_its_end() {
    let (done, mut is_done) = mpsc::unbounded_channel();
    let slow = move |_: Request| {
        let done = done.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            done.send(()).unwrap();
            Ok::<_, Error>("done")
        }
    };
    let limit = ServiceBuilder::new().layer(TimeoutLayer::new(Duration::from_millis(10)));
    let app = App::new().post("/", public(slow)).layer(limit);
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.post("/").await.status(), 500);
    is_done.recv().await.unwrap();
}

/// A layer may send a request twice.
#[tokio::test]
async fn a_layer_can_try_again() {
    let twice = layer_fn(|next: Next| {
        tower::service_fn(move |request: http::Request<Body>| {
            let next = next.clone();
            async move {
                let (parts, _) = request.into_parts();
                let first = http::Request::from_parts(parts.clone(), Body::empty());
                let _ = next.clone().oneshot(first).await;
                let second = http::Request::from_parts(parts, Body::empty());
                next.oneshot(second).await
            }
        })
    });
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let count = move |_: Request| {
        let call = counted.fetch_add(1, SeqCst);
        async move { Ok::<_, Error>(format!("{call}")) }
    };
    let app = App::new().get("/", public(count)).layer(twice);
    assert_eq!(TestClient::new(app).unwrap().get("/").await.text(), "1");
    assert_eq!(calls.load(SeqCst), 2);
}

/// A stop waits for what runs inside layers, and runs the hooks.
#[tokio::test]
async fn a_stop_is_the_same_with_layers() {
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (stopped, mut has_stopped) = mpsc::unbounded_channel();
    let slow = move |_: Request| {
        begun.send(()).unwrap();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok::<_, Error>("done")
        }
    };
    let app = App::new()
        .get("/", public(slow))
        .layer(CompressionLayer::new())
        .on_stop(move || async move {
            let _ = stopped.send(());
            Ok(())
        });
    let running = start(app).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    has_begun.recv().await.unwrap();
    running.stop.send(()).unwrap();
    assert!(raw.read_to_end().await.ends_with("done"));
    running.outcome.await.unwrap().unwrap();
    has_stopped.recv().await.unwrap();
}

/// A strong tag names the bytes; those of the compressed response are others.
#[tokio::test]
async fn a_compressed_response_has_a_weak_tag() {
    async fn tagged(_: Request) -> Result<Response> {
        let mut response = hello_text().into_response();
        let tag = HeaderValue::from_static("\"1\"");
        response.headers_mut().insert("etag", tag);
        Ok(response)
    }
    let app = App::new()
        .get("/", public(tagged))
        .layer(CompressionLayer::new());
    let client = TestClient::new(app).unwrap();
    let compressed = client.get("/").header("accept-encoding", "gzip").await;
    assert_eq!(compressed.headers()["content-encoding"], "gzip");
    assert_eq!(compressed.headers()["etag"], "W/\"1\"");
    assert_eq!(client.get("/").await.headers()["etag"], "\"1\"");
}

/// A mounted application logs its requests itself, but not those that a layer answers.
#[tokio::test]
async fn a_mounted_application_in_layers_has_one_log_line() {
    let teapot = MapResponseLayer::new(|mut response: Response| {
        if response.status() == StatusCode::NOT_FOUND {
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
        }
        response
    });
    let inner = App::new().get("/hello", public(hello)).build().unwrap();
    let app = App::new()
        .mount("/m", public(inner))
        .layer(teapot)
        .layer(cors());
    let client = TestClient::new(app).unwrap();
    let preflight = client.request(Method::OPTIONS, "/m/hello");
    for (request, status) in [
        (client.get("/m/hello"), 200),
        (client.get("/m/nowhere"), 418),
        (
            preflight
                .header("origin", ORIGIN)
                .header("access-control-request-method", "POST"),
            200,
        ),
    ] {
        let log = Log::default();
        let listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
        assert_eq!(request.await.status(), status);
        drop(listening);
        let text = log.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(&format!("status={status}")), "{text}");
    }
}

/// The outer layers see the response to a panic of an inner one.
#[tokio::test]
async fn a_panic_of_a_layer_passes_the_outer_layers() {
    let panics = MapResponseLayer::new(|_: Response| -> Response { panic!("secret") });
    let app = App::new()
        .get("/", public(hello))
        .layer(panics)
        .layer(cors());
    let client = TestClient::new(app).unwrap();
    let response = client.get("/").header("origin", ORIGIN).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
}

/// Ranges are those of the content, so their parts are not compressed.
#[tokio::test]
async fn a_request_for_a_range_is_not_compressed() {
    let app = App::new()
        .get("/", public(hello))
        .layer(CompressionLayer::new());
    let client = TestClient::new(app).unwrap();
    let request = client.get("/").header("accept-encoding", "gzip");
    let response = request.header("range", "bytes=0-1,3-4").await;
    assert!(response.headers().get("content-encoding").is_none());
}
