//! [`Store`]: the interface to a key-value store.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use resourceful::BoxError;

/// Default maximum size of a value in bytes: 1 MiB.
pub(crate) const MAX_VALUE_SIZE: usize = 1024 * 1024;

/// A key-value store for a [`Cache`](crate::Cache). `Arc<dyn Store>` implements it, too.
///
/// # Examples
/// An empty store, for tests:
/// ```
/// use bytes::Bytes;
/// use resourceful::BoxError;
/// use resourceful_cache::Store;
/// use std::time::Duration;
///
/// #[derive(Debug)]
/// struct Empty;
///
/// #[async_trait::async_trait]
/// impl Store for Empty {
///     async fn get(&self, _: &str) -> Result<Option<Bytes>, BoxError> { Ok(None) }
///     async fn set(&self, _: &str, _: Bytes, _: Duration) -> Result<(), BoxError> { Ok(()) }
///     async fn delete(&self, _: &str) -> Result<(), BoxError> { Ok(()) }
/// }
/// ```
#[async_trait]
pub trait Store: Debug + Send + Sync + 'static {
    /// Maximum size of a value in bytes (default 1 MiB). A [`Cache`](crate::Cache) does not store
    /// longer values.
    fn max_value_size(&self) -> usize {
        MAX_VALUE_SIZE
    }

    /// Returns the value of `key`, or `None` if it is missing or expired.
    ///
    /// # Errors
    /// If the store is unavailable. It should fail fast, because a request is waiting.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError>;

    /// Stores `value` for `ttl` and replaces an older value.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError>;

    /// Removes `key` if it exists.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn delete(&self, key: &str) -> Result<(), BoxError>;
}

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    fn max_value_size(&self) -> usize {
        (**self).max_value_size()
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        (**self).get(key).await
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        (**self).set(key, value, ttl).await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        (**self).delete(key).await
    }
}
