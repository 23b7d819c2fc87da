//! [`MemoryApiKeyStore`]: an API key store in this process.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use resourceful::{Error, Result};

use crate::api_keys::key::ApiKey;
use crate::api_keys::key_text::SecretHash;
use crate::api_keys::store::{ApiKeyStore, MAX_LISTED};

/// Keeps API keys in memory, for one process until it ends. Clones share the keys.
///
/// # Examples
/// See [`ApiKeyStore`].
#[derive(Clone, Default)]
pub struct MemoryApiKeyStore(Arc<Mutex<HashMap<String, (ApiKey, SecretHash)>>>);

impl MemoryApiKeyStore {
    fn keys(&self) -> MutexGuard<'_, HashMap<String, (ApiKey, SecretHash)>> {
        // Each change is one assignment, so a panic leaves no half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns false if there is a key with this id.
    pub(crate) fn add(&self, key: ApiKey, hash: SecretHash) -> bool {
        match self.keys().entry(key.id.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert((key, hash));
                true
            }
        }
    }
}

impl fmt::Debug for MemoryApiKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryApiKeyStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl ApiKeyStore for MemoryApiKeyStore {
    async fn insert(&self, key: &ApiKey, hash: &SecretHash) -> Result<()> {
        if self.add(key.clone(), hash.clone()) {
            Ok(())
        } else {
            Err(Error::internal("there is an API key with this id"))
        }
    }

    async fn find(&self, id: &str) -> Result<Option<(ApiKey, SecretHash)>> {
        Ok(self.keys().get(id).cloned())
    }

    async fn list(&self, owner: &str) -> Result<Vec<ApiKey>> {
        let keys = self.keys();
        let of_owner = keys.values().filter(|(key, _)| key.owner == owner);
        let mut listed: Vec<ApiKey> = of_owner.map(|(key, _)| key.clone()).collect();
        drop(keys);
        listed.sort_by(|a, b| (Reverse(a.created_at), &a.id).cmp(&(Reverse(b.created_at), &b.id)));
        listed.truncate(MAX_LISTED);
        Ok(listed)
    }

    async fn revoke(&self, owner: &str, id: &str, at: SystemTime) -> Result<Option<ApiKey>> {
        let mut keys = self.keys();
        let found = keys.get_mut(id).filter(|(key, _)| key.owner == owner);
        Ok(found.map(|(key, _)| {
            key.revoked_at.get_or_insert(at);
            key.clone()
        }))
    }

    async fn record_use(&self, id: &str, at: SystemTime) -> Result<()> {
        if let Some((key, _)) = self.keys().get_mut(id) {
            key.last_used_at = key.last_used_at.max(Some(at));
        }
        Ok(())
    }
}
