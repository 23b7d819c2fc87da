//! The port: where values are kept.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use resourceful::BoxError;

/// The longest value that a store takes unless it was told otherwise, in bytes: 1 MiB.
pub(crate) const MAX_VALUE: usize = 1024 * 1024;

/// Where a [`Cache`](crate::Cache) keeps its values. An `Arc<dyn Store>` is a store, too.
///
/// # Examples
/// A store that keeps nothing, for a test of what happens then:
/// ```
/// use bytes::Bytes;
/// use resourceful::BoxError;
/// use resourceful_cache::Store;
/// use std::time::Duration;
///
/// #[derive(Debug)]
/// struct Nothing;
///
/// #[async_trait::async_trait]
/// impl Store for Nothing {
///     async fn get(&self, _: &str) -> Result<Option<Bytes>, BoxError> { Ok(None) }
///     async fn set(&self, _: &str, _: Bytes, _: Duration) -> Result<(), BoxError> { Ok(()) }
///     async fn delete(&self, _: &str) -> Result<(), BoxError> { Ok(()) }
/// }
/// ```
#[async_trait]
pub trait Store: Debug + Send + Sync + 'static {
    /// The longest value that is kept here, in bytes; 1 MiB by default. A
    /// [`Cache`](crate::Cache) does not pass on longer ones.
    fn max_value(&self) -> usize {
        MAX_VALUE
    }

    /// The value of `key`, unless it is not there or its time is over.
    ///
    /// # Errors
    /// When the store is away. It should find that out soon: somebody waits.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError>;

    /// Keeps `value` for the time `ttl`, in place of what was there.
    ///
    /// # Errors
    /// When the store is away.
    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError>;

    /// Forgets `key`, if it is there.
    ///
    /// # Errors
    /// When the store is away.
    async fn delete(&self, key: &str) -> Result<(), BoxError>;
}

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    fn max_value(&self) -> usize {
        (**self).max_value()
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
