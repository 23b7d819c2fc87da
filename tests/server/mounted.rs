//! Applications inside an application: they know their client and their prefix, start and stop with it, and
//! are logged once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{Event, EventStream};
use tokio::sync::Notify;

use super::{Raw, start};
use crate::fixture::{Log, Posts, app};

async fn who(request: Request) -> Result<String> {
    Ok(format!(
        "{:?} {:?} {}",
        request.peer().map(|peer| peer.ip().to_string()),
        request.client_ip().map(|client| client.to_string()),
        request.scheme(),
    ))
}

fn outer(inner: App) -> App {
    let middle = App::new().mount("/v1", public(inner.build().unwrap()));
    let middle = middle.build().unwrap();
    App::new()
        .trusted_proxies(["127.0.0.1"])
        .mount("/api", public(middle))
}

async fn get(path: &str, inner: App) -> String {
    let running = start(outer(inner)).await;
    let mut raw = Raw::connect(running.address).await;
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.7\r\n\
         x-forwarded-proto: https\r\nconnection: close\r\n\r\n"
    );
    raw.send(head).await;
    raw.read_to_end().await
}

#[tokio::test]
async fn the_client_is_known() {
    let answer = get("/api/v1/who", App::new().get("/who", public(who))).await;
    let expected = r#"Some("127.0.0.1") Some("192.0.2.7") https"#;
    assert!(answer.ends_with(expected), "{answer}");
}

#[tokio::test]
async fn redirects_and_locations_have_the_prefix() {
    let inner = || App::new().resource("/posts/", Posts::default());
    let answer = get("/api/v1/posts?a=b", inner()).await;
    assert!(
        answer.contains("location: /api/v1/posts/?a=b\r\n"),
        "{answer}"
    );
    let client = TestClient::new(outer(inner())).unwrap();
    let new = serde_json::json!({"title": "a"});
    let created = client.post("/api/v1/posts/").json(&new).await;
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with("/api/v1/posts/"), "{location}");
    assert_eq!(client.get(&location).await.status(), 200);
    // What an application says of itself comes first.
    let said = inner().root_path("/elsewhere");
    let answer = get("/api/v1/posts", said).await;
    assert!(
        answer.contains("location: /elsewhere/posts/\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn redirects_of_other_services_get_the_prefix() {
    let redirect = |to: &'static str| axum::routing::get(move || async move { [("location", to)] });
    let router = axum::Router::new()
        .route("/a", redirect("/b?c=d"))
        .route("/other", redirect("//example.org/b"))
        .route("/far", redirect("https://example.org/b"))
        .route("/near", redirect("b"))
        .route("/known", redirect("/files/b"))
        .route("/alike", redirect("/filesystem"));
    let client = TestClient::new(App::new().mount("/files", public(router))).unwrap();
    for (path, location) in [
        ("/files/a", "/files/b?c=d"),
        ("/files/other", "//example.org/b"),
        ("/files/far", "https://example.org/b"),
        ("/files/near", "b"),
        ("/files/known", "/files/b"),
        ("/files/alike", "/files/filesystem"),
    ] {
        assert_eq!(client.get(path).await.headers()["location"], location);
    }
}

#[tokio::test]
async fn files_that_are_served_redirect_below_the_prefix() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("inside")).unwrap();
    let files = tower_http::services::ServeDir::new(directory.path());
    let client = TestClient::new(App::new().mount("/files", public(files))).unwrap();
    let response = client.get("/files/inside").await;
    assert_eq!(response.headers()["location"], "/files/inside/");
}

#[tokio::test]
async fn hooks_run_and_streams_end_with_the_outer_application() {
    async fn events(request: Request) -> Result<EventStream> {
        Ok(EventStream::new(&request, |sender| async move {
            sender.send(Event::new("hello")).await?;
            std::future::pending().await
        }))
    }
    let notes: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = |text| {
        let notes = Arc::clone(&notes);
        move || async move {
            notes.lock().unwrap().push(text);
            Ok(())
        }
    };
    let inner = App::new()
        .get("/events", public(events))
        .on_start(note("start"))
        .on_stop(note("stop"));
    let running = start(outer(inner)).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /api/v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let begun = raw.read_until("hello").await;
    assert!(begun.contains("200 OK"), "{begun}");
    assert_eq!(*notes.lock().unwrap(), ["start"]);
    running.stop.send(()).unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(5), running.outcome);
    outcome.await.unwrap().unwrap().unwrap();
    assert_eq!(*notes.lock().unwrap(), ["start", "stop"]);
}

#[tokio::test]
async fn a_request_is_logged_once_with_its_whole_route() {
    let client = TestClient::new(outer(app())).unwrap();
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
    assert_eq!(client.get("/api/v1/posts/1").await.status(), 200);
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("/api/v1/posts/{id}"), "{text}");
}

/// What its client has left runs to its end, also inside, and the stop waits for it.
#[tokio::test]
async fn a_stop_waits_for_what_runs_on_inside() {
    let (begun, finish, done) = <(Arc<Notify>, Arc<Notify>, Arc<AtomicBool>)>::default();
    let work = {
        let (begun, finish, done) = (Arc::clone(&begun), Arc::clone(&finish), Arc::clone(&done));
        move |_: Request| {
            let (begun, finish, done) =
                (Arc::clone(&begun), Arc::clone(&finish), Arc::clone(&done));
            async move {
                begun.notify_one();
                finish.notified().await;
                done.store(true, Ordering::SeqCst);
                Ok::<_, Error>(())
            }
        }
    };
    let inner = App::new()
        .timeout(Duration::from_millis(50))
        .post("/work", public(work));
    let running = start(outer(inner)).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("POST /api/v1/work HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    begun.notified().await;
    let answer = raw.read_to_end().await;
    assert!(answer.contains(" 503 "), "{answer}");
    running.stop.send(()).unwrap();
    let mut outcome = running.outcome;
    let early = tokio::time::timeout(Duration::from_millis(200), &mut outcome).await;
    assert!(early.is_err(), "it did not wait");
    finish.notify_one();
    outcome.await.unwrap().unwrap();
    assert!(done.load(Ordering::SeqCst));
}

#[tokio::test]
async fn what_a_mount_refuses_is_logged_too() {
    struct Nobody;

    impl Access<()> for Nobody {
        type Caller = ();

        async fn check((): &(), _: &Request) -> Result<()> {
            Err(Error::forbidden("Nobody may."))
        }
    }

    let inner = app().build().unwrap();
    let outer = App::new().mount("/in", guarded::<Nobody, _>(inner));
    let client = TestClient::new(outer).unwrap();
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
    assert_eq!(client.get("/in/posts/1").await.status(), 403);
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("403"), "{text}");
}

/// Clients that are made from the document find the paths.
#[tokio::test]
async fn the_document_says_where_it_stands() {
    let client = TestClient::new(outer(app())).unwrap();
    let document = client.get("/api/v1/openapi.json").await.json();
    assert_eq!(document["servers"], serde_json::json!([{"url": "/api/v1"}]));
    let plain = TestClient::new(app()).unwrap();
    let document = plain.get("/openapi.json").await.json();
    assert_eq!(document["servers"], serde_json::json!([{"url": "/"}]));
}
