//! TLS to Redis.

use resourceful_cache::{Cache, Redis, ServerAddress};
use resourceful_test_parts::Redis as Server;
use tokio::net::TcpListener;

use crate::TTL;
use crate::redis_unavailable::until_available;

async fn error(url: &str) -> String {
    let address = ServerAddress::parse(url).unwrap();
    address.connect().await.map(drop).unwrap_err().to_string()
}

#[tokio::test]
async fn a_cache_is_behind_tls() {
    let server = Server::start_with_tls();
    let cache = Cache::new(Redis::new(&server.url()).unwrap(), "tls", 1);
    until_available(&cache).await;
    cache.set("a", &"one", TTL).await.unwrap();
    assert_eq!(cache.get::<String>("a").await.as_deref(), Some("one"));
}

#[tokio::test]
async fn certificates_are_verified() {
    let (server, other) = (Server::start_with_tls(), Server::start_with_tls());
    let (url, url_of_other) = (server.url(), other.url());
    ServerAddress::parse(&url).unwrap().connect().await.unwrap();
    let (address, _) = url.split_once('?').unwrap();
    let (_, authority) = url_of_other.split_once('?').unwrap();
    for wrong in [
        address.to_owned(),
        format!("{address}?{authority}"),
        url.replace("localhost", "127.0.0.1"),
    ] {
        let error = error(&wrong).await;
        assert!(error.contains("certificate"), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_shake_hands_is_left() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://{}", silent.local_addr().unwrap());
    assert_eq!(error(&url).await, "timed out");
}
