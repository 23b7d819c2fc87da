//! Values that are too long to be cached.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use resourceful::Error;
use resourceful_cache::{Cache, Memory, Store};
use tracing_subscriber::fmt::MakeWriter;

use crate::TTL;

const MIB: usize = 1024 * 1024;

/// A text whose JSON has so many bytes.
fn text(bytes: usize) -> String {
    "x".repeat(bytes - 2)
}

async fn a_value_over_the_limit_is_not_kept(store: impl Store, max: usize) {
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
        assert!(Instant::now() < deadline, "it was not kept");
    }
    // What was there before does not stay in its place.
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
async fn memory_keeps_one_mebibyte_unless_told_otherwise() {
    a_value_over_the_limit_is_not_kept(Memory::default(), MIB).await;
    a_value_over_the_limit_is_not_kept(Memory::default().with_max_value(100), 100).await;
    let shared: Arc<dyn Store> = Arc::new(Memory::default().with_max_value(2 * MIB));
    a_value_over_the_limit_is_not_kept(shared, 2 * MIB).await;
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
async fn the_first_long_value_is_logged_with_what_to_do() {
    // Of the whole process: subscribers of one thread lose lines that other threads reach first.
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
    for part in ["WARN", "first", "1048577", "1048576", "with_max_value"] {
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
    async fn redis_keeps_one_mebibyte_unless_told_otherwise() {
        let server = Server::start();
        let store = || Redis::new(&server.url()).unwrap();
        a_value_over_the_limit_is_not_kept(store(), MIB).await;
        a_value_over_the_limit_is_not_kept(store().with_max_value(100), 100).await;
        // The server has a limit of its own.
        assert_eq!(store().with_max_value(usize::MAX).max_value(), 512 * MIB);
    }

    /// Another program stored 30 MB, and its key is read all the time: the cache is as good as
    /// before for all other keys.
    #[tokio::test]
    async fn a_long_value_of_somebody_else_is_not_there_and_disturbs_nobody() {
        let server = Server::start();
        redis_cli(&server, &["SETRANGE", "test:v1:long", "30000000", "x"]);
        redis_cli(&server, &["SET", "test:v1:hot", "1"]);
        let cache = Cache::new(Redis::new(&server.url()).unwrap(), "test", 1);
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            assert!(
                Instant::now() < deadline,
                "the long value turns the cache off"
            );
            assert_eq!(cache.get::<String>("long").await, None);
            // A busy machine may miss its 20 ms once in a while.
            if cache.get("hot").await == Some(1) {
                break;
            }
        }
        // Where the value is computed, it takes the place of what is there.
        let compute = async || Ok::<_, Error>("short".to_owned());
        while cache.get::<String>("long").await.as_deref() != Some("short") {
            assert!(Instant::now() < deadline, "the long value stays");
            let value = cache.get_or_compute("long", TTL, compute()).await;
            assert_eq!(value.unwrap(), "short");
        }
    }
}
