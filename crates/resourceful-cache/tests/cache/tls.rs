//! TLS to Redis.

use resourceful_cache::{Cache, Redis};
use resourceful_test_parts::Redis as Server;

use crate::TTL;

async fn is_stored(url: &str) -> bool {
    let cache = Cache::new(Redis::new(url).unwrap(), "tls", 1);
    // The first operation may end before the connection is open.
    for _ in 0..100 {
        if cache.set("a", &"one", TTL).await.is_ok() {
            return cache.get::<String>("a").await.as_deref() == Some("one");
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn certificates_are_verified() {
    let (server, other) = (Server::start_with_tls(), Server::start_with_tls());
    let url = server.url();
    assert!(is_stored(&url).await);

    let (address, _) = url.split_once('?').unwrap();
    let authority = other.url();
    let (_, authority) = authority.split_once('?').unwrap();
    let of_other = format!("{address}?{authority}");
    let other_name = url.replace("localhost", "127.0.0.1");
    let plain = url.replace("rediss", "redis");
    for wrong in [address, &of_other, &other_name, &plain] {
        assert!(!is_stored(wrong).await, "{wrong}");
    }
    for invalid in [
        "rediss://",
        "rediss://localhost?sslrootcert=/nowhere",
        "https://localhost",
    ] {
        Redis::new(invalid).unwrap_err();
    }
}
