//! Deliveries in this process.

use std::fmt;
use std::time::Instant;

use async_trait::async_trait;
use moka::future::Cache;
use resourceful::Result;

use crate::deliveries::{Begin, Deliveries, LEASE, RETENTION};

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
    Begun(Instant),
    Finished,
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
        let begun = std::future::ready(State::Begun(Instant::now()));
        let is_dead = |state: &State| matches!(state, State::Begun(at) if at.elapsed() > LEASE);
        let entry = self
            .0
            .entry_by_ref(id)
            .or_insert_with_if(begun, is_dead)
            .await;
        Ok(match entry.value() {
            State::Begun(_) if entry.is_fresh() => Begin::Mine,
            State::Begun(_) => Begin::Busy,
            State::Finished => Begin::Done,
        })
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
