//! Bodies that are made while they are sent, and read while they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use resourceful::prelude::*;
use resourceful::{Body, Event, EventStream};

use super::{Raw, run, start};
use crate::fixture::app;

/// One event a millisecond, for ever; how many have been made?
fn ticking(made: Arc<AtomicUsize>) -> App {
    let ticks = move |request: Request| {
        let made = Arc::clone(&made);
        async move {
            Ok::<_, Error>(EventStream::new(&request, |events| async move {
                loop {
                    let tick = made.fetch_add(1, SeqCst);
                    events.send(Event::json(&tick)?).await?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }))
        }
    };
    app().get("/ticks", public(ticks))
}

#[tokio::test]
async fn events_come_as_they_happen() {
    let running = start(ticking(Arc::default())).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = raw.read_until("data: 2\n\n").await;
    assert!(
        answer.contains("content-type: text/event-stream\r\n"),
        "{answer}"
    );
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
    assert!(answer.contains("data: 0\n\n"), "{answer}");
}

#[tokio::test]
async fn all_events_come_also_the_last() {
    async fn many(request: Request) -> Result<EventStream> {
        Ok(EventStream::new(&request, |events| async move {
            for number in 1..=64 {
                events.send(Event::new(format!("event {number}."))).await?;
            }
            Ok(())
        })
        .with_keep_alive(Duration::MAX))
    }
    let running = start(App::new().get("/", public(many))).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let answer = raw.read_to_end().await;
    assert!(answer.contains("event 64."), "{answer}");
}

/// An open stream does not hold up the exit, and its client sees that it has ended well.
#[tokio::test]
async fn a_stop_ends_streams_of_events() {
    let running = start(ticking(Arc::default())).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n").await;
    raw.read_until("data: 0\n\n").await;
    let started = Instant::now();
    running.stop.send(()).unwrap();
    let rest = raw.read_to_end().await;
    assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
    running.outcome.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// A client that goes away ends the work for it.
#[tokio::test]
async fn nobody_makes_events_for_who_is_gone() {
    struct Gone(tokio::sync::mpsc::UnboundedSender<()>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (sender, mut gone) = tokio::sync::mpsc::unbounded_channel();
    let silent = move |request: Request| {
        let noted = Gone(sender.clone());
        async move {
            let events = EventStream::new(&request, |events| async move {
                let _noted = noted;
                events.send(Event::new("hello")).await?;
                std::future::pending().await
            });
            // It is seen when the next is written, at the latest.
            Ok::<_, Error>(events.with_keep_alive(Duration::from_millis(50)))
        }
    };
    let running = start(App::new().get("/", public(silent))).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    raw.read_until("hello").await;
    let reset = socket2::SockRef::from(&raw.0);
    reset.set_linger(Some(Duration::ZERO)).unwrap();
    drop(raw);
    gone.recv().await.unwrap();
}

/// What is not read is not made.
#[tokio::test]
async fn a_stream_waits_for_its_client() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let megabytes = move |_: Request| {
        let made = Arc::clone(&counted);
        async move {
            let parts = stream::iter(0..10_000).map(move |_| {
                made.fetch_add(1, SeqCst);
                Ok::<_, Error>(vec![b'x'; 100_000])
            });
            Ok::<_, Error>(Response::new(Body::from_stream(parts)))
        }
    };
    let server = App::new()
        .get("/", public(megabytes))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let running = run(server.write_timeout(Duration::from_millis(300)));
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    raw.read_until("xxx").await;
    // Cut off: the client sees that it is not whole.
    let mut rest = Vec::new();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut raw.0, &mut rest).await;
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    assert!(made.load(SeqCst) < 200, "{made:?}");
}

#[tokio::test]
async fn an_upload_is_read_as_it_comes() {
    async fn count(mut request: Request) -> Result<String> {
        let mut body = request.body(1 << 40)?;
        let (mut bytes, mut largest) = (0, 0);
        while let Some(part) = body.next_part().await? {
            bytes += part.len();
            largest = largest.max(part.len());
        }
        assert!(largest < 1 << 20);
        Ok(format!("{bytes} bytes."))
    }
    let running = start(App::new().put("/", public(count))).await;
    let mut raw = Raw::connect(running.address).await;
    let length = 64 << 20;
    raw.send(format!(
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    ))
    .await;
    for _ in 0..64 {
        raw.send(vec![b'x'; 1 << 20]).await;
    }
    assert!(
        raw.read_until("bytes.")
            .await
            .contains(&format!("{length} bytes."))
    );
}

#[tokio::test]
async fn an_upload_has_a_limit() {
    async fn store(mut request: Request) -> Result<String> {
        let bytes = request.body(1000)?.write_to(&mut tokio::io::sink()).await?;
        Ok(bytes.to_string())
    }
    let client = TestClient::new(App::new().put("/", public(store))).unwrap();
    assert_eq!(client.put("/").body(vec![0; 1000]).await.text(), "1000");
    assert_eq!(client.put("/").body(vec![0; 1001]).await.status(), 413);
    let chunked = Body::from_stream(stream::iter([Ok::<_, Error>(vec![0; 1001])]));
    assert_eq!(client.put("/").body(chunked).await.status(), 413);
}
