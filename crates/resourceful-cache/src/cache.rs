//! [`Cache`]: typed values in a store; a missing value is computed once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use resourceful::{BoxError, Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::single_flight::SingleFlight;
use crate::store::Store;

/// Typed values in a [`Store`]. Clones are cheap and share the store.
///
/// # Examples
/// ```
/// use resourceful_cache::{Cache, Memory};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let cache = Cache::new(Memory::default(), "numbers", 1);
/// cache.set("one", &1, Duration::from_secs(60)).await?;
/// assert_eq!(cache.get("one").await, Some(1));
/// assert_eq!(cache.get::<i32>("two").await, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cache {
    store: Arc<dyn Store>,
    prefix: Arc<str>,
    single_flight: Arc<SingleFlight>,
    /// Whether the warning about a too long value was logged; it is logged once.
    is_warned: Arc<AtomicBool>,
}

impl Cache {
    /// Creates a cache over `store`. `namespace` and `version` become part of each key, so caches
    /// with another version do not share values.
    ///
    /// # Examples
    /// See [`Cache`].
    #[must_use]
    pub fn new(store: impl Store, namespace: &str, version: u32) -> Self {
        Self {
            store: Arc::new(store),
            prefix: format!("{namespace}:v{version}:").into(),
            single_flight: Arc::default(),
            is_warned: Arc::default(),
        }
    }

    /// Returns the value of `key`. `None` if it is missing or of another type, or if the store fails.
    ///
    /// # Examples
    /// See [`Cache`].
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let key = self.full_key(key);
        let value = self.load(&key).await.ok()??;
        decode(&key, &value)
    }

    /// Stores `value` for `ttl` and replaces an older value. A value over the store's maximum size
    /// (1 MiB by default) is not stored; the older value is removed, and the first such value is
    /// logged.
    ///
    /// # Errors
    /// 500 if the value does not serialize, 503 if the store fails. A suspended store may still
    /// execute the write later.
    ///
    /// # Examples
    /// See [`Cache`].
    pub async fn set<T: Serialize>(&self, key: &str, value: &T, ttl: Duration) -> Result<()> {
        let value = encode(value)?;
        let result = self.store_value(&self.full_key(key), value, ttl).await;
        result.map_err(unavailable)
    }

    /// Removes `key` if it exists.
    ///
    /// # Errors
    /// 503 if the store fails; the value may then be read until it expires.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_cache::{Cache, Memory};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// # let cache = Cache::new(Memory::default(), "numbers", 1);
    /// cache.set("one", &1, Duration::from_secs(60)).await?;
    /// cache.delete("one").await?;
    /// assert_eq!(cache.get::<i32>("one").await, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.store
            .delete(&self.full_key(key))
            .await
            .map_err(unavailable)
    }

    /// Returns the value of `key`; if it is missing, runs `compute` and stores the result for `ttl`.
    ///
    /// Of concurrent callers with the same key one computes, and all get its value or its error. A
    /// panic counts as an error. Errors are not stored. If the computing caller is cancelled, the
    /// next one computes. A failing store counts as empty. A value over the store's maximum size
    /// (1 MiB by default) is computed again by the next call.
    ///
    /// Use one type per key: a concurrent call that requests another type gets a 500. `compute`
    /// must not request its own key, or it waits for itself.
    ///
    /// # Errors
    /// The error of `compute`; 500 if the value does not serialize or cannot be deserialized again.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Result};
    /// # use resourceful_cache::{Cache, Memory};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let cache = Cache::new(Memory::default(), "numbers", 1);
    /// const TTL: Duration = Duration::from_secs(60);
    /// let one: i32 = cache.get_or_compute("one", TTL, async { Ok::<_, Error>(1) }).await?;
    /// // The value is stored now, so the future does not run.
    /// let one: i32 = cache.get_or_compute("one", TTL, async { Ok::<_, Error>(2) }).await?;
    /// assert_eq!(one, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_or_compute<T, E>(
        &self,
        key: &str,
        ttl: Duration,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        E: Into<Error>,
    {
        let key = self.full_key(key);
        let stored = self.load(&key).await;
        if let Ok(Some(value)) = &stored
            && let Some(value) = decode(&key, value)
        {
            return Ok(value);
        }
        let compute_and_store = async {
            // Another computation may have ended since. If the store just failed, skip the look-up.
            if stored.is_ok()
                && let Ok(Some(value)) = self.load(&key).await
                && decode::<T>(&key, &value).is_some()
            {
                return Ok(value);
            }
            let value = encode(&compute.await.map_err(Into::into)?)?;
            if let Err(error) = self.store_value(&key, value.clone(), ttl).await {
                let error = error.to_string();
                tracing::debug!(key, error, "value could not be cached");
            }
            Ok(value)
        };
        let value = self.single_flight.run(&key, compute_and_store).await?;
        serde_json::from_slice(&value).map_err(Error::internal)
    }

    fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn load(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        let result = self.store.get(key).await;
        result.inspect_err(|error| {
            let error = error.to_string();
            tracing::debug!(key, error, "cache look-up failed");
        })
    }

    /// Stores the value. If it is too long, removes the key instead, so that no older value stays.
    async fn store_value(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        let (length, max) = (value.len(), self.store.max_value_size());
        if length <= max {
            return self.store.set(key, value, ttl).await;
        }
        if self.is_warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(key, length, max, "value is too long to be cached");
        } else {
            tracing::warn!(
                key,
                length,
                max,
                "value is too long to be cached and is computed each time; the store's \
                 `with_max_value_size` sets the limit in bytes (this is logged once)"
            );
        }
        self.store.delete(key).await
    }
}

/// Omits keys and values, which may be secret.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("prefix", &self.prefix)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Bytes> {
    let json = serde_json::to_vec(value).map_err(Error::internal)?;
    Ok(json.into())
}

fn decode<T: DeserializeOwned>(key: &str, value: &[u8]) -> Option<T> {
    let result = serde_json::from_slice(value);
    result
        .inspect_err(|error| {
            tracing::debug!(
                key,
                error = error.to_string(),
                "cached value is of another type"
            );
        })
        .ok()
}

fn unavailable(error: BoxError) -> Error {
    Error::unavailable(Duration::from_secs(1)).with_source(error)
}
