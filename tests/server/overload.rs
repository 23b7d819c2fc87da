//! More requests than may run at once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream;
use resourceful::prelude::*;
use resourceful::{Body, Event, EventStream, TestResponse};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Hooks that wait until they may end.
struct Slow(Semaphore);

impl Slow {
    fn new() -> Arc<Self> {
        Arc::new(Self(Semaphore::new(0)))
    }

    async fn work(&self) -> Result<String> {
        self.0.acquire().await.unwrap().forget();
        Ok("done".to_owned())
    }
}

struct Reports(Arc<Slow>);

#[derive(Deserialize, JsonSchema, Validate)]
struct NewReport {
    #[garde(skip)]
    _text: String,
}

#[resource]
impl AsyncResource for Reports {
    type Access = Public;

    async fn retrieve(&self, _: &Request, _: i64) -> Result<String> {
        self.0.work().await
    }

    async fn create(&self, _: &Request, _: NewReport) -> Result<String> {
        Ok("created".to_owned())
    }
}

/// One at once.
struct Limited(Arc<Slow>);

#[resource]
impl AsyncResource for Limited {
    type Access = Public;
    const MAX_CONCURRENT_REQUESTS: Option<usize> = Some(1);

    async fn retrieve(&self, _: &Request, _: i64) -> Result<String> {
        self.0.work().await
    }

    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        self.0.work().await.map(drop)
    }
}

fn get(client: &Arc<TestClient>, path: &'static str) -> JoinHandle<TestResponse> {
    let client = Arc::clone(client);
    tokio::spawn(async move { client.get(path).await })
}

/// Sends requests until one is refused, which is when the places and the queue are full. The clock is paused: time passes
/// when nothing else can happen.
async fn fill(client: &Arc<TestClient>, path: &'static str) -> Vec<JoinHandle<TestResponse>> {
    let mut running = Vec::new();
    loop {
        let mut request = get(client, path);
        tokio::select! {
            response = &mut request => {
                let response = response.unwrap();
                assert_eq!(response.status(), 503);
                assert_eq!(response.headers()["retry-after"], "1");
                assert_eq!(response.json()["detail"], "Too many requests are running.");
                return running;
            }
            () = sleep(Duration::from_millis(1)) => running.push(request),
        }
    }
}

async fn all_end(running: Vec<JoinHandle<TestResponse>>, slow: &Slow) {
    slow.0.add_permits(running.len());
    for request in running {
        assert_eq!(request.await.unwrap().status(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_beyond_the_limit_are_refused_at_once() {
    let slow = Slow::new();
    let app = App::new()
        .max_concurrent_requests(3, 2)
        .health()
        .resource("/reports", Reports(Arc::clone(&slow)));
    let client = Arc::new(TestClient::new(app).unwrap());
    for _ in 0..2 {
        let running = fill(&client, "/reports/1").await;
        assert_eq!(running.len(), 5);
        for path in ["/livez", "/readyz"] {
            assert_eq!(client.get(path).await.status(), 200, "{path}");
        }
        // A request that reaches no endpoint needs no place.
        assert_eq!(client.get("/nowhere").await.status(), 404);
        assert_eq!(client.put("/reports/1").await.status(), 405);
        all_end(running, &slow).await;
        // And then as before.
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_has_its_own_limit() {
    let (slow, other) = (Slow::new(), Slow::new());
    let app = App::new()
        .resource("/limited", Limited(Arc::clone(&slow)))
        .resource("/reports", Reports(Arc::clone(&other)));
    let client = Arc::new(TestClient::new(app).unwrap());
    let running = fill(&client, "/limited/1").await;
    assert_eq!(running.len(), 2);
    // Its other actions share the places, other resources do not.
    assert_eq!(client.delete("/limited/1").await.status(), 503);
    other.0.add_permits(1);
    assert_eq!(client.get("/reports/1").await.status(), 200);
    all_end(running, &slow).await;
}

#[tokio::test]
async fn a_client_that_sends_slowly_takes_no_place() {
    let slow = Slow::new();
    let app = App::new()
        .max_concurrent_requests(1, 0)
        .resource("/reports", Reports(Arc::clone(&slow)));
    let client = Arc::new(TestClient::new(app).unwrap());
    let (sender, parts) = tokio::sync::mpsc::unbounded_channel::<Result<Bytes>>();
    let parts = stream::unfold(parts, |mut parts| async {
        let part = parts.recv().await?;
        Some((part, parts))
    });
    let mut post = client
        .post("/reports")
        .header("content-type", "application/json")
        .body(Body::from_stream(parts))
        .into_future();
    assert!((&mut post).now_or_never().is_none());
    slow.0.add_permits(1);
    assert_eq!(client.get("/reports/1").await.status(), 200);
    sender
        .send(Ok(Bytes::from_static(br#"{"_text":""}"#)))
        .unwrap();
    drop(sender);
    assert_eq!(post.await.status(), 201);
}

#[tokio::test]
async fn an_event_stream_takes_no_place_once_it_has_begun() {
    async fn events(request: Request) -> Result<EventStream> {
        Ok(EventStream::new(&request, |sender| async move {
            let _ = sender.send(Event::new("first")).await;
            std::future::pending().await
        }))
    }
    let app = App::new()
        .max_concurrent_requests(1, 0)
        .get("/events", public(events));
    let client = TestClient::new(app).unwrap();
    let _first = client.get("/events").streaming().await;
    let second = client.get("/events").streaming().await;
    assert_eq!(second.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_frees_its_place_in_the_queue() {
    let slow = Slow::new();
    let app = App::new()
        .max_concurrent_requests(1, 1)
        .resource("/reports", Reports(Arc::clone(&slow)));
    let client = Arc::new(TestClient::new(app).unwrap());
    let mut running = fill(&client, "/reports/1").await;
    let waiting = running.pop().unwrap();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let next = get(&client, "/reports/2");
    running.push(next);
    all_end(running, &slow).await;
}
