//! Deliveries in this process.

use std::fmt;
use std::future::ready;

use async_trait::async_trait;
use moka::Entry;
use moka::future::Cache;
use moka::ops::compute::Op;
use resourceful::Result;
use tokio::time::Instant;

use crate::deliveries::{Begin, Deliveries, LEASE, Lease, RETENTION};

/// How many ids are kept; the oldest go first.
const MAX_IDS: u64 = 100_000;

/// The last 100,000 deliveries of seven days, in memory: for one process, until it ends.
///
/// # Examples
/// See [`Deliveries`].
#[derive(Clone)]
pub struct MemoryDeliveries(Cache<String, State>);

#[derive(Clone, Copy)]
enum State {
    Begun(Instant, Lease),
    Finished,
}

impl MemoryDeliveries {
    /// Does `op` where `lease` still holds the delivery.
    async fn end(&self, id: &str, lease: Lease, op: Op<State>) {
        let end = |entry: Option<Entry<String, State>>| {
            let state = entry.map(Entry::into_value);
            let is_held = matches!(state, Some(State::Begun(_, holder)) if holder == lease);
            ready(if is_held { op } else { Op::Nop })
        };
        self.0.entry_by_ref(id).and_compute_with(end).await;
    }
}

impl fmt::Debug for MemoryDeliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDeliveries").finish_non_exhaustive()
    }
}

impl Default for MemoryDeliveries {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_IDS)
            .eviction_policy(moka::policy::EvictionPolicy::lru())
            .time_to_live(RETENTION);
        Self(cache.build())
    }
}

#[async_trait]
impl Deliveries for MemoryDeliveries {
    async fn begin(&self, id: &str) -> Result<Begin> {
        let lease = Lease::unique();
        let mut found = Begin::Mine(lease);
        // One computation of a key at a time, so that of several who ask one begins.
        let begin = |entry: Option<Entry<String, State>>| {
            match entry.map(Entry::into_value) {
                Some(State::Finished) => found = Begin::Done,
                Some(State::Begun(at, _)) if at.elapsed() <= LEASE => found = Begin::Busy,
                _ => return ready(Op::Put(State::Begun(Instant::now(), lease))),
            }
            ready(Op::Nop)
        };
        self.0.entry_by_ref(id).and_compute_with(begin).await;
        Ok(found)
    }

    async fn finish(&self, id: &str, lease: Lease) -> Result<()> {
        self.end(id, lease, Op::Put(State::Finished)).await;
        Ok(())
    }

    async fn abandon(&self, id: &str, lease: Lease) -> Result<()> {
        self.end(id, lease, Op::Remove).await;
        Ok(())
    }
}
