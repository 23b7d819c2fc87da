//! [`SessionStore`]: the interface that keeps sessions.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use resourceful::Result;

use crate::sessions::id::SessionKey;

/// A session in a [`SessionStore`]. Times are Unix times in seconds.
///
/// # Examples
/// See [`SessionStore`].
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The owner, whose sessions can be listed and deleted together.
    pub owner: Arc<str>,
    /// The data as JSON.
    pub data: Arc<str>,
    /// The number of changes of the data.
    pub version: i64,
    /// The time of the sign-in.
    pub created_at: i64,
    /// The time of the last request, more or less.
    pub last_seen_at: i64,
    /// After this time the session is invalid, and the store may delete it.
    pub expires_at: i64,
}

/// Omits the data.
impl Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("version", &self.version)
            .field("created_at", &self.created_at)
            .field("last_seen_at", &self.last_seen_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Keeps sessions. `Arc<dyn SessionStore>` implements it, too.
///
/// Each operation takes effect as a whole or not at all, also if its future is dropped. A store may return
/// sessions that have expired: [`Sessions`](crate::Sessions) compares the time.
///
/// # Examples
/// ```
/// use resourceful_auth::{MemorySessionStore, SessionKey, SessionStore, StoredSession};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let store = MemorySessionStore::default();
/// let key = SessionKey::new([7; 32]);
/// let session = StoredSession {
///     owner: "ada".into(),
///     data: "{}".into(),
///     version: 0,
///     created_at: 1_800_000_000,
///     last_seen_at: 1_800_000_000,
///     expires_at: 1_800_003_600,
/// };
/// store.create(key, session.clone()).await?;
/// assert_eq!(store.find(key).await?, Some(session));
/// store.delete_all("ada").await?;
/// assert_eq!(store.find(key).await?, None);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait SessionStore: Debug + Send + Sync + 'static {
    /// Adds a session. Its key is new.
    ///
    /// # Errors
    /// 503 if the store is unavailable; so for all operations.
    async fn create(&self, key: SessionKey, session: StoredSession) -> Result<()>;

    /// The session of this key.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn find(&self, key: SessionKey) -> Result<Option<StoredSession>>;

    /// Replaces the data and increments the version, if the session exists and has this version. Returns
    /// whether it did.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn replace(&self, key: SessionKey, version: i64, data: &str) -> Result<bool>;

    /// Sets `last_seen_at` and `expires_at`, if the session exists and was last seen earlier.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn touch(&self, key: SessionKey, last_seen_at: i64, expires_at: i64) -> Result<()>;

    /// Deletes a session if it exists.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn delete(&self, key: SessionKey) -> Result<()>;

    /// Deletes all sessions of an owner. No request that begins later finds one of them.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn delete_all(&self, owner: &str) -> Result<()>;

    /// The sessions of an owner, in any order.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn list(&self, owner: &str) -> Result<Vec<(SessionKey, StoredSession)>>;
}

#[async_trait]
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    async fn create(&self, key: SessionKey, session: StoredSession) -> Result<()> {
        (**self).create(key, session).await
    }

    async fn find(&self, key: SessionKey) -> Result<Option<StoredSession>> {
        (**self).find(key).await
    }

    async fn replace(&self, key: SessionKey, version: i64, data: &str) -> Result<bool> {
        (**self).replace(key, version, data).await
    }

    async fn touch(&self, key: SessionKey, last_seen_at: i64, expires_at: i64) -> Result<()> {
        (**self).touch(key, last_seen_at, expires_at).await
    }

    async fn delete(&self, key: SessionKey) -> Result<()> {
        (**self).delete(key).await
    }

    async fn delete_all(&self, owner: &str) -> Result<()> {
        (**self).delete_all(owner).await
    }

    async fn list(&self, owner: &str) -> Result<Vec<(SessionKey, StoredSession)>> {
        (**self).list(owner).await
    }
}
