//! A Redis server that is stopped, paused and back again.

use std::time::{Duration, Instant};

use resourceful::Error;
use resourceful_cache::{Cache, Redis};
use resourceful_test_parts::Redis as Server;

use crate::TTL;

/// Asks for a value that is not there; how long it took.
async fn ask(cache: &Cache, key: &str) -> Duration {
    let started = Instant::now();
    let value = cache
        .get_or_compute(key, TTL, async { Ok::<_, Error>(1) })
        .await;
    assert_eq!(value.unwrap(), 1);
    started.elapsed()
}

/// Asks until a value stays.
async fn until_it_is_back(cache: &Cache) {
    let deadline = Instant::now() + Duration::from_secs(5);
    for number in 0.. {
        assert!(Instant::now() < deadline, "it is not used again");
        let key = format!("back-{number}");
        ask(cache, &key).await;
        if cache.get(&key).await == Some(1) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_is_stopped_and_back_again() {
    let mut server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    until_it_is_back(&cache).await;

    server.stop();
    for key in ["a", "b", "c"] {
        let time = ask(&cache, key).await;
        assert!(time < Duration::from_millis(50), "{key}: {time:?}");
    }
    assert_eq!(cache.set("a", &1, TTL).await.unwrap_err().status(), 503);

    server.start_again();
    until_it_is_back(&cache).await;
}

#[tokio::test]
async fn a_server_that_is_paused_and_goes_on() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();

    server.pause();
    for key in ["a", "b", "known"] {
        let time = ask(&cache, key).await;
        assert!(time < Duration::from_millis(50), "{key}: {time:?}");
    }
    server.resume();
    until_it_is_back(&cache).await;
    assert_eq!(cache.get("known").await, Some(1));
}

#[tokio::test]
async fn a_server_that_is_not_there_at_the_start_may_come_later() {
    let mut server = Server::start();
    server.stop();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    let time = ask(&cache, "a").await;
    assert!(time < Duration::from_millis(50), "{time:?}");
    server.start_again();
    until_it_is_back(&cache).await;
}

#[tokio::test]
async fn a_url_of_something_else_is_refused() {
    assert!(Redis::new("http://localhost").is_err());
}
