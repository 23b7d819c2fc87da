//! HTTP/2, with clients that mean harm and one that does not.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::Server;
use resourceful::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Raw, Running, run, start};
use crate::fixture::app;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame of this type and flags on this stream (RFC 9113 section 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(content.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(content);
    frame
}

/// `GET path` on `stream`.
pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    request(0x82, stream, path)
}

/// `POST path` on `stream`, without a body.
pub(super) fn post(stream: u32, path: &str) -> Vec<u8> {
    request(0x83, stream, path)
}

/// HPACK without compression (RFC 7541 section 6.2.2); the method is an index of its static table.
fn request(method: u8, stream: u32, path: &str) -> Vec<u8> {
    let mut block = vec![method, 0x86]; // :scheme http
    for (index, value) in [(4, path), (1, "x")] {
        block.extend([index, u8::try_from(value.len()).unwrap()]);
        block.extend(value.bytes());
    }
    frame(1, 0b101, stream, &block) // HEADERS, END_STREAM and END_HEADERS
}

/// HPACK without compression (RFC 7541 section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.bytes());
        }
    }
    block
}

/// Status (200, or any other as 400) and body of a `GET` with these fields.
pub(super) async fn ask(running: &Running, fields: &[(&str, &str)]) -> String {
    let mut head = vec![(":method", "GET"), (":scheme", "http")];
    head.extend(fields);
    let head = frame(1, 0b101, 1, &block(&head));
    let mut raw = Raw::connect(running.address).await;
    raw.send([PREFACE, &frame(4, 0, 0, &[]), &head].concat())
        .await;
    let (mut status, mut body) = ("", Vec::new());
    loop {
        let mut head = [0; 9];
        raw.0.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut content = vec![0; length as usize];
        raw.0.read_exact(&mut content).await.unwrap();
        match head[3] {
            0 => body.extend(content),
            1 => status = if content[0] == 0x88 { "200" } else { "400" },
            3 | 7 => return format!("{} reset", head[3]),
            _ => continue,
        }
        if head[4] & 1 == 1 {
            return format!("{status} {}", String::from_utf8(body).unwrap());
        }
    }
}

async fn connect(running: &Running) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(running.address).await.unwrap();
    let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.unwrap();
    tokio::spawn(connection);
    sender
}

async fn is_unharmed(sender: &mut SendRequest<Full<Bytes>>) {
    let request = http::Request::get("http://x/posts/1")
        .body(Full::default())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"id":1,"title":"Post 1"}"#);
}

/// The error code of the GOAWAY that ends these frames.
pub(super) fn goaway(mut bytes: &[u8]) -> Option<u32> {
    while bytes.len() >= 9 {
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let content = bytes.get(9..9 + length)?;
        if bytes[3] == 7 {
            return Some(u32::from_be_bytes(content[4..8].try_into().unwrap()));
        }
        bytes = &bytes[9 + length..];
    }
    None
}

/// Sends `flood` until the server has had enough, and reads what it says.
async fn flood(running: &Running, flood: Vec<u8>) -> Option<u32> {
    let mut raw = Raw::connect(running.address).await;
    raw.send(PREFACE).await;
    raw.send(frame(4, 0, 0, &[])).await;
    let (mut read, mut write) = raw.0.into_split();
    let sending = tokio::spawn(async move { while write.write_all(&flood).await.is_ok() {} });
    let mut answer = Vec::new();
    let _ = read.read_to_end(&mut answer).await;
    sending.abort();
    goaway(&answer)
}

#[tokio::test]
async fn floods_of_control_frames_are_told_to_go() {
    let running = start(app()).await;
    let mut honest = connect(&running).await;
    for (name, one) in [
        ("PING", frame(6, 0, 0, &[7; 8])),
        ("SETTINGS", frame(4, 0, 0, &[])),
        ("PRIORITY", frame(2, 0, 1, &[0, 0, 0, 0, 9])),
        ("unknown", frame(99, 0, 0, &[0; 5])),
    ] {
        assert!(flood(&running, one.repeat(100)).await.is_some(), "{name}");
        is_unharmed(&mut honest).await;
    }
}

