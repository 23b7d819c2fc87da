//! [`MemoryRates`]: quotas in this process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use resourceful::BoxError;
use tokio::time::Instant;

use crate::quota::{Quota, Taken};
use crate::store::RateStore;

/// Parts with a lock each.
const SHARDS: usize = 32;

const DEFAULT_CAPACITY: usize = 100_000;

/// Quotas in the memory of this process.
///
/// It keeps a bounded number of keys. A key takes about 40 bytes, whatever its length. When it is full, the keys that
/// were not used for longest are forgotten, and have whole quotas again.
///
/// # Examples
/// ```
/// use resourceful_rates::{MemoryRates, Rates};
/// let rates = Rates::new(MemoryRates::with_capacity(1_000_000));
/// ```
pub struct MemoryRates {
    shards: Vec<Mutex<Shard>>,
    /// Two hashes of 64 bits stand for a key; nobody can find two keys that share them.
    hashers: [RandomState; 2],
    start: Instant,
    /// Keys of a generation in a shard.
    capacity: usize,
}

type Key = (u64, u64);

/// The keys in two generations. A used key moves to the new one; the old one is dropped when the new one is full.
#[derive(Default)]
struct Shard {
    new: HashMap<Key, Duration>,
    old: HashMap<Key, Duration>,
}

impl MemoryRates {
    /// Quotas of at most so many keys.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hashers: [RandomState::new(), RandomState::new()],
            start: Instant::now(),
            capacity: (keys / SHARDS / 2).max(1),
        }
    }

    /// The number of keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        let shards = self.shards.iter().map(lock);
        shards.map(|shard| shard.new.len() + shard.old.len()).sum()
    }

    pub(crate) fn take_now(&self, key: &str, quota: Quota, cost: u32) -> Taken {
        let now = self.start.elapsed();
        let (key, mut shard) = self.shard(key);
        let whole_at = shard.new.get(&key).or_else(|| shard.old.get(&key));
        let used = whole_at.map_or(Duration::ZERO, |whole_at| whole_at.saturating_sub(now));
        let next = quota.take(used, cost);
        // A refused client is kept, too: otherwise it could wait until it is forgotten.
        let after = next.unwrap_or(used);
        if after > Duration::ZERO {
            shard.set(key, now + after, self.capacity);
        }
        drop(shard);
        quota.taken(after, next.is_some(), cost)
    }

    /// Leaves nothing of a quota.
    pub(crate) fn use_up(&self, key: &str, quota: Quota) {
        let whole_at = self.start.elapsed() + quota.window();
        let (key, mut shard) = self.shard(key);
        shard.set(key, whole_at, self.capacity);
    }

    fn shard(&self, key: &str) -> (Key, MutexGuard<'_, Shard>) {
        let key = (self.hashers[0].hash_one(key), self.hashers[1].hash_one(key));
        let shard = usize::try_from(key.0 % SHARDS as u64).unwrap_or_default();
        (key, lock(&self.shards[shard]))
    }
}

impl Shard {
    fn set(&mut self, key: Key, whole_at: Duration, capacity: usize) {
        if self.new.len() >= capacity && !self.new.contains_key(&key) {
            // The memory of the old generation becomes that of the new one.
            std::mem::swap(&mut self.new, &mut self.old);
            self.new.clear();
        }
        self.new.insert(key, whole_at);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryRates {
    /// Quotas of at most 100,000 keys.
    fn default() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for MemoryRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRates")
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl RateStore for MemoryRates {
    async fn take(&self, key: &str, quota: Quota, cost: u32) -> Result<Taken, BoxError> {
        Ok(self.take_now(key, quota, cost))
    }
}
