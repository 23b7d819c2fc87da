//! [`Memory`]: a store in this process.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use moka::Expiry;
use moka::future::Cache;
use resourceful::BoxError;

use crate::store::{MAX_VALUE_SIZE, Store};

/// Approximate bytes of an entry besides its key and value.
const ENTRY_OVERHEAD: usize = 128;

const DEFAULT_CAPACITY: u64 = 64 * 1024 * 1024;

/// A store in memory (default capacity 64 MiB). It evicts the least used values first.
///
/// # Examples
/// ```
/// use resourceful_cache::{Cache, Memory};
/// let cache = Cache::new(Memory::with_capacity(1024 * 1024), "reports", 1);
/// ```
#[derive(Clone)]
pub struct Memory {
    entries: Cache<String, Entry>,
    max_value_size: usize,
}

#[derive(Clone)]
struct Entry {
    value: Bytes,
    ttl: Duration,
}

impl Memory {
    /// Creates a store with this capacity in bytes, keys and values together.
    ///
    /// # Examples
    /// See [`Memory`].
    #[must_use]
    pub fn with_capacity(bytes: u64) -> Self {
        let size = |key: &String, entry: &Entry| {
            u32::try_from(ENTRY_OVERHEAD + key.len() + entry.value.len()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(size)
            .expire_after(EntryTtl);
        Self {
            entries: cache.build(),
            max_value_size: MAX_VALUE_SIZE,
        }
    }

    /// Sets the maximum size of a value in bytes (default 1 MiB).
    ///
    /// # Examples
    /// ```
    /// use resourceful_cache::{Cache, Memory};
    /// let store = Memory::default().with_max_value_size(4 * 1024 * 1024);
    /// let cache = Cache::new(store, "reports", 1);
    /// ```
    #[must_use]
    pub fn with_max_value_size(mut self, bytes: usize) -> Self {
        self.max_value_size = bytes;
        self
    }
}

/// Omits keys and values, which may be secret.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// Capacity 64 MiB.
impl Default for Memory {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }
}

#[async_trait]
impl Store for Memory {
    fn max_value_size(&self) -> usize {
        self.max_value_size
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

/// Expires each entry after its own TTL.
struct EntryTtl;

impl Expiry<String, Entry> for EntryTtl {
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
