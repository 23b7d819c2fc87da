//! Values over the maximum size.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use resourceful::Error;
use resourceful_cache::{Cache, Memory, Store};
use tracing_subscriber::fmt::MakeWriter;

use crate::TTL;

const MIB: usize = 1024 * 1024;

/// A text whose JSON has this many bytes.
fn text(bytes: usize) -> String {
    "x".repeat(bytes - 2)
}

async fn a_value_over_the_limit_is_not_stored(store: impl Store, max: usize) {
    let namespace = format!("long-{}-{max}", std::process::id());
    let cache = Cache::new(store, &namespace, 1);
    // A busy machine may need more than 20 ms for a mebibyte.
    let set = async |value: String| {
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = cache.set("a", &value, TTL).await {
            assert!(Instant::now() < deadline, "{error}");
        }
    };
    set(text(max)).await;
    let deadline = Instant::now() + Duration::from_secs(5);
    while cache.get::<String>("a").await.is_none() {
        assert!(Instant::now() < deadline, "the value was not stored");
    }
    // The older value is removed.
    set(text(max + 1)).await;
    assert!(cache.get::<String>("a").await.is_none());
    let computed = AtomicUsize::new(0);
    for _ in 0..2 {
        let compute = async {
            computed.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Error>(text(max + 1))
        };
        let value = cache.get_or_compute("a", TTL, compute).await.unwrap();
        assert_eq!(value.len(), max - 1);
    }
    assert_eq!(computed.into_inner(), 2);
}

#[tokio::test]
async fn the_default_limit_in_memory_is_one_mebibyte() {
    a_value_over_the_limit_is_not_stored(Memory::default(), MIB).await;
    a_value_over_the_limit_is_not_stored(Memory::default().with_max_value_size(100), 100).await;
    let shared: Arc<dyn Store> = Arc::new(Memory::default().with_max_value_size(2 * MIB));
    a_value_over_the_limit_is_not_stored(shared, 2 * MIB).await;
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_first_long_value_is_logged_with_advice() {
    // One subscriber for the process: a thread's subscriber misses events that other threads log
    // first.
    static LOG: LazyLock<Log> = LazyLock::new(|| {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        let subscriber = subscriber.with_writer(log.clone()).finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    });
    LazyLock::force(&LOG);
    let cache = Cache::new(Memory::default(), "logged", 1);
    for key in ["first", "second"] {
        cache.set(key, &text(MIB + 1), TTL).await.unwrap();
    }
    let log = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    let mut lines = log.lines().filter(|line| line.contains("logged:v1:"));
    let (Some(line), None) = (lines.next(), lines.next()) else {
        panic!("{log}");
    };
    for part in ["WARN", "first", "1048577", "1048576", "with_max_value_size"] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[cfg(feature = "redis")]
mod in_redis {
    use resourceful_cache::Redis;
    use resourceful_test_parts::Redis as Server;

    use super::*;
    use crate::redis_cli;

    #[tokio::test]
    async fn the_default_limit_in_redis_is_one_mebibyte() {
        let server = Server::start();
        let store = || Redis::new(&server.url()).unwrap();
        a_value_over_the_limit_is_not_stored(store(), MIB).await;
        a_value_over_the_limit_is_not_stored(store().with_max_value_size(100), 100).await;
        // The maximum of a Redis server.
        assert_eq!(
            store().with_max_value_size(usize::MAX).max_value_size(),
            512 * MIB
        );
    }

    /// Another program stored 30 MB under a key that is read often. Other keys are not affected.
    #[tokio::test]
    async fn a_long_value_of_another_program_counts_as_missing() {
        let server = Server::start();
        redis_cli(&server, &["SETRANGE", "test:v1:long", "30000000", "x"]);
        redis_cli(&server, &["SET", "test:v1:hot", "1"]);
        let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            assert!(
                Instant::now() < deadline,
                "the long value disables the cache"
            );
            assert_eq!(cache.get::<String>("long").await, None);
            // A busy machine may exceed the 20 ms now and then.
            if cache.get("hot").await == Some(1) {
                break;
            }
        }
        // A computed value replaces the long one.
        let compute = async || Ok::<_, Error>("short".to_owned());
        while cache.get::<String>("long").await.as_deref() != Some("short") {
            assert!(Instant::now() < deadline, "the long value stays");
            let value = cache.get_or_compute("long", TTL, compute()).await;
            assert_eq!(value.unwrap(), "short");
        }
    }
}
