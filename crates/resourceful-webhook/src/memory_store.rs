//! [`MemoryDeliveryStore`]: a delivery store in this process.

use std::fmt;
use std::future::ready;

use async_trait::async_trait;
use moka::Entry;
use moka::future::Cache;
use moka::ops::compute::Op;
use resourceful::Result;
use tokio::time::Instant;

use crate::delivery_store::{Claim, DeliveryStore, LEASE, Lease, RETENTION};

/// Maximum number of ids; the oldest are evicted first.
const MAX_IDS: u64 = 100_000;

/// Remembers up to 100,000 deliveries for seven days in memory, for one process until it ends.
///
/// # Examples
/// See [`DeliveryStore`].
#[derive(Clone)]
pub struct MemoryDeliveryStore(Cache<String, State>);

#[derive(Clone, Copy)]
enum State {
    Claimed(Instant, Lease),
    Processed,
}

impl MemoryDeliveryStore {
    /// Applies `op` if `lease` still holds the delivery.
    async fn apply_if_held(&self, id: &str, lease: Lease, op: Op<State>) {
        let apply = |entry: Option<Entry<String, State>>| {
            let state = entry.map(Entry::into_value);
            let is_held = matches!(state, Some(State::Claimed(_, holder)) if holder == lease);
            ready(if is_held { op } else { Op::Nop })
        };
        self.0.entry_by_ref(id).and_compute_with(apply).await;
    }
}

impl fmt::Debug for MemoryDeliveryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDeliveryStore")
            .finish_non_exhaustive()
    }
}

impl Default for MemoryDeliveryStore {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_IDS)
            .eviction_policy(moka::policy::EvictionPolicy::lru())
            .time_to_live(RETENTION);
        Self(cache.build())
    }
}

#[async_trait]
impl DeliveryStore for MemoryDeliveryStore {
    async fn claim(&self, id: &str) -> Result<Claim> {
        let lease = Lease::unique();
        let mut claim = Claim::Acquired(lease);
        // moka runs one computation per key at a time, so of concurrent callers one acquires the lease.
        let insert = |entry: Option<Entry<String, State>>| {
            match entry.map(Entry::into_value) {
                Some(State::Processed) => claim = Claim::Processed,
                Some(State::Claimed(at, _)) if at.elapsed() <= LEASE => claim = Claim::InProgress,
                _ => return ready(Op::Put(State::Claimed(Instant::now(), lease))),
            }
            ready(Op::Nop)
        };
        self.0.entry_by_ref(id).and_compute_with(insert).await;
        Ok(claim)
    }

    async fn complete(&self, id: &str, lease: Lease) -> Result<()> {
        self.apply_if_held(id, lease, Op::Put(State::Processed))
            .await;
        Ok(())
    }

    async fn release(&self, id: &str, lease: Lease) -> Result<()> {
        self.apply_if_held(id, lease, Op::Remove).await;
        Ok(())
    }
}
