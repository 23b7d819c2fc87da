use std::sync::Arc;

use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{Raw, start};

/// A transaction in two halves, with a client that goes away between them.
#[derive(Default)]
struct Transaction {
    half: Notify,
    go_on: Notify,
    whole: Notify,
}

async fn commit(transaction: Arc<Transaction>, _: Request) -> Result<()> {
    transaction.half.notify_one();
    transaction.go_on.notified().await;
    transaction.whole.notify_one();
    Ok(())
}

fn app(transaction: &Arc<Transaction>) -> App {
    App::new().post(
        "/commit",
        public(with_state(Arc::clone(transaction), commit)),
    )
}

#[tokio::test]
async fn http1_an_unsafe_request_runs_to_its_end() {
    let transaction = Arc::new(Transaction::default());
    let running = start(app(&transaction)).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("POST /commit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await;
    transaction.half.notified().await;
    raw.0.set_zero_linger().unwrap(); // the connection is reset, not closed
    drop(raw);
    // The server has noticed when a new connection was served after the reset.
    let mut other = Raw::connect(running.address).await;
    other.send("GET /commit HTTP/1.1\r\nHost: x\r\n\r\n").await;
    other.read_until("}").await;

    transaction.go_on.notify_one();
    transaction.whole.notified().await;
}

#[tokio::test]
async fn http2_an_unsafe_request_runs_to_its_end() {
    let transaction = Arc::new(Transaction::default());
    let running = start(app(&transaction)).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::post(format!("http://{}/commit", running.address));
    let request = request.body(Full::new(bytes::Bytes::new())).unwrap();
    let response = tokio::spawn(sender.send_request(request));
    transaction.half.notified().await;
    response.abort(); // resets the stream
    let _ = response.await;
    connection.abort(); // and the connection
    let _ = connection.await;

    transaction.go_on.notify_one();
    transaction.whole.notified().await;
}

#[tokio::test]
async fn the_drain_waits_for_a_request_whose_client_went_away() {
    let transaction = Arc::new(Transaction::default());
    let running = start(app(&transaction)).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("POST /commit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await;
    transaction.half.notified().await;
    raw.0.set_zero_linger().unwrap();
    drop(raw);

    running.stop.send(()).unwrap();
    transaction.go_on.notify_one();
    running.outcome.await.unwrap().unwrap();
    transaction.whole.notified().await;
}
