//! A Redis server that is stopped, paused and restarted.

use std::time::{Duration, Instant};

use resourceful::prelude::*;
use resourceful_rates::{AddressLimit, PerAddress, Quota, Rates, RedisRates};
use resourceful_test_parts::Redis;

async fn hello(_: Request) -> Result<&'static str> {
    Ok("Hello")
}

fn client(server: &Redis, closed: bool) -> TestClient {
    let rates = Rates::new(RedisRates::new(&server.url()).unwrap());
    let rates = if closed { rates.fail_closed() } else { rates };
    let limit = AddressLimit::new(&rates, "address", Quota::per_hour(1_000_000));
    let app = App::new()
        .access_with_state::<PerAddress, _>(limit)
        .get("/", public(hello));
    TestClient::new(app).unwrap()
}

/// Repeats requests until their responses have the fields of a rate.
async fn until_limited(client: &TestClient) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !client.get("/").await.headers().contains_key("ratelimit") {
        assert!(Instant::now() < deadline, "the server is not used again");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_are_allowed_or_refused_and_do_not_wait() {
    for pauses in [false, true] {
        let mut server = Redis::start();
        let (open, closed) = (client(&server, false), client(&server, true));
        until_limited(&open).await;
        until_limited(&closed).await;
        if pauses {
            server.pause();
        } else {
            server.stop();
        }
        // The first three find out, within 20 ms each.
        for _ in 0..3 {
            assert_eq!(open.get("/").await.status(), 200);
            assert_eq!(closed.get("/").await.status(), 503);
        }
        // The others do not ask. Alone they take microseconds; the bound has room for a busy machine.
        let started = Instant::now();
        for _ in 0..100 {
            assert_eq!(open.get("/").await.status(), 200);
        }
        let elapsed = started.elapsed();
        assert!(
            elapsed < Duration::from_secs(1),
            "100 requests took {elapsed:?}"
        );
        let refused = closed.get("/").await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
        if pauses {
            server.resume();
        } else {
            server.restart();
        }
        until_limited(&open).await;
        until_limited(&closed).await;
    }
}
