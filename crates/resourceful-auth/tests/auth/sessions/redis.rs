//! Sessions in a real Redis server, including its failures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use resourceful_auth::{RedisSessionStore, SessionStore};
use resourceful_test_parts::Redis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::site::{Browser, Clock, app, sessions_in};
use super::stores::{key, now, session, until};

/// A store in the server of `./test`, with a namespace of its own.
pub(super) fn store() -> RedisSessionStore {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = resourceful_test_parts::set_by_test_script("TEST_REDIS_URL");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let namespace = format!("sessions-{}-{number}", std::process::id());
    RedisSessionStore::new(&url, &namespace).unwrap()
}

fn store_in(server: &Redis) -> RedisSessionStore {
    RedisSessionStore::new(&server.url(), "test").unwrap()
}

/// The output of a command by `redis-cli`.
fn redis_cli(server: &Redis, command: &[&str]) -> String {
    let url = server.url();
    let mut client = std::process::Command::new("redis-cli");
    let output = client.args(["-u", &url]).args(command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_server_may_be_encrypted() {
    let server = Redis::start_with_tls();
    let store = store_in(&server);
    store.create(key(1), session("ada")).await.unwrap();
    assert!(store.find(key(1)).await.unwrap().is_some());
    let url = server.url().replace("localhost", "127.0.0.1");
    let other_name = RedisSessionStore::new(&url, "test").unwrap();
    let error = other_name.find(key(1)).await.unwrap_err();
    assert_eq!(error.status(), 503);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("certificate"), "{cause}");
}

#[tokio::test]
async fn redis_forgets_all_of_expired_sessions() {
    let server = Redis::start();
    let store = store_in(&server);
    let time_left = |key: &str| -> i64 { redis_cli(&server, &["TTL", key]).parse().unwrap() };
    for (number, time) in [(1, 100), (2, 1000), (3, 10)] {
        let mut session = session("ada");
        session.expires_at = now() + time;
        store.create(key(number), session).await.unwrap();
        let name = format!("test:session:{}", key(number).to_hex());
        assert!((time - 5..=time).contains(&time_left(&name)), "{number}");
    }
    // The set lives as long as the longest session.
    assert!((995..=1000).contains(&time_left("test:sessions-of:ada")));
    store.touch(key(1), now() + 60, now() + 3000).await.unwrap();
    let name = format!("test:session:{}", key(1).to_hex());
    assert!((2995..=3000).contains(&time_left(&name)));
    assert!((2995..=3000).contains(&time_left("test:sessions-of:ada")));

    // Expired sessions leave the set at the next sign-in.
    let mut expired = session("ada");
    expired.expires_at = now() - 1;
    store.create(key(4), expired).await.unwrap();
    store.create(key(5), session("ada")).await.unwrap();
    let members = redis_cli(&server, &["ZCARD", "test:sessions-of:ada"]);
    assert_eq!(members, "4");
    store.delete(key(5)).await.unwrap();
    let members = redis_cli(&server, &["ZCARD", "test:sessions-of:ada"]);
    assert_eq!(members, "3");
    store.delete_all("ada").await.unwrap();
    assert_eq!(redis_cli(&server, &["DBSIZE"]), "0");
}

/// A sign-out everywhere reaches each session that lets somebody in.
#[tokio::test]
async fn a_session_whose_set_was_evicted_is_no_session() {
    let server = Redis::start();
    let mut browser = Browser::new(app(&sessions_in(store_in(&server), &Clock::start())));
    browser.sign_in("ada").await;
    browser.assert_is("ada").await;
    redis_cli(&server, &["DEL", "test:sessions-of:ada"]);
    let orphan = browser.clone();
    browser.assert_is_refused().await;
    // It stays so when the set is made anew.
    browser.sign_in("ada").await;
    orphan
        .with_cookie(orphan.cookie.clone().unwrap())
        .assert_is_refused()
        .await;
    browser.assert_is("ada").await;
}

#[tokio::test]
async fn the_server_has_no_ids() {
    let server = Redis::start();
    let mut browser = Browser::new(app(&sessions_in(store_in(&server), &Clock::start())));
    let cookie = browser.sign_in("ada").await;
    let id = cookie.strip_prefix("__Host-session=").unwrap();
    let keys = redis_cli(&server, &["KEYS", "*"]);
    assert_eq!(keys.lines().count(), 2);
    let values = keys
        .lines()
        .filter(|key| key.starts_with("test:session:"))
        .map(|key| redis_cli(&server, &["HGETALL", key]));
    let all = keys.clone() + &values.collect::<String>();
    assert!(all.contains("ada") && !all.contains(id), "{all}");
}

/// Another application in the same server.
#[tokio::test]
async fn a_session_of_another_namespace_is_no_session() {
    let server = Redis::start();
    let clock = Clock::start();
    let mut browser = Browser::new(app(&sessions_in(store_in(&server), &clock)));
    let cookie = browser.sign_in("ada").await;
    let other = RedisSessionStore::new(&server.url(), "other").unwrap();
    let other = sessions_in(other, &clock);
    let stranger = Browser::new(app(&other));
    stranger.with_cookie(cookie).assert_is_refused().await;
    other.sign_out_everywhere("ada").await.unwrap();
    browser.assert_is("ada").await;
}

#[tokio::test]
async fn a_server_that_is_stopped_is_503_and_used_again() {
    let mut server = Redis::start();
    let mut browser = Browser::new(app(&sessions_in(store_in(&server), &Clock::start())));
    let cookie = browser.sign_in("ada").await;
    server.stop();
    for _ in 0..3 {
        assert_is_away(&mut browser, &cookie).await;
    }
    server.restart();
    // The first request after the restart; the data of the server is lost.
    browser.assert_is_refused().await;
    browser.sign_in("ada").await;
    browser.assert_is("ada").await;
}

/// The connection ends while nobody uses it: the next request notices nothing.
#[tokio::test]
async fn a_connection_that_was_closed_costs_no_request() {
    let server = Redis::start();
    let mut browser = Browser::new(app(&sessions_in(store_in(&server), &Clock::start())));
    browser.sign_in("ada").await;
    for _ in 0..10 {
        redis_cli(
            &server,
            &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
        );
        browser.assert_is("ada").await;
    }
}

#[tokio::test]
async fn a_server_that_is_paused_is_503_after_a_second() {
    let server = Redis::start();
    let mut browser = Browser::new(app(&sessions_in(store_in(&server), &Clock::start())));
    let cookie = browser.sign_in("ada").await;
    server.pause();
    let started = Instant::now();
    let requests = (0..20).map(|_| {
        let mut browser = browser.clone();
        let cookie = cookie.clone();
        async move {
            assert_is_away(&mut browser, &cookie).await;
            Ok::<_, resourceful::Error>(())
        }
    });
    for result in resourceful::gather(20, requests).await {
        result.unwrap();
    }
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    server.resume();
    let back = until("the server is not used again", async || {
        (browser.who().await.0 == 200).then_some(())
    });
    back.await;
}

/// A proxy to the server, whose first connection gets no more replies once it is told so.
async fn proxy(server: &Redis) -> (String, Arc<AtomicBool>) {
    let target = server.url().strip_prefix("redis://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let is_silent = Arc::new(AtomicBool::new(false));
    let silence = Arc::clone(&is_silent);
    tokio::spawn(async move {
        for number in 0.. {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&target).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let silence = Arc::clone(&silence);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(size @ 1..) = from_server.read(&mut buffer).await {
                    let is_silent = number == 0 && silence.load(Ordering::Relaxed);
                    if !is_silent && to_client.write_all(&buffer[..size]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (url, is_silent)
}

/// The connection stays open: nothing but the missing reply shows that it is dead.
#[tokio::test]
async fn a_connection_that_is_silent_is_replaced() {
    let server = Redis::start();
    let (url, is_silent) = proxy(&server).await;
    let store = RedisSessionStore::new(&url, "test").unwrap();
    let mut browser = Browser::new(app(&sessions_in(store, &Clock::start())));
    let cookie = browser.sign_in("ada").await;
    is_silent.store(true, Ordering::Relaxed);
    assert_is_away(&mut browser, &cookie).await;
    browser.assert_is("ada").await;
}

#[tokio::test]
async fn a_server_that_refuses_the_password_is_503() {
    let server = Redis::start();
    redis_cli(&server, &["CONFIG", "SET", "requirepass", "s3cret"]);
    let error = store_in(&server).find(key(1)).await.unwrap_err();
    assert_eq!(error.status(), 503);
    let url = server.url().replace("redis://", "redis://:s3cret@");
    let store = RedisSessionStore::new(&url, "test").unwrap();
    assert_eq!(store.find(key(1)).await.unwrap(), None);
    assert!(!format!("{store:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_url_that_is_not_redis_is_refused() {
    for url in [
        "http://localhost",
        "rediss://localhost?sslrootcert=nowhere",
        "",
        "localhost",
    ] {
        assert!(RedisSessionStore::new(url, "test").is_err(), "{url}");
    }
}

async fn assert_is_away(browser: &mut Browser, cookie: &str) {
    let response = browser.get("/").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    assert_eq!(browser.cookie.as_deref(), Some(cookie));
}
