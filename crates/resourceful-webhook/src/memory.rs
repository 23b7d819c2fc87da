//! Deliveries in this process.

use std::time::Instant;

use async_trait::async_trait;
use moka::future::Cache;
use resourceful::Result;

use crate::deliveries::{Deliveries, LEASE, RETENTION};

/// How many ids are kept; the oldest go first.
const MAX_IDS: u64 = 100_000;

/// The last 100,000 deliveries of seven days, in memory: for one process, until it ends.
///
/// # Examples
/// See [`Deliveries`].
#[derive(Clone, Debug)]
pub struct MemoryDeliveries(Cache<String, State>);

#[derive(Clone, Copy, Debug)]
enum State {
    Begun(Instant),
    Finished,
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
    async fn begin(&self, id: &str) -> Result<bool> {
        let begun = std::future::ready(State::Begun(Instant::now()));
        let is_dead = |state: &State| matches!(state, State::Begun(at) if at.elapsed() > LEASE);
        let entry = self.0.entry_by_ref(id).or_insert_with_if(begun, is_dead);
        Ok(entry.await.is_fresh())
    }

    async fn finish(&self, id: &str) -> Result<()> {
        self.0.insert(id.to_owned(), State::Finished).await;
        Ok(())
    }

    async fn abandon(&self, id: &str) -> Result<()> {
        self.0.invalidate(id).await;
        Ok(())
    }
}
