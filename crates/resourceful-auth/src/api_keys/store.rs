//! [`ApiKeyStore`]: the interface that keeps API keys.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use resourceful::Result;

use crate::api_keys::key::ApiKey;
use crate::api_keys::key_text::SecretHash;

/// Maximum number of keys that a store lists.
pub(crate) const MAX_LISTED: usize = 1000;

/// Keeps API keys. `Arc<dyn ApiKeyStore>` implements it, too.
///
/// Stores of this crate: [`MemoryApiKeyStore`](crate::MemoryApiKeyStore), and `SqlApiKeyStore` (feature `sea-orm`).
///
/// # Examples
/// ```
/// use resourceful_auth::{ApiKeyStore, ApiKeys, MemoryApiKeyStore, NewApiKey};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let store = MemoryApiKeyStore::default();
/// let issued = ApiKeys::new("acme", store.clone()).create(NewApiKey::new("alice", "laptop")).await?;
/// let (key, _hash) = store.find(&issued.key.id).await?.expect("it was created");
/// assert_eq!(key.name, "laptop");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait ApiKeyStore: Debug + Send + Sync + 'static {
    /// Adds a key.
    ///
    /// # Errors
    /// If there is a key with this id, or the store is unavailable.
    async fn insert(&self, key: &ApiKey, hash: &SecretHash) -> Result<()>;

    /// Finds a key by its id, which has 1 to 32 letters and digits. Expired and revoked keys are found, too.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn find(&self, id: &str) -> Result<Option<(ApiKey, SecretHash)>>;

    /// Lists the newest 1000 keys of an owner, the newest first.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn list(&self, owner: &str) -> Result<Vec<ApiKey>>;

    /// Revokes a key of this owner. Returns `None` if the owner has no such key. A key that was revoked keeps its time.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn revoke(&self, owner: &str, id: &str, at: SystemTime) -> Result<Option<ApiKey>>;

    /// Records a use of the key, unless a later one is recorded. Has no effect if there is no such key.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn record_use(&self, id: &str, at: SystemTime) -> Result<()>;
}

#[async_trait]
impl<S: ApiKeyStore + ?Sized> ApiKeyStore for Arc<S> {
    async fn insert(&self, key: &ApiKey, hash: &SecretHash) -> Result<()> {
        (**self).insert(key, hash).await
    }

    async fn find(&self, id: &str) -> Result<Option<(ApiKey, SecretHash)>> {
        (**self).find(id).await
    }

    async fn list(&self, owner: &str) -> Result<Vec<ApiKey>> {
        (**self).list(owner).await
    }

    async fn revoke(&self, owner: &str, id: &str, at: SystemTime) -> Result<Option<ApiKey>> {
        (**self).revoke(owner, id, at).await
    }

    async fn record_use(&self, id: &str, at: SystemTime) -> Result<()> {
        (**self).record_use(id, at).await
    }
}
