use std::sync::Arc;

use http_body_util::Full;
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Raw, Running, start};

/// What a transaction tells of itself.
#[derive(Debug, PartialEq)]
enum Event {
    Polled,
    Committed,
    /// Dropped before it was committed.
    Cancelled,
}

/// A transaction in two halves, with a client that goes away between them.
struct Transaction {
    events: UnboundedSender<Event>,
    go_on: Notify,
}

struct Guard<'t>(&'t Transaction, bool);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let event = if self.1 {
            Event::Committed
        } else {
            Event::Cancelled
        };
        let _ = self.0.events.send(event);
    }
}

#[endpoint]
async fn commit(transaction: &Arc<Transaction>) -> Result<()> {
    let mut guard = Guard(transaction, false);
    let mut go_on = std::pin::pin!(transaction.go_on.notified());
    std::future::poll_fn(|cx| {
        let _ = transaction.events.send(Event::Polled);
        go_on.as_mut().poll(cx)
    })
    .await;
    guard.1 = true;
    Ok(())
}

async fn start_transaction() -> (Running, Arc<Transaction>, UnboundedReceiver<Event>) {
    let (events, received) = unbounded_channel();
    let transaction = Arc::new(Transaction {
        events,
        go_on: Notify::new(),
    });
    let view = public(commit).state(&transaction);
    let running = start(App::new().post("/commit", view)).await;
    (running, transaction, received)
}

/// Begins a transaction over HTTP/1 and resets the connection.
async fn reset_http1(running: &Running, events: &mut UnboundedReceiver<Event>) {
    let mut raw = Raw::connect(running.address).await;
    raw.send("POST /commit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert_eq!(events.recv().await, Some(Event::Polled));
    raw.0.set_zero_linger().unwrap(); // a reset, not a close
    drop(raw);
}

async fn last(mut events: UnboundedReceiver<Event>) -> Option<Event> {
    loop {
        match events.recv().await {
            Some(Event::Polled) => {}
            event => return event,
        }
    }
}

#[tokio::test]
async fn http1_an_unsafe_request_runs_to_its_end() {
    let (running, transaction, mut events) = start_transaction().await;
    reset_http1(&running, &mut events).await;
    transaction.go_on.notify_one();
    assert_eq!(last(events).await, Some(Event::Committed));
}

/// Begins a transaction over HTTP/2 and resets its stream. The server has seen it when the
/// request is polled by somebody else.
async fn reset_http2(running: &Running, events: &mut UnboundedReceiver<Event>) {
    let stream = TcpStream::connect(running.address).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut sender, connection) = handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post(format!("http://{}/commit", running.address));
    let request = request.body(Full::new(bytes::Bytes::new())).unwrap();
    let response = tokio::spawn(sender.send_request(request));
    assert_eq!(events.recv().await, Some(Event::Polled));
    response.abort();
    assert_eq!(events.recv().await, Some(Event::Polled));
}

#[tokio::test]
async fn http2_an_unsafe_request_runs_to_its_end() {
    let (running, transaction, mut events) = start_transaction().await;
    reset_http2(&running, &mut events).await;
    transaction.go_on.notify_one();
    assert_eq!(last(events).await, Some(Event::Committed));
}

#[tokio::test]
async fn the_drain_waits_for_requests_whose_clients_went_away() {
    let (running, transaction, mut events) = start_transaction().await;
    reset_http2(&running, &mut events).await;
    running.stop.send(()).unwrap();
    tokio::task::yield_now().await;
    assert!(!running.outcome.is_finished());
    transaction.go_on.notify_one();
    running.outcome.await.unwrap().unwrap();
    assert_eq!(last(events).await, Some(Event::Committed));
}

/// The connection is gone, and its stream's task has not noticed: the drain knows of it.
#[tokio::test]
async fn the_drain_waits_for_streams_whose_connection_is_gone() {
    let (running, transaction, mut events) = start_transaction().await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::post(format!("http://{}/commit", running.address));
    let request = request.body(Full::new(bytes::Bytes::new())).unwrap();
    let response = tokio::spawn(sender.send_request(request));
    assert_eq!(events.recv().await, Some(Event::Polled));
    connection.abort();
    response.abort();
    running.stop.send(()).unwrap();
    tokio::task::yield_now().await;
    transaction.go_on.notify_one();
    running.outcome.await.unwrap().unwrap();
    assert_eq!(last(events).await, Some(Event::Committed));
}
