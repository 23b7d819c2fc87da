use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use resourceful::prelude::*;
use tokio::sync::Notify;

use super::layers::Echo;
use super::{Raw, run, start};
use crate::fixture::app;

/// Says when it has begun, and ends when it is told to.
#[derive(Default)]
struct Slow {
    begun: Notify,
    end: Notify,
}

#[endpoint]
async fn slow(state: &Arc<Slow>) -> Result<&'static str> {
    state.begun.notify_one();
    state.end.notified().await;
    Ok("done.")
}

#[tokio::test]
async fn what_runs_is_finished_and_nothing_new_is_accepted() {
    let state = Arc::new(Slow::default());
    let running = start(app().get("/slow", public(slow).state(&state))).await;
    let mut busy = Raw::connect(running.address).await;
    busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut idle = Raw::connect(running.address).await;
    idle.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    idle.read_until("}").await;
    state.begun.notified().await;

    running.stop.send(()).unwrap();
    assert_eq!(idle.read_to_end().await, ""); // an idle connection is closed
    assert!(
        tokio::net::TcpStream::connect(running.address)
            .await
            .is_err()
    );
    state.end.notify_one();
    let answer = busy.read_to_end().await;
    assert!(answer.ends_with("done."), "{answer}");
    running.outcome.await.unwrap().unwrap();
}

/// Half a head is nothing that was begun.
#[tokio::test]
async fn half_a_head_does_not_hold_a_stop() {
    let running = start(app()).await;
    let mut first = Raw::connect(running.address).await;
    first.send("GET /posts/1 HTTP/1.1\r\nHost: ").await;
    let mut second = Raw::connect(running.address).await;
    second
        .send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    second.read_until("}").await;
    second.send("GET /posts/1 HTTP/1.1\r\n").await;
    // The server has read both when it answers a third.
    let mut third = Raw::connect(running.address).await;
    third.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    third.read_until("}").await;

    let started = Instant::now();
    running.stop.send(()).unwrap();
    running.outcome.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Its request may be on its way.
#[tokio::test]
async fn a_client_that_has_just_connected_may_still_send_its_request() {
    for (before, after) in [
        ("", "GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("GET /posts/1 HTTP/1.1\r\nHo", "st: x\r\n\r\n"),
    ] {
        let server = app().bind("127.0.0.1:0").await.unwrap();
        // It may send its request for 2 s, the most.
        let running = run(server.shutdown_timeout(Duration::from_secs(100)));
        let mut fresh = Raw::connect(running.address).await;
        fresh.send(before).await;
        // It is accepted after that one.
        let mut idle = Raw::connect(running.address).await;
        idle.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
        idle.read_until("}").await;

        running.stop.send(()).unwrap();
        assert_eq!(idle.read_to_end().await, "");
        fresh.send(after).await;
        let answer = fresh.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        running.outcome.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_sends_nothing_holds_a_stop_for_a_tenth_of_its_timeout() {
    const TIMEOUT: Duration = Duration::from_secs(2);
    let server = app().bind("127.0.0.1:0").await.unwrap();
    let running = run(server.shutdown_timeout(TIMEOUT));
    let mut silent = Raw::connect(running.address).await;
    let mut idle = Raw::connect(running.address).await;
    idle.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    idle.read_until("}").await;
    let started = Instant::now();
    running.stop.send(()).unwrap();
    running.outcome.await.unwrap().unwrap();
    assert!(started.elapsed() >= TIMEOUT / 10);
    assert_eq!(silent.read_to_end().await, "");
}

/// So a proxy keeps none of them when the server closes them.
#[tokio::test]
async fn responses_in_the_delay_close_their_connections() {
    const GET: &str = "GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    let app = app().health().socket("/echo", Echo);
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let running = run(server.shutdown_delay(Duration::from_secs(100)));
    let mut kept = Raw::connect(running.address).await;
    for _ in 0..2 {
        kept.send(GET).await;
        let answer = kept.read_until("}").await;
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    running.stop.send(()).unwrap();
    loop {
        let mut probe = Raw::connect(running.address).await;
        probe.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        if probe.read_until("}").await.contains(" 503 ") {
            break;
        }
    }
    let new = Raw::connect(running.address).await;
    for mut connection in [kept, new] {
        connection.send(GET).await;
        let answer = connection.read_to_end().await;
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    // A client of HTTP/1.0 is not told to keep it.
    let mut old = Raw::connect(running.address).await;
    old.send("GET /posts/1 HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        .await;
    let answer = old.read_to_end().await;
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(!answer.contains("keep-alive"), "{answer}");
    // A WebSocket is no response that ends.
    let mut socket = Raw::connect(running.address).await;
    socket
        .send(
            "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await;
    let answer = socket.read_until("\r\n\r\n").await;
    assert!(answer.contains("\r\nconnection: upgrade\r\n"), "{answer}");
    running.outcome.abort();
}

#[tokio::test]
async fn hooks_run_at_start_and_in_reverse_at_stop() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let note = |text: &'static str| {
        let log = Arc::clone(&log);
        move || async move {
            log.lock().unwrap().push(text);
            Ok(())
        }
    };
    let app = app()
        .on_start(note("open pool"))
        .on_stop(note("close pool"))
        .on_start(note("open cache"))
        .on_stop(note("close cache"));
    let running = start(app).await;
    running.stop.send(()).unwrap();
    running.outcome.await.unwrap().unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        ["open pool", "open cache", "close cache", "close pool"]
    );
}

#[tokio::test]
async fn a_start_hook_that_fails_ends_it_and_what_was_opened_is_closed() {
    let closed = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&closed);
    let app = app()
        .on_start(|| async { Err(Error::internal("no pool")) })
        .on_stop(|| async move {
            *seen.lock().unwrap() = true;
            Ok(())
        });
    let error = app.serve("127.0.0.1:0").await.unwrap_err();
    assert!(error.to_string().contains("no pool"));
    assert!(*closed.lock().unwrap());
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_named() {
    let taken = start(app()).await.address.to_string();
    let error = app().serve(taken.clone()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("cannot listen on \"{taken}\": ")),
        "{error}"
    );
}
