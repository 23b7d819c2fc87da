//! Clients that owe something for too long.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use resourceful::Body;
use resourceful::prelude::*;
use tokio::time::{Sleep, sleep};

use super::{Raw, Running, run};
use crate::fixture::app;

const LIMIT: Duration = Duration::from_millis(400);

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(100);

/// A server that is patient in everything but one thing.
async fn start(app: App, header: Duration, idle: Duration, write: Duration) -> Running {
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let server = server.header_read_timeout(header).idle_timeout(idle);
    run(server.write_timeout(write))
}

/// What comes until the end, which must come in time: at the limit, not before.
async fn ends_at_the_limit(raw: &mut Raw) -> String {
    let started = Instant::now();
    let text = raw.read_to_end().await;
    let time = started.elapsed();
    assert!(time < 3 * LIMIT, "{time:?}");
    text
}

#[tokio::test]
async fn half_a_head_is_told_408() {
    let running = start(app(), LIMIT, NEVER, NEVER).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\nX-Long: ")
        .await;
    let answer = ends_at_the_limit(&mut raw).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_head_that_drips_does_not_gain_time() {
    let running = start(app(), LIMIT, NEVER, NEVER).await;
    let mut raw = Raw::connect(running.address).await;
    let started = Instant::now();
    raw.send("GET /posts/1 HTTP/1.1\r\nX-Long: ").await;
    let mut next = [0; 1];
    loop {
        tokio::select! {
            _ = raw.0.readable() => break,
            () = sleep(Duration::from_millis(20)) => raw.send("x").await,
        }
    }
    assert!(raw.0.try_read(&mut next).is_ok());
    assert!(started.elapsed() < 3 * LIMIT);
}

#[tokio::test]
async fn the_next_head_has_its_own_time() {
    let running = start(app(), LIMIT, NEVER, NEVER).await;
    let mut raw = Raw::connect(running.address).await;
    for _ in 0..3 {
        raw.send("GET /posts/1 HTTP/1.1\r\n").await;
        sleep(LIMIT / 2).await;
        raw.send("Host: x\r\n\r\n").await;
        assert!(raw.read_until("}").await.starts_with("HTTP/1.1 200 "));
    }
    raw.send("GET /posts/1 HT").await;
    let answer = ends_at_the_limit(&mut raw).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let running = start(app(), NEVER, LIMIT, NEVER).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    raw.read_until("}").await;
    assert_eq!(ends_at_the_limit(&mut raw).await, "");
}

/// Silent for twice the limit, then it speaks.
struct Late(Option<Pin<Box<Sleep>>>);

impl HttpBody for Late {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(silence) = &mut self.0 else {
            return Poll::Ready(None);
        };
        std::task::ready!(silence.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"at last")))))
    }
}

#[tokio::test]
async fn what_is_served_has_its_time() {
    async fn slow(mut request: Request) -> Result<String> {
        let length = request.bytes().await?.len();
        sleep(2 * LIMIT).await;
        Ok(format!("{length} done."))
    }
    async fn stream(_: Request) -> Result<Response> {
        Ok(Response::new(Body::new(Late(Some(Box::pin(sleep(
            2 * LIMIT,
        )))))))
    }
    let app = app()
        .post("/slow", public(slow))
        .get("/stream", public(stream));
    let running = start(app, LIMIT, LIMIT, LIMIT).await;

    let mut raw = Raw::connect(running.address).await;
    let head =
        "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    raw.send(head).await;
    raw.read_until("100 Continue\r\n\r\n").await;
    // The body's time is another.
    sleep(2 * LIMIT).await;
    raw.send("four").await;
    assert!(raw.read_until("done.").await.contains("4 done."));

    raw.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await;
    raw.read_until("at last\r\n0\r\n\r\n").await;
    assert_eq!(ends_at_the_limit(&mut raw).await, "");
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_cut_off() {
    async fn long(_: Request) -> Result<Response> {
        Ok(Response::new(vec![b'x'; 64 << 20].into()))
    }
    let app = app().get("/long", public(long));
    let running = start(app, NEVER, NEVER, LIMIT).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(4 * LIMIT).await;
    let mut read = 0;
    let mut buffer = vec![0; 1 << 16];
    let error = loop {
        match tokio::io::AsyncReadExt::read(&mut raw.0, &mut buffer).await {
            Ok(0) => panic!("a close would keep what is unsent, and would not stop a sender"),
            Ok(length) => read += length,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(read < 64 << 20, "{read}");
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_is_not() {
    async fn long(_: Request) -> Result<Response> {
        Ok(Response::new(vec![b'x'; 8 << 20].into()))
    }
    let app = app().get("/long", public(long));
    let running = start(app, LIMIT, LIMIT, LIMIT).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    let mut pauses = 0;
    loop {
        match tokio::io::AsyncReadExt::read(&mut raw.0, &mut buffer)
            .await
            .unwrap()
        {
            0 => break,
            length => read += length,
        }
        if pauses < 8 {
            pauses += 1;
            sleep(LIMIT / 4).await;
        }
    }
    assert!(read > 8 << 20, "{read}");
}

#[tokio::test]
async fn connections_over_the_limit_wait_until_one_is_closed() {
    let server = app().bind("127.0.0.1:0").await.unwrap();
    let running = run(server.max_connections(2));
    let request = "GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut raw = Raw::connect(running.address).await;
        raw.send(request).await;
        raw.read_until("}").await;
        open.push(raw);
    }
    let mut third = Raw::connect(running.address).await;
    third.send(request).await;
    let mut byte = [0; 1];
    let early = tokio::time::timeout(LIMIT, third.0.peek(&mut byte)).await;
    assert!(early.is_err());
    open.pop();
    assert!(third.read_until("}").await.starts_with("HTTP/1.1 200 "));
}
