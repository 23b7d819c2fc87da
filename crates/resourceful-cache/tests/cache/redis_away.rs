//! A Redis server that is stopped, paused and back again.

use std::time::{Duration, Instant};

use resourceful::Error;
use resourceful_cache::{Cache, Redis};
use resourceful_test_parts::Redis as Server;

use crate::{TTL, redis_cli};

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
pub(crate) async fn until_it_is_back(cache: &Cache) {
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

/// A single slow moment is no reason to compute everything for a second.
#[tokio::test]
async fn one_timeout_is_not_away() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    let mut times = Vec::new();
    // A busy machine may have slow moments of its own.
    for _ in 0..5 {
        until_it_is_back(&cache).await;
        server.pause();
        // Many at the same time meet the same slow moment.
        let at_once = (0..100).map(|_| async { Ok::<_, Error>(cache.get::<i32>("any").await) });
        for value in resourceful::gather(100, at_once).await {
            assert_eq!(value.unwrap(), None);
        }
        server.resume();
        let resumed = Instant::now();
        until_it_is_back(&cache).await;
        times.push(resumed.elapsed());
        if resumed.elapsed() < Duration::from_millis(500) {
            return;
        }
    }
    panic!("{times:?}");
}

/// What is there may be read all the same.
#[tokio::test]
async fn a_server_that_takes_no_values_is_not_away() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    redis_cli(&server, &["SET", "test:v1:known", "1"]);
    redis_cli(&server, &["CONFIG", "SET", "maxmemory", "1"]);
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        assert!(Instant::now() < deadline, "it is not read any more");
        let refused = cache.set("new", &1, TTL).await.unwrap_err();
        assert_eq!(refused.status(), 503);
        let is_read = cache.get("known").await == Some(1);
        if refused.to_string().contains("OOM") && is_read {
            break;
        }
    }
}

/// The work takes as long as the server is left alone: it is asked before and after.
#[tokio::test]
async fn a_paused_server_costs_less_than_fifty_milliseconds_of_slow_work_too() {
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
    // On a busy machine one of them may take longer for other reasons.
    let least = times.iter().min().unwrap();
    assert!(*least < Duration::from_millis(50), "{times:?}");
}

#[tokio::test]
async fn a_refused_operation_does_not_mean_that_the_server_is_away() {
    let server = Server::start();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
    cache.set("known", &1, TTL).await.unwrap();
    // Something else stands under the key.
    redis_cli(&server, &["LPUSH", "test:v1:list", "x"]);
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
    redis_cli(&server, &["CONFIG", "SET", "requirepass", "secret"]);
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
