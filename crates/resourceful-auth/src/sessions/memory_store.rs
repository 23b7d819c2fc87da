//! [`MemorySessionStore`]: sessions in this process.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use resourceful::Result;

use crate::sessions::id::SessionKey;
use crate::sessions::store::{SessionStore, StoredSession};

const DEFAULT_CAPACITY: usize = 100_000;

/// Keeps up to 100,000 sessions in memory, for one process until it ends.
///
/// If it is full, it forgets the expired sessions, and then those that were seen longest ago. A clone is
/// the same store.
///
/// # Examples
/// See [`Sessions`](crate::Sessions).
#[derive(Clone)]
pub struct MemorySessionStore {
    tables: Arc<Mutex<Tables>>,
    capacity: usize,
}

#[derive(Default)]
struct Tables {
    sessions: HashMap<SessionKey, StoredSession>,
    owners: HashMap<Arc<str>, HashSet<SessionKey>>,
}

impl MemorySessionStore {
    /// A store for up to this number of sessions, at least one.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{MemorySessionStore, Sessions};
    /// let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::with_capacity(1000));
    /// ```
    #[must_use]
    pub fn with_capacity(sessions: usize) -> Self {
        Self {
            tables: Arc::default(),
            capacity: sessions.max(1),
        }
    }

    /// The lock is never held across an await, and no code of others runs under it.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemorySessionStore {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for MemorySessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessionStore")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl Tables {
    fn remove(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.remove(&key) else {
            return;
        };
        if let Some(keys) = self.owners.get_mut(&session.owner) {
            keys.remove(&key);
            if keys.is_empty() {
                self.owners.remove(&session.owner);
            }
        }
    }

    /// Removes a sixteenth of a full store, so that not each sign-in searches it.
    fn make_room(&mut self, capacity: usize, now: i64) {
        if self.sessions.len() < capacity {
            return;
        }
        let target = (capacity - capacity / 16).min(capacity - 1);
        let seen = |(key, session): (&SessionKey, &StoredSession)| {
            let is_expired = session.expires_at <= now;
            (!is_expired, session.last_seen_at, *key)
        };
        let mut sessions: Vec<_> = self.sessions.iter().map(seen).collect();
        sessions.sort_unstable_by_key(|&(is_valid, seen, _)| (is_valid, seen));
        let excess = sessions.len() - target;
        for (index, (is_valid, _, key)) in sessions.into_iter().enumerate() {
            if is_valid && index >= excess {
                break;
            }
            self.remove(key);
        }
    }
}

#[async_trait]
impl SessionStore for MemorySessionStore {
    async fn create(&self, key: SessionKey, session: StoredSession) -> Result<()> {
        let mut tables = self.tables();
        tables.make_room(self.capacity, session.created_at);
        let owner = Arc::clone(&session.owner);
        tables.owners.entry(owner).or_default().insert(key);
        tables.sessions.insert(key, session);
        Ok(())
    }

    async fn find(&self, key: SessionKey) -> Result<Option<StoredSession>> {
        Ok(self.tables().sessions.get(&key).cloned())
    }

    async fn replace(&self, key: SessionKey, version: i64, data: &str) -> Result<bool> {
        let mut tables = self.tables();
        let session = tables.sessions.get_mut(&key);
        let Some(session) = session.filter(|session| session.version == version) else {
            return Ok(false);
        };
        session.data = data.into();
        session.version += 1;
        Ok(true)
    }

    async fn touch(&self, key: SessionKey, last_seen_at: i64, expires_at: i64) -> Result<()> {
        if let Some(session) = self.tables().sessions.get_mut(&key)
            && session.last_seen_at < last_seen_at
        {
            session.last_seen_at = last_seen_at;
            session.expires_at = expires_at;
        }
        Ok(())
    }

    async fn delete(&self, key: SessionKey) -> Result<()> {
        self.tables().remove(key);
        Ok(())
    }

    async fn delete_all(&self, owner: &str) -> Result<()> {
        let mut tables = self.tables();
        for key in tables.owners.remove(owner).unwrap_or_default() {
            tables.sessions.remove(&key);
        }
        Ok(())
    }

    async fn list(&self, owner: &str) -> Result<Vec<(SessionKey, StoredSession)>> {
        let tables = self.tables();
        let keys = tables.owners.get(owner).into_iter().flatten();
        let sessions = keys.filter_map(|key| Some((*key, tables.sessions.get(key)?.clone())));
        Ok(sessions.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn owners_without_sessions_take_no_memory() {
        let store = MemorySessionStore::with_capacity(32);
        for number in 0..100_u8 {
            let session = StoredSession {
                owner: number.to_string().into(),
                data: "{}".into(),
                version: 0,
                created_at: i64::from(number),
                last_seen_at: i64::from(number),
                expires_at: 1000,
            };
            store
                .create(SessionKey::new([number; 32]), session)
                .await
                .unwrap();
        }
        store.delete(SessionKey::new([99; 32])).await.unwrap();
        store.delete_all("98").await.unwrap();
        let tables = store.tables();
        assert!(tables.sessions.len() <= 30, "{}", tables.sessions.len());
        assert_eq!(tables.owners.len(), tables.sessions.len());
    }
}
