//! A database that is stopped, paused or locked, and a cache that is stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use resourceful::{Error, TestResponse, gather};
use resourceful_cache::{Cache, Memory, Redis};
use resourceful_db::Db;
use resourceful_test_parts::{Postgres, Redis as RedisServer};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::blog::Blog;

const READS: [&str; 6] = [
    "/posts/",
    "/posts/1/",
    "/api/posts/",
    "/api/post-list/",
    "/stats/concurrent/",
    "/posts/recent/",
];

fn memory() -> Cache {
    Cache::new(Memory::default(), "blog", 1)
}

fn is_unavailable(response: &TestResponse) -> bool {
    response.status() == 503
        && response.headers().contains_key("retry-after")
        && response.json()["error"] == "The database is not available."
}

/// Sends 60 concurrent requests. Asserts that all get 503 within two seconds.
async fn assert_no_request_waits(blog: &Blog) {
    let ask = async |number: usize| {
        let started = Instant::now();
        let response = match number % 8 {
            6 => blog.create("Title").await,
            7 => {
                let body = serde_json::json!({"posts": [{"title": "Title", "content": ""}]});
                blog.client.post("/posts/bulk/").json(&body).await
            }
            read => blog.client.get(READS[read]).await,
        };
        Ok::<_, Error>((response, started.elapsed()))
    };
    for result in gather(60, (0..60).map(ask)).await {
        let (response, time) = result.unwrap();
        assert!(is_unavailable(&response), "{}", response.text());
        assert!(time < Duration::from_secs(2), "{time:?}");
    }
}

/// Asserts that all URLs work again within five seconds.
async fn assert_recovers(blog: &Blog) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while blog.client.get("/posts/").await.status() != 200 {
        assert!(Instant::now() < deadline, "the blog does not recover");
        tokio::task::yield_now().await;
    }
    assert_eq!(blog.create("Title").await.status(), 201);
}

#[tokio::test]
async fn postgres_stopped_paused_and_back_again() {
    let mut server = Postgres::start();
    let blog = Blog::on(&server.url(), memory(), None).await;
    assert_eq!(blog.create("Title").await.status(), 201);

    server.pause();
    assert_no_request_waits(&blog).await;
    server.resume();
    assert_recovers(&blog).await;

    server.stop();
    assert_no_request_waits(&blog).await;
    server.restart();
    assert_recovers(&blog).await;
}

/// A request does not wait for a running statement on a paused server either.
#[tokio::test]
async fn postgres_paused_in_the_middle() {
    let server = Postgres::start();
    let blog = Arc::new(Blog::on(&server.url(), memory(), None).await);
    blog.create("Title").await;
    let other = Db::connect(&server.url()).await.unwrap();
    let lock = other.begin().await.unwrap();
    lock.execute_unprepared("UPDATE blog_post SET views = 1")
        .await
        .unwrap();
    let change = tokio::spawn({
        let blog = Arc::clone(&blog);
        async move {
            let change = serde_json::json!({"title": "New"});
            blog.client.put("/api/posts/1/").json(&change).await
        }
    });
    let waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let waiting = Statement::from_string(DbBackend::Postgres, waiting);
    while other
        .query_one_raw(waiting.clone())
        .await
        .unwrap()
        .is_none()
    {
        tokio::task::yield_now().await;
    }
    server.pause();
    let started = Instant::now();
    let response = change.await.unwrap();
    assert!(is_unavailable(&response), "{}", response.text());
    assert!(started.elapsed() < Duration::from_secs(2));
    server.resume();
    lock.rollback().await.unwrap();
    assert_recovers(&blog).await;
}

/// A request waits for a slow statement on a working server, even if all connections are busy.
#[tokio::test]
async fn requests_wait_for_slow_statements() {
    let blog = Blog::on_postgres().await;
    blog.create("Title").await;
    let other = blog.another_connection().await;
    let lock = other.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE blog_post")
        .await
        .unwrap();
    let read = async || Ok::<_, Error>(blog.client.get("/posts/").await.status());
    let reads = gather(20, (0..20).map(|_| read()));
    let unlock = async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        lock.rollback().await.unwrap();
    };
    let (reads, ()) = tokio::join!(reads, unlock);
    for status in reads {
        assert_eq!(status.unwrap(), 200);
    }
}

#[tokio::test]
async fn sqlite_locked_by_another() {
    let blog = Blog::on_sqlite().await;
    // A separate connection, as another process has one.
    let other = blog.another_connection().await;

    // The lock is released in time: the writer waits for it.
    let lock = other.begin().await.unwrap();
    lock.execute_unprepared("SELECT 1").await.unwrap();
    let writer = blog.create("Title");
    let unlock = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        lock.rollback().await.unwrap();
    };
    let (created, ()) = tokio::join!(writer, unlock);
    assert_eq!(created.status(), 201);

    // The lock is not released: the writer gets 503, and readers do not wait.
    let lock = other.begin().await.unwrap();
    lock.execute_unprepared("DELETE FROM blog_comment")
        .await
        .unwrap();
    let started = Instant::now();
    let (created, read) = tokio::join!(blog.create("Title"), blog.client.get("/posts/"));
    assert!(is_unavailable(&created), "{}", created.text());
    assert!(started.elapsed() < Duration::from_secs(6));
    assert_eq!(read.status(), 200);
    lock.rollback().await.unwrap();
    assert_eq!(blog.create("Title").await.status(), 201);
}

#[tokio::test]
async fn redis_stopped_and_back_again() {
    let mut server = RedisServer::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "blog", 1);
    let blog = Blog::on("sqlite::memory:", cache, None).await;
    let ask = async || {
        let started = Instant::now();
        let response = blog.client.get("/cached/").await;
        assert_eq!(response.status(), 200);
        started.elapsed()
    };
    let computed = Duration::from_secs(1);
    assert!(ask().await >= computed);
    assert!(ask().await < computed / 2);

    server.stop();
    for _ in 0..2 {
        let time = ask().await;
        assert!(
            time >= computed && time < computed + Duration::from_millis(75),
            "{time:?}"
        );
    }
    let warmed = blog.client.post("/cache/warm/").await;
    assert_eq!(warmed.status(), 200);
    assert_eq!(
        (
            warmed.json()["successful"].as_u64(),
            warmed.json()["failed"].as_u64()
        ),
        (Some(0), Some(4))
    );

    server.restart();
    let deadline = Instant::now() + Duration::from_secs(10);
    while ask().await >= computed {
        assert!(Instant::now() < deadline, "the cache is not used again");
    }
}
