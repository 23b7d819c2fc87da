//! `/livez` and `/readyz`.

use std::time::Duration;

use resourceful::TestResponse;
use resourceful::prelude::*;

use super::{Raw, run};
use crate::fixture::app;

/// A resource whose database may be away.
struct Books {
    is_there: bool,
}

#[resource]
impl AsyncResource for Books {
    type Access = Public;

    async fn retrieve(&self, _: &Request, id: i64) -> Result<i64> {
        Ok(id)
    }

    async fn ready(&self) -> Result<()> {
        if self.is_there {
            Ok(())
        } else {
            Err(Error::internal("connection refused by db.internal"))
        }
    }
}

async fn ready(app: App) -> TestResponse {
    TestClient::new(app.health()).unwrap().get("/readyz").await
}

#[tokio::test]
async fn resources_and_checks_are_asked() {
    assert_eq!(ready(app()).await.status(), 200);
    let books = |is_there| App::new().resource("/books", Books { is_there });
    assert_eq!(ready(books(true)).await.json()["status"], "ready");
    let answer = ready(books(false)).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.json()["detail"], "Failing checks: books.");
    let both = books(false)
        .ready_check("queue", || async { panic!("a check that is broken") })
        .ready_check("cache", || async { Ok(()) });
    assert_eq!(
        ready(both).await.json()["detail"],
        "Failing checks: books, queue."
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_has_two_seconds() {
    let slow = App::new().ready_check("slow", std::future::pending::<Result<()>>);
    assert_eq!(ready(slow).await.json()["detail"], "Failing checks: slow.");
}

/// Those who ask know an address, and no name.
#[tokio::test]
async fn health_is_asked_of_any_host() {
    let running = run(app()
        .health()
        .trusted_hosts(["example.org"])
        .bind("127.0.0.1:0")
        .await
        .unwrap());
    for (path, status) in [("/livez", "200"), ("/readyz", "200"), ("/posts/1", "400")] {
        let mut raw = Raw::connect(running.address).await;
        let host = running.address;
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
            .await;
        assert_eq!(&raw.read_until("}").await[9..12], status, "{path}");
    }
}

#[tokio::test]
async fn the_paths_are_free_where_nobody_asked_for_them() {
    async fn taken(_: Request) -> Result<()> {
        Ok(())
    }
    let client = TestClient::new(app()).unwrap();
    assert_eq!(client.get("/livez").await.status(), 404);
    assert!(app().health().get("/livez", public(taken)).build().is_err());
}

/// Between the signal and the drain everything is served, but nothing new should come.
#[tokio::test]
async fn who_is_about_to_stop_is_not_ready() {
    let server = app().health().bind("127.0.0.1:0").await.unwrap();
    let running = run(server.shutdown_delay(Duration::from_millis(500)));
    let status = async |path: &str| {
        let mut raw = Raw::connect(running.address).await;
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        raw.read_until("}").await[9..12].to_owned()
    };
    assert_eq!(status("/readyz").await, "200");
    running.stop.send(()).unwrap();
    while status("/readyz").await == "200" {
        tokio::task::yield_now().await;
    }
    assert_eq!(status("/readyz").await, "503");
    assert_eq!(status("/livez").await, "200");
    assert_eq!(status("/posts/1").await, "200");
    running.outcome.await.unwrap().unwrap();
}

/// Supervisors ask each second: the log tells of changes, and of no error.
#[tokio::test]
async fn a_check_that_fails_is_logged_when_it_begins_and_ends() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    let is_there = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&is_there);
    let app = app().health().ready_check("cache", move || {
        let is_there = asked.load(SeqCst);
        async move {
            if is_there {
                Ok(())
            } else {
                Err(Error::internal("away"))
            }
        }
    });
    let client = TestClient::new(app).unwrap();
    let log = crate::fixture::Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
    for (state, status, lines) in [
        (true, 200, 0),
        (false, 503, 1),
        (false, 503, 1),
        (true, 200, 2),
        (true, 200, 2),
        (false, 503, 3),
    ] {
        is_there.store(state, SeqCst);
        assert_eq!(client.get("/readyz").await.status(), status);
        let text = log.text();
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(!text.contains("ERROR"), "{text}");
    }
}
