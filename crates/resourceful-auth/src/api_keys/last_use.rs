//! Records the last use of API keys beside the requests.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::future::Cache;
use tokio::sync::Semaphore;

use crate::api_keys::key::{ApiKey, whole_seconds};
use crate::api_keys::store::ApiKeyStore;

/// Minimum time between two records of a key.
const INTERVAL: Duration = Duration::from_secs(60);

/// Maximum duration of a write.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of writes at the same time, so that requests keep the connections of a slow store.
const MAX_WRITES: usize = 4;

/// Maximum number of keys that are remembered.
const MAX_KEYS: u64 = 10_000;

/// Writes uses in tasks of their own. A request neither waits for a write nor fails with it; a use that cannot
/// be written is dropped.
pub(crate) struct LastUse {
    writes: Arc<Semaphore>,
    /// The keys of the last minute. A failing store gets no more writes than one that works.
    recent: Cache<String, ()>,
}

impl LastUse {
    pub(crate) fn new() -> Self {
        Self {
            writes: Arc::new(Semaphore::new(MAX_WRITES)),
            recent: Cache::builder()
                .max_capacity(MAX_KEYS)
                .time_to_live(INTERVAL)
                .build(),
        }
    }

    /// Records a use of the key if none was recorded in the last minute.
    pub(crate) async fn record(&self, store: &Arc<dyn ApiKeyStore>, key: &ApiKey, now: SystemTime) {
        let is_recent = |used| now < used + INTERVAL;
        if key.last_used_at.is_some_and(is_recent) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.writes).try_acquire_owned() else {
            return;
        };
        if !self
            .recent
            .entry_by_ref(&key.id)
            .or_insert(())
            .await
            .is_fresh()
        {
            return;
        }
        let (store, id) = (Arc::clone(store), key.id.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let write = store.record_use(&id, whole_seconds(now));
            let error = match tokio::time::timeout(TIMEOUT, write).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("it took longer than {} s", TIMEOUT.as_secs()),
            };
            tracing::warn!(
                key = id,
                error,
                "the use of an API key could not be recorded"
            );
        });
    }
}
