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

/// The work takes as long as the server is left alone: it is asked before and after.
#[tokio::test]
async fn a_paused_server_costs_less_than_fifty_milliseconds_of_slow_work_too() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();
    server.pause();
    let work = Duration::from_millis(1050);
    for key in ["a", "b"] {
        let started = Instant::now();
        let compute = async {
            tokio::time::sleep(work).await;
            Ok::<_, Error>(1)
        };
        cache.get_or_compute(key, TTL, compute).await.unwrap();
        let more = started.elapsed().checked_sub(work).unwrap();
        assert!(more < Duration::from_millis(50), "{key}: {more:?}");
    }
}

#[tokio::test]
async fn a_refused_operation_does_not_mean_that_the_server_is_away() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();
    // Something else stands under the key.
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let mut client = std::process::Command::new("redis-cli");
    let push = client
        .args(["-p", &port, "LPUSH", "test:v1:list", "x"])
        .output();
    assert!(push.unwrap().status.success());
    assert_eq!(cache.get::<i32>("list").await, None);
    assert_eq!(cache.get("known").await, Some(1));
    cache.set("for ever", &1, Duration::MAX).await.unwrap();
    assert_eq!(cache.get("for ever").await, Some(1));
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

/// It refuses everything: as good as away, and not asked all the time.
#[tokio::test]
async fn a_server_that_wants_a_password() {
    let server = Server::start();
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let mut client = std::process::Command::new("redis-cli");
    let password = client.args(["-p", &port, "CONFIG", "SET", "requirepass", "secret"]);
    assert!(password.output().unwrap().status.success());
    let refused = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    assert_eq!(refused.set("a", &1, TTL).await.unwrap_err().status(), 503);
    ask(&refused, "a").await;
    let url = server.url().replace("redis://", "redis://:secret@");
    until_it_is_back(&Cache::new(Redis::new(&url).unwrap(), "test", 1)).await;
}

#[tokio::test]
async fn a_url_of_something_else_is_refused() {
    assert!(Redis::new("http://localhost").is_err());
}
