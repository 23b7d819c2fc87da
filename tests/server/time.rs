//! Requests that take too long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use resourceful::Body;
use resourceful::prelude::*;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::{Raw, start};
use crate::fixture::{OddBody, Posts, app};

const LIMIT: Duration = Duration::from_millis(200);

/// Says what became of it.
struct Work(Option<oneshot::Sender<&'static str>>);

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            let _ = end.send("given up");
        }
    }
}

#[tokio::test]
async fn what_only_reads_is_given_up() {
    let (sender, end) = oneshot::channel();
    let work = Arc::new(std::sync::Mutex::new(Some(Work(Some(sender)))));
    let hang = move |_: Request| {
        let work = work.lock().unwrap().take();
        async move {
            let _work = work;
            std::future::pending::<()>().await;
            Ok::<_, Error>(())
        }
    };
    let client = TestClient::new(App::new().timeout(LIMIT).get("/", public(hang))).unwrap();
    let response = client.get("/").header("x-request-id", "slow-1").await;
    assert_eq!(response.status(), 503);
    let problem = response.json();
    assert_eq!(problem["detail"], "The response took too long.");
    assert_eq!(problem["request_id"], "slow-1");
    assert_eq!(end.await.unwrap(), "given up");
}

#[tokio::test]
async fn what_may_have_begun_runs_to_its_end() {
    let go_on = Arc::new(Notify::new());
    let (sender, end) = oneshot::channel();
    let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
    let told = Arc::clone(&go_on);
    let slow = move |_: Request| {
        let (go_on, sender) = (Arc::clone(&go_on), sender.lock().unwrap().take());
        async move {
            go_on.notified().await;
            let _ = sender.unwrap().send("committed");
            Ok::<_, Error>(())
        }
    };
    let client = TestClient::new(App::new().timeout(LIMIT).post("/", public(slow))).unwrap();
    let response = client.post("/").header("x-request-id", "slow-2").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.json()["request_id"], "slow-2");
    told.notify_one();
    assert_eq!(end.await.unwrap(), "committed");
}

/// The time is that of the body, too; what still comes of it is not taken for a next request.
#[tokio::test]
async fn a_body_is_read_no_longer_than_its_request_has_time() {
    let (sender, end) = oneshot::channel();
    let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
    let upload = move |mut request: Request| {
        let sender = sender.lock().unwrap().take();
        async move {
            let mut body = request.body(8)?;
            tokio::time::sleep(2 * LIMIT).await;
            while body.next_part().await?.is_some() {}
            let _ = sender.unwrap().send(());
            Ok::<_, Error>(())
        }
    };
    let running = start(App::new().timeout(LIMIT).put("/", public(upload))).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
        .await;
    let answer = raw.read_until("}").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close"),
        "{answer}"
    );
    assert_eq!(raw.read_to_end().await, "");
    assert!(end.await.is_err(), "it was not read to its end");
}

#[tokio::test]
async fn the_connection_lives_on() {
    async fn hang(_: Request) -> Result<()> {
        std::future::pending().await
    }
    let app = app()
        .timeout(LIMIT)
        .get("/hang", public(hang))
        .post("/hang", public(hang));
    let running = start(app).await;
    let mut raw = Raw::connect(running.address).await;
    for method in ["GET", "POST"] {
        raw.send(format!("{method} /hang HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        assert!(raw.read_until("}").await.starts_with("HTTP/1.1 503 "));
        raw.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(raw.read_until("}").await.starts_with("HTTP/1.1 200 "));
    }
}

/// A resource, a view and a function may each have more time, or less.
#[tokio::test]
async fn each_may_have_a_limit_of_its_own() {
    struct Quick;
    #[view]
    impl AsyncView for Quick {
        type Access = Public;
        const TIMEOUT: Option<Duration> = Some(LIMIT);
        async fn get(&self, request: Request) -> Result<Response> {
            assert!(request.deadline().unwrap() < Instant::now() + LIMIT);
            std::future::pending().await
        }
    }
    async fn slow(request: Request) -> Result<StatusCode> {
        assert_eq!(request.deadline(), None);
        tokio::time::sleep(2 * LIMIT).await;
        Ok(StatusCode::OK)
    }
    let app = App::new()
        .timeout(LIMIT / 2)
        .view("/quick", Quick)
        .get("/slow", public(slow).timeout(Duration::MAX));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/quick").await.status(), 503);
    assert_eq!(client.get("/slow").await.status(), 200);
}

/// While the body is read nothing has begun: the client is told that it was too slow.
#[tokio::test]
async fn a_body_that_is_not_there_in_time_is_408() {
    let app = App::new().timeout(LIMIT).resource("/posts", Posts::with(1));
    let client = TestClient::new(app).unwrap();
    let request = client
        .post("/posts")
        .header("content-type", "application/json");
    let response = request.body(Body::new(OddBody::stuck())).await;
    assert_eq!(response.status(), 408);
}

#[tokio::test(start_paused = true)]
async fn the_default_is_thirty_seconds() {
    async fn hang(_: Request) -> Result<()> {
        std::future::pending().await
    }
    let started = tokio::time::Instant::now();
    let client = TestClient::new(App::new().get("/", public(hang))).unwrap();
    let response = timeout(Duration::from_secs(60), client.get("/"))
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(started.elapsed().as_secs(), 30);
}