/// CVE-2023-44487: a client may have a hundred requests at a time, not by resetting them more.
#[tokio::test]
async fn a_rapid_reset_is_told_to_go() {
    let running = start(app()).await;
    let mut honest = connect(&running).await;
    let mut resets = Vec::new();
    for stream in (1..20_000).step_by(2) {
        resets.extend(get(stream, "/posts/1"));
        resets.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    assert_eq!(flood(&running, resets).await, Some(11)); // ENHANCE_YOUR_CALM
    is_unharmed(&mut honest).await;
}

/// `/long` is more than any window.
async fn with_long_answer() -> Server {
    async fn long(_: Request) -> Result<Response> {
        Ok(Response::new(vec![b'x'; 8 << 20].into()))
    }
    let app = app().get("/long", public(long));
    app.bind("127.0.0.1:0").await.unwrap()
}

/// A client that opens no window for its answer.
#[tokio::test]
async fn an_answer_that_is_not_read_ends_the_connection() {
    let server = with_long_answer().await;
    let time = Duration::from_millis(300);
    let running = run(server.write_timeout(time).http2_keep_alive(time, time));
    let mut raw = Raw::connect(running.address).await;
    raw.send([PREFACE, &frame(4, 0, 0, &[]), &get(1, "/long")].concat())
        .await;
    let started = Instant::now();
    let mut answer = Vec::new();
    raw.0.read_to_end(&mut answer).await.unwrap();
    assert_eq!(goaway(&answer), Some(0));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_long_answer_that_is_read_comes_whole() {
    let server = with_long_answer().await;
    let running = run(server.write_timeout(Duration::from_millis(300)));
    let mut sender = connect(&running).await;
    let request = http::Request::get("http://x/long")
        .body(Full::default())
        .unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    let mut length = 0;
    while let Some(part) = body.frame().await {
        length += part.unwrap().into_data().unwrap().len();
        // Slower in all than the limit, which is for each part.
        if length % (1 << 20) == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert_eq!(length, 8 << 20);
}

/// RFC 9113 section 8.1.1: a length that is not that of the DATA is malformed.
#[tokio::test]
async fn a_length_that_is_not_true_is_reset() {
    let running = start(app()).await;
    for (length, data) in [("5", &b"{}"[..]), ("1", b"{}")] {
        let mut block = vec![0x83, 0x86]; // :method POST
        for (index, value) in [(4, "/posts"), (1, "x")] {
            block.extend([index, u8::try_from(value.len()).unwrap()]);
            block.extend(value.bytes());
        }
        block.extend([0x0f, 28 - 15, 1]); // content-length
        block.extend(length.bytes());
        let mut raw = Raw::connect(running.address).await;
        let head = frame(1, 0b100, 1, &block);
        let body = frame(0, 1, 1, data);
        raw.send([PREFACE, &frame(4, 0, 0, &[]), &head, &body].concat())
            .await;
        let mut answer = Vec::new();
        // RST_STREAM with PROTOCOL_ERROR, or the GOAWAY of a connection error.
        while !answer
            .windows(13)
            .any(|frame| frame[3] == 3 && frame[9..13] == [0, 0, 0, 1])
            && goaway(&answer).is_none()
        {
            let count = raw.0.read_buf(&mut answer).await.unwrap();
            assert!(count > 0, "{length}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn header_fields_over_the_limit_are_431() {
    let running = start(app()).await;
    let mut sender = connect(&running).await;
    let request = http::Request::get("http://x/posts/1").header("x-long", "a".repeat(20_000));
    let response = sender
        .send_request(request.body(Full::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 431);
    is_unharmed(&mut sender).await;
}

#[tokio::test]
async fn a_stop_finishes_what_runs() {
    async fn slow(_: Request) -> Result<&'static str> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok("done")
    }
    let running = start(app().get("/slow", public(slow))).await;
    let mut sender = connect(&running).await;
    is_unharmed(&mut sender).await;
    let request = http::Request::get("http://x/slow")
        .body(Full::default())
        .unwrap();
    let answer = tokio::spawn(sender.send_request(request));
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.stop.send(()).unwrap();
    let body = answer.await.unwrap().unwrap().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "done");
    running.outcome.await.unwrap().unwrap();
}

/// A laptop that was closed does not answer the PING that asks whether it has read the GOAWAY.
#[tokio::test]
async fn a_client_that_sleeps_does_not_hold_a_stop() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send([PREFACE, &frame(4, 0, 0, &[]), &get(1, "/posts/1")].concat())
        .await;
    let mut answer = Vec::new();
    while !answer.windows(6).any(|bytes| bytes == b"Post 1") {
        raw.0.read_buf(&mut answer).await.unwrap();
    }
    let started = Instant::now();
    running.stop.send(()).unwrap();
    running.outcome.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// What h2 still holds when a request is done is sent before a stop is.
#[tokio::test]
async fn a_stop_sends_what_is_done_but_not_sent() {
    async fn long(_: Request) -> Result<Response> {
        Ok(Response::new(vec![b'x'; 300_000].into()))
    }
    let running = start(app().get("/long", public(long))).await;
    let mut sender = connect(&running).await;
    let mut bodies = Vec::new();
    for _ in 0..10 {
        let request = http::Request::get("http://x/long")
            .body(Full::default())
            .unwrap();
        bodies.push(sender.send_request(request).await.unwrap().into_body());
    }
    running.stop.send(()).unwrap();
    // One after the other, for longer than the client is waited for that does nothing.
    for body in bodies {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 300_000);
    }
    running.outcome.await.unwrap().unwrap();
}

/// One byte of window is enough for hyper to hand all of a small answer to h2.
#[tokio::test]
async fn a_small_window_does_not_hold_small_answers_for_ever() {
    async fn small(_: Request) -> Result<Response> {
        Ok(Response::new(vec![b'x'; 20_000].into()))
    }
    let server = app()
        .get("/small", public(small))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let running = run(server.write_timeout(Duration::from_millis(300)));
    let mut raw = Raw::connect(running.address).await;
    let narrow = frame(4, 0, 0, &[0, 4, 0, 0, 0, 1]);
    raw.send([PREFACE, &narrow, &get(1, "/small")].concat())
        .await;
    let started = Instant::now();
    let mut answer = Vec::new();
    raw.0.read_to_end(&mut answer).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Answers what it is asked, as a living client does, until it is told to go.
async fn answer_pings(raw: &mut Raw) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut answered = 0;
    while raw.0.read_buf(&mut answer).await.unwrap() > 0 {
        while let Some(length) = answer.get(answered..answered + 9) {
            let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
            let Some(question) = answer.get(answered..answered + 9 + length) else {
                break;
            };
            if question[3] == 6 && question[4] == 0 {
                // The server may have closed.
                let _ = raw.0.write_all(&frame(6, 1, 0, &question[9..])).await;
            }
            answered += 9 + length;
        }
    }
    answer
}

#[tokio::test]
async fn a_client_that_asks_nothing_is_told_to_go() {
    let time = Duration::from_millis(200);
    for request in [vec![], get(1, "/posts/1")] {
        let server = app().bind("127.0.0.1:0").await.unwrap();
        let running = run(server.idle_timeout(time).http2_keep_alive(time / 4, time));
        let mut raw = Raw::connect(running.address).await;
        let settings = frame(4, 0, 0, &[]);
        raw.send([PREFACE, &settings, &request].concat()).await;
        let answer = answer_pings(&mut raw);
        let answer = tokio::time::timeout(25 * time, answer).await.unwrap();
        assert_eq!(goaway(&answer), Some(0));
    }
}

/// However long its answer is silent.
#[tokio::test]
async fn a_client_that_waits_for_an_answer_is_not_idle() {
    async fn slow(_: Request) -> Result<Response> {
        let parts = futures_util::stream::unfold(0, |number| async move {
            tokio::time::sleep(Duration::from_millis(600)).await;
            (number < 2).then_some((Ok::<_, Error>("part"), number + 1))
        });
        Ok(Response::new(resourceful::Body::from_stream(parts)))
    }
    let app = app().get("/slow", public(slow));
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let running = run(server.idle_timeout(Duration::from_millis(200)));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("http://x/slow");
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let body = sender.send_request(request).await.unwrap().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "partpart");
    let closed = tokio::time::timeout(Duration::from_secs(5), connection).await;
    closed.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_path_has_the_characters_of_one() {
    let running = start(app()).await;
    for character in "\\\"<>^`{|}\u{7f}\u{1}\u{e9}".chars() {
        let path = format!("/posts/1{character}");
        let answer = ask(&running, &[(":path", &path), (":authority", "x")]).await;
        assert!(!answer.starts_with("200"), "{character:?}: {answer}");
    }
    for query in ["{|}^\\`", "%C3%A9", ""] {
        let path = format!("/posts/1?a={query}");
        let answer = ask(&running, &[(":path", &path), (":authority", "x")]).await;
        assert!(answer.starts_with("200"), "{query}: {answer}");
    }
    let path = "/posts/1?a=\u{e9}";
    let answer = ask(&running, &[(":path", path), (":authority", "x")]).await;
    assert!(answer.starts_with("400"), "{answer}");
}

/// RFC 9113 section 8.2.3, for views and for what is mounted.
#[tokio::test]
async fn cookies_that_were_split_are_one_field() {
    fn told(headers: &http::HeaderMap) -> String {
        let fields: Vec<_> = headers.get_all("cookie").iter().collect();
        format!("{fields:?}")
    }
    async fn view(request: Request) -> Result<String> {
        Ok(told(request.headers()))
    }
    let inner =
        axum::Router::new().fallback(|request: http::Request<axum::body::Body>| async move {
            told(request.headers())
        });
    let app = App::new()
        .get("/", public(view))
        .mount("/in", public(inner));
    let running = start(app).await;
    for path in ["/", "/in"] {
        for (cookies, expected) in [
            (&["a=1", "b=2", "c=3; d=4"][..], r#"["a=1; b=2; c=3; d=4"]"#),
            (&["a=1"], r#"["a=1"]"#),
            (&[], "[]"),
        ] {
            // Other fields stay as they are.
            let mut fields = vec![
                (":path", path),
                (":authority", "x"),
                ("x-a", "1"),
                ("x-a", "2"),
            ];
            fields.extend(cookies.iter().map(|cookie| ("cookie", *cookie)));
            assert_eq!(ask(&running, &fields).await, format!("200 {expected}"));
        }
    }
}
