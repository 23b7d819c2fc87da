//! The contract of [`RateStore`], which each store keeps.

use std::sync::Arc;
use std::time::Duration;

use resourceful_rates::{MemoryRates, Quota, RateStore};

/// A quota that is not whole again during a test.
fn hourly(limit: u32) -> Quota {
    Quota::per_hour(limit)
}

async fn keeps_the_contract(store: Arc<dyn RateStore>) {
    let take = |key: &'static str, quota, cost| {
        let store = Arc::clone(&store);
        async move { store.take(key, quota, cost).await.unwrap() }
    };
    let taken = take("a", hourly(3), 1).await;
    assert_eq!((taken.is_allowed, taken.remaining), (true, 2));
    assert!(
        taken.reset > Duration::from_secs(19 * 60) && taken.reset <= Duration::from_secs(20 * 60)
    );
    assert_eq!(taken.retry_after, Duration::ZERO);
    // A cost of 0 tasks nothing.
    assert_eq!(take("a", hourly(3), 0).await.remaining, 2);
    // More than is left is not taken, not even a part of it.
    let taken = take("a", hourly(3), 3).await;
    assert_eq!((taken.is_allowed, taken.remaining), (false, 2));
    assert!(taken.retry_after > Duration::from_secs(19 * 60));
    assert!(take("a", hourly(3), 2).await.is_allowed);
    let taken = take("a", hourly(3), 1).await;
    assert_eq!((taken.is_allowed, taken.remaining), (false, 0));
    assert!(!take("a", hourly(3), 4).await.is_allowed);
    assert!(!take("none", hourly(0), 1).await.is_allowed);
    // Another key has a quota of its own.
    assert!(take("b", hourly(3), 3).await.is_allowed);
    // A larger quota of the same key: what was used stays used.
    let taken = take("a", hourly(30), 1).await;
    assert!(!taken.is_allowed, "{taken:?}");

    // Of many at once, as many as the quota has.
    let tasks = (0..200).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.take("many", hourly(50), 1).await.unwrap().is_allowed })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut allowed = 0;
    for task in tasks {
        allowed += u32::from(task.await.unwrap());
    }
    assert_eq!(allowed, 50);

    // It is whole again after its time, and then has no more than before.
    let quick = Quota::new(2, Duration::from_millis(40));
    let mut allowed = 0;
    let begun = std::time::Instant::now();
    while allowed < 12 {
        allowed += u32::from(store.take("quick", quick, 1).await.unwrap().is_allowed);
    }
    // Two at once, and ten more, one each 20 ms.
    let elapsed = begun.elapsed();
    assert!(elapsed >= Duration::from_millis(199), "{elapsed:?}");
}

#[tokio::test]
async fn memory() {
    keeps_the_contract(Arc::new(MemoryRates::default())).await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis() {
    let server = resourceful_test_parts::Redis::start();
    let store = resourceful_rates::RedisRates::new(&server.url()).unwrap();
    keeps_the_contract(Arc::new(store)).await;
}

#[tokio::test]
async fn a_million_addresses_take_bounded_memory() {
    let store = MemoryRates::with_capacity(10_000);
    let quota = hourly(5);
    for number in 0..1_000_000_u32 {
        let address = std::net::Ipv4Addr::from(number).to_string();
        assert!(store.take(&address, quota, 1).await.unwrap().is_allowed);
        if number % 1000 == 0 {
            // A client that comes again and again is not forgotten.
            store.take("again", quota, 1).await.unwrap();
        }
    }
    assert!(store.keys() <= 10_000, "{}", store.keys());
    assert!(!store.take("again", quota, 1).await.unwrap().is_allowed);
}
