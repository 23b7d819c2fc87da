//! In this process.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use moka::Expiry;
use moka::future::Cache;
use resourceful::BoxError;

use crate::store::{MAX_VALUE, Store};

/// What an entry takes besides its key and its value, about, in bytes.
const OVERHEAD: usize = 128;

const DEFAULT_CAPACITY: u64 = 64 * 1024 * 1024;

/// A store in memory. Over its capacity the least used values go first.
///
/// # Examples
/// ```
/// use resourceful_cache::{Cache, Memory};
/// let cache = Cache::new(Memory::with_capacity(1024 * 1024), "reports", 1);
/// ```
#[derive(Clone)]
pub struct Memory {
    entries: Cache<String, Entry>,
    max_value: usize,
}

#[derive(Clone)]
struct Entry {
    value: Bytes,
    ttl: Duration,
}

impl Memory {
    /// A store of so many bytes, keys and values taken together.
    ///
    /// # Examples
    /// See [`Memory`].
    #[must_use]
    pub fn with_capacity(bytes: u64) -> Self {
        let size = |key: &String, entry: &Entry| {
            u32::try_from(OVERHEAD + key.len() + entry.value.len()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(size)
            .expire_after(OwnTime);
        Self {
            entries: cache.build(),
            max_value: MAX_VALUE,
        }
    }

    /// Keeps values of at most `bytes`, instead of 1 MiB.
    ///
    /// # Examples
    /// ```
    /// use resourceful_cache::{Cache, Memory};
    /// let store = Memory::default().with_max_value(4 * 1024 * 1024);
    /// let cache = Cache::new(store, "reports", 1);
    /// ```
    #[must_use]
    pub fn with_max_value(mut self, bytes: usize) -> Self {
        self.max_value = bytes;
        self
    }
}

/// Without keys and values, which may be secret.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// 64 MiB.
impl Default for Memory {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }
}

#[async_trait]
impl Store for Memory {
    fn max_value(&self) -> usize {
        self.max_value
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        Ok(self.entries.get(key).await.map(|entry| entry.value))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        let entry = Entry { value, ttl };
        self.entries.insert(key.to_owned(), entry).await;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        self.entries.invalidate(key).await;
        Ok(())
    }
}

/// Every entry says itself how long it is kept.
struct OwnTime;

impl Expiry<String, Entry> for OwnTime {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}
