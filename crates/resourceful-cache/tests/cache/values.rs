//! Storing, expiry and single computation of values.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use resourceful::{Error, Result, gather};
use resourceful_cache::{Cache, Memory};
use tokio::sync::Notify;

use crate::TTL;

/// Runs each case twice: in memory, and with the Redis server of `./test`.
macro_rules! in_both_stores {
    ($($case:ident,)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                let store = resourceful_cache::Memory::default();
                super::$case(resourceful_cache::Cache::new(store, stringify!($case), 1)).await;
            })*
        }

        #[cfg(feature = "redis")]
        mod redis {
            $(#[tokio::test]
            async fn $case() {
                let url = resourceful_test_parts::set_by_test_script("TEST_REDIS_URL");
                let store = resourceful_cache::Redis::new(&url).unwrap();
                let namespace = format!("{}-{}", stringify!($case), std::process::id());
                super::$case(resourceful_cache::Cache::new(store, &namespace, 1)).await;
            })*
        }
    };
}

in_both_stores! {
    a_value_is_stored_replaced_and_removed,
    a_value_expires_after_its_ttl,
    a_value_of_another_type_counts_as_missing,
    concurrent_misses_compute_once,
    an_error_is_shared_and_not_stored,
    a_cancelled_caller_leaves_the_computation_to_the_next,
}

async fn a_value_is_stored_replaced_and_removed(cache: Cache) {
    assert_eq!(cache.get::<String>("a").await, None);
    cache.set("a", &"one", TTL).await.unwrap();
    cache.set("a", &"two", TTL).await.unwrap();
    assert_eq!(cache.get::<String>("a").await.as_deref(), Some("two"));
    cache.delete("a").await.unwrap();
    cache.delete("a").await.unwrap();
    assert_eq!(cache.get::<String>("a").await, None);
}

async fn a_value_expires_after_its_ttl(cache: Cache) {
    cache
        .set("short", &1, Duration::from_millis(50))
        .await
        .unwrap();
    cache.set("long", &1, TTL).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while cache.get::<i32>("short").await.is_some() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the value did not expire"
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(cache.get("long").await, Some(1));
}

async fn a_value_of_another_type_counts_as_missing(cache: Cache) {
    cache.set("a", &"text", TTL).await.unwrap();
    assert_eq!(cache.get::<i32>("a").await, None);
    let computed = cache
        .get_or_compute("a", TTL, async { Ok::<_, Error>(7) })
        .await;
    assert_eq!(computed.unwrap(), 7);
    assert_eq!(cache.get("a").await, Some(7));
}

async fn concurrent_misses_compute_once(cache: Cache) {
    let computed = AtomicUsize::new(0);
    let compute = || async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, Error>(computed.fetch_add(1, Ordering::Relaxed))
    };
    let requests = (0..50).map(|_| cache.get_or_compute("a", TTL, compute()));
    for result in gather(50, requests).await {
        assert_eq!(result.unwrap(), 0);
    }
    // Other keys are computed separately.
    cache.get_or_compute("b", TTL, compute()).await.unwrap();
    assert_eq!(computed.into_inner(), 2);
}

async fn an_error_is_shared_and_not_stored(cache: Cache) {
    let computed = AtomicUsize::new(0);
    let fail = || async {
        computed.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Err::<i32, _>(Error::conflict("Not today."))
    };
    let requests = (0..10).map(|_| cache.get_or_compute("a", TTL, fail()));
    for result in gather(10, requests).await {
        let error = result.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.detail()),
            (409, Some("Not today."))
        );
    }
    assert!(computed.into_inner() < 10);
    let computed = cache
        .get_or_compute("a", TTL, async { Ok::<_, Error>(7) })
        .await;
    assert_eq!(computed.unwrap(), 7);
}

async fn a_cancelled_caller_leaves_the_computation_to_the_next(cache: Cache) {
    let begun = Arc::new(Notify::new());
    let first = tokio::spawn({
        let (cache, begun) = (cache.clone(), Arc::clone(&begun));
        async move {
            let never = async {
                begun.notify_one();
                std::future::pending::<Result<i32>>().await
            };
            cache.get_or_compute("a", TTL, never).await
        }
    });
    begun.notified().await;
    let second = tokio::spawn({
        let cache = cache.clone();
        async move {
            cache
                .get_or_compute("a", TTL, async { Ok::<_, Error>(2) })
                .await
        }
    });
    first.abort();
    assert_eq!(second.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn namespaces_and_versions_are_separate() {
    let store = Memory::default();
    let cache = |namespace, version| Cache::new(store.clone(), namespace, version);
    cache("posts", 1).set("a", &1, TTL).await.unwrap();
    assert_eq!(cache("posts", 1).get("a").await, Some(1));
    assert_eq!(cache("posts", 2).get::<i32>("a").await, None);
    assert_eq!(cache("users", 1).get::<i32>("a").await, None);
}

#[tokio::test]
async fn memory_is_bounded() {
    let cache = Cache::new(Memory::with_capacity(10_000), "posts", 1);
    for number in 0..100 {
        let value = "x".repeat(1000);
        cache.set(&number.to_string(), &value, TTL).await.unwrap();
    }
    let kept = |number: i32| {
        let cache = cache.clone();
        async move { Ok::<_, Error>(cache.get::<String>(&number.to_string()).await.is_some()) }
    };
    let kept = gather(100, (0..100).map(kept)).await;
    let kept = kept
        .into_iter()
        .filter(|kept| matches!(kept, Ok(true)))
        .count();
    assert!(kept < 100, "{kept}");
}

#[tokio::test]
async fn debug_output_omits_keys_and_values() {
    let store: std::sync::Arc<dyn resourceful_cache::Store> = Arc::new(Memory::default());
    let cache = Cache::new(store, "posts", 1);
    cache.set("key-of-ada", &"hunter2", TTL).await.unwrap();
    let debug = format!("{cache:?}");
    assert!(
        !debug.contains("hunter2") && !debug.contains("ada"),
        "{debug}"
    );
}
