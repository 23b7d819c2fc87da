//! A Redis server that is stopped, paused and restarted.

use std::time::{Duration, Instant};

use resourceful::Error;
use resourceful_cache::{Cache, Redis};
use resourceful_test_parts::Redis as Server;

use crate::{TTL, redis_cli};

/// Requests a missing value and returns the elapsed time.
async fn time_of_miss(cache: &Cache, key: &str) -> Duration {
    let started = Instant::now();
    let value = cache
        .get_or_compute(key, TTL, async { Ok::<_, Error>(1) })
        .await;
    assert_eq!(value.unwrap(), 1);
    started.elapsed()
}

/// Repeats requests until a value is stored.
pub(crate) async fn until_available(cache: &Cache) {
    let deadline = Instant::now() + Duration::from_secs(5);
    for number in 0.. {
        assert!(Instant::now() < deadline, "the server is not used again");
        let key = format!("back-{number}");
        time_of_miss(cache, &key).await;
        if cache.get(&key).await == Some(1) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_is_stopped_and_started_again() {
    let mut server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    until_available(&cache).await;

    server.stop();
    for key in ["a", "b", "c"] {
        let time = time_of_miss(&cache, key).await;
        assert!(time < Duration::from_millis(50), "{key}: {time:?}");
    }
    assert_eq!(cache.set("a", &1, TTL).await.unwrap_err().status(), 503);

    server.restart();
    until_available(&cache).await;
}

#[tokio::test]
async fn a_server_that_is_paused_and_goes_on() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();

    server.pause();
    for key in ["a", "b", "known"] {
        let time = time_of_miss(&cache, key).await;
        assert!(time < Duration::from_millis(50), "{key}: {time:?}");
    }
    server.resume();
    until_available(&cache).await;
    assert_eq!(cache.get("known").await, Some(1));
}

/// One slow moment does not make the server unavailable.
#[tokio::test]
async fn one_timeout_does_not_make_the_server_unavailable() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    let mut times = Vec::new();
    // Several attempts, because a busy machine may be slow.
    for _ in 0..5 {
        until_available(&cache).await;
        server.pause();
        // Concurrent operations share the same slow moment.
        let at_once = (0..100).map(|_| async { Ok::<_, Error>(cache.get::<i32>("any").await) });
        for value in resourceful::gather(100, at_once).await {
            assert_eq!(value.unwrap(), None);
        }
        server.resume();
        let resumed = Instant::now();
        until_available(&cache).await;
        times.push(resumed.elapsed());
        if resumed.elapsed() < Duration::from_millis(500) {
            return;
        }
    }
    panic!("{times:?}");
}

/// A server that refuses writes is still read.
#[tokio::test]
async fn a_server_that_refuses_writes_is_available() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    redis_cli(&server, &["SET", "test:v1:known", "1"]);
    redis_cli(&server, &["CONFIG", "SET", "maxmemory", "1"]);
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        assert!(Instant::now() < deadline, "the server is not read any more");
        let refused = cache.set("new", &1, TTL).await.unwrap_err();
        assert_eq!(refused.status(), 503);
        let is_read = cache.get("known").await == Some(1);
        if refused.to_string().contains("OOM") && is_read {
            break;
        }
    }
}

/// The computation takes as long as the pause, so the cache tries the server before and after it.
#[tokio::test]
async fn a_paused_server_costs_less_than_fifty_milliseconds_with_slow_computations_too() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();
    server.pause();
    let work = Duration::from_millis(1050);
    let mut times = Vec::new();
    for key in ["a", "b", "c"] {
        let started = Instant::now();
        let compute = async {
            tokio::time::sleep(work).await;
            Ok::<_, Error>(1)
        };
        cache.get_or_compute(key, TTL, compute).await.unwrap();
        times.push(started.elapsed().checked_sub(work).unwrap());
    }
    // On a busy machine one of them may take longer.
    let least = times.iter().min().unwrap();
    assert!(*least < Duration::from_millis(50), "{times:?}");
}

#[tokio::test]
async fn a_refused_operation_does_not_make_the_server_unavailable() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();
    // The key holds a list.
    redis_cli(&server, &["LPUSH", "test:v1:list", "x"]);
    assert_eq!(cache.get::<i32>("list").await, None);
    assert_eq!(cache.get("known").await, Some(1));
    cache.set("forever", &1, Duration::MAX).await.unwrap();
    assert_eq!(cache.get("forever").await, Some(1));
}

#[tokio::test]
async fn a_server_may_start_later_than_the_cache() {
    let mut server = Server::start();
    server.stop();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    let time = time_of_miss(&cache, "a").await;
    assert!(time < Duration::from_millis(50), "{time:?}");
    server.restart();
    until_available(&cache).await;
}

/// The server refuses every command, so it counts as unavailable.
#[tokio::test]
async fn a_server_that_requires_a_password() {
    let server = Server::start();
    redis_cli(&server, &["CONFIG", "SET", "requirepass", "secret"]);
    let refused = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    assert_eq!(refused.set("a", &1, TTL).await.unwrap_err().status(), 503);
    time_of_miss(&refused, "a").await;
    let url = server.url().replace("redis://", "redis://:secret@");
    until_available(&Cache::new(Redis::new(&url).unwrap(), "test", 1)).await;
}

#[tokio::test]
async fn a_url_that_is_not_redis_is_refused() {
    assert!(Redis::new("http://localhost").is_err());
}
