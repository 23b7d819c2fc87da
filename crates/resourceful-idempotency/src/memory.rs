//! [`MemoryIdempotency`]: responses in this process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use resourceful::{Error, Result};
use tokio::time::Instant;

use crate::RETENTION;
use crate::record::{Record, RecordId};
use crate::store::{Begun, Claim, IdempotencyStore};

const DEFAULT_CAPACITY: usize = 64 * 1024 * 1024;

/// Responses in the memory of this process, for tests and for programs that need not remember anything after a restart.
///
/// An action has its effect once while the process runs, unless it fails after its effect (5xx). When the memory is full,
/// requests with new keys get 503 until the first responses have expired: none is forgotten before.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use resourceful_idempotency::MemoryIdempotency;
///
/// let store = MemoryIdempotency::with_capacity(16 * 1024 * 1024).with_retention(Duration::from_secs(60 * 60));
/// ```
#[derive(Debug)]
pub struct MemoryIdempotency {
    state: Arc<Mutex<State>>,
    capacity: usize,
    retention: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// `None` while an attempt runs.
    records: HashMap<RecordId, Option<Record>>,
    /// The kept records, the oldest first.
    expiries: VecDeque<(Instant, RecordId)>,
    /// The size of all records in bytes.
    size: usize,
}

impl MemoryIdempotency {
    /// Responses of so many bytes at most (default: 64 MiB).
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            state: Arc::default(),
            capacity: bytes,
            retention: RETENTION,
        }
    }

    /// Sets how long responses are kept (default: 24 hours).
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }
}

impl Default for MemoryIdempotency {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }
}

#[async_trait]
impl IdempotencyStore for MemoryIdempotency {
    async fn begin(&self, id: &RecordId) -> Result<Begun> {
        let mut state = lock(&self.state);
        state.remove_expired();
        match state.records.get(id) {
            Some(Some(record)) => return Ok(Begun::Kept(record.clone())),
            Some(None) => return Ok(Begun::Running),
            None => {}
        }
        if state.size >= self.capacity {
            tracing::warn!("the memory for idempotency keys is full");
            return Err(Error::unavailable(Duration::from_secs(60)));
        }
        state.records.insert(id.clone(), None);
        Ok(Begun::New(Box::new(MemoryClaim {
            state: Arc::clone(&self.state),
            id: id.clone(),
            retention: self.retention,
        })))
    }
}

/// The attempt that runs. Dropped, it is forgotten.
struct MemoryClaim {
    state: Arc<Mutex<State>>,
    id: RecordId,
    retention: Duration,
}

#[async_trait]
impl Claim for MemoryClaim {
    async fn keep(self: Box<Self>, record: Record) -> Result<()> {
        let mut state = lock(&self.state);
        state.size += record.size();
        let now = Instant::now();
        let expiry = now.checked_add(self.retention).unwrap_or(now + RETENTION);
        state.expiries.push_back((expiry, self.id.clone()));
        state.records.insert(self.id.clone(), Some(record));
        Ok(())
    }

    async fn release(self: Box<Self>) {}
}

impl Drop for MemoryClaim {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if let Some(None) = state.records.get(&self.id) {
            state.records.remove(&self.id);
        }
    }
}

impl State {
    fn remove_expired(&mut self) {
        let now = Instant::now();
        while let Some((expiry, id)) = self.expiries.front()
            && *expiry <= now
        {
            if let Some(Some(record)) = self.records.remove(id) {
                self.size -= record.size();
            }
            self.expiries.pop_front();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
