//! [`Cache`]: typed values in a store, each computed once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use resourceful::{BoxError, Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::flights::Flights;
use crate::store::Store;

/// Typed values in a [`Store`]. Clones are cheap and share it.
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
    flights: Arc<Flights>,
    /// Was it logged that a value is too long? Once is enough.
    is_warned: Arc<AtomicBool>,
}

impl Cache {
    /// A cache in `store`. Its keys stand in `namespace`; another `version` does not see what
    /// this one has stored.
    ///
    /// # Examples
    /// See [`Cache`].
    #[must_use]
    pub fn new(store: impl Store, namespace: &str, version: u32) -> Self {
        Self {
            store: Arc::new(store),
            prefix: format!("{namespace}:v{version}:").into(),
            flights: Arc::default(),
            is_warned: Arc::default(),
        }
    }

    /// The value of `key`; none as well when the store fails or has something else there.
    ///
    /// # Examples
    /// See [`Cache`].
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let key = self.full(key);
        let value = self.stored(&key).await.ok()??;
        decode(&key, &value)
    }

    /// Keeps `value` for the time `ttl`, in place of what was there. A value that is longer than
    /// the store takes (1 MiB by default) is not kept, and what was there is forgotten; the first
    /// such value is logged.
    ///
    /// # Errors
    /// When the value does not serialise (500) or the store fails (503). A store that stands still
    /// may still do it later, when it goes on.
    ///
    /// # Examples
    /// See [`Cache`].
    pub async fn set<T: Serialize>(&self, key: &str, value: &T, ttl: Duration) -> Result<()> {
        let value = encode(value)?;
        let outcome = self.keep(&self.full(key), value, ttl).await;
        outcome.map_err(away)
    }

    /// Forgets `key`, if it is there.
    ///
    /// # Errors
    /// 503 when the store fails: the value may be read until its time is over.
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
        self.store.delete(&self.full(key)).await.map_err(away)
    }

    /// The value of `key`, or what `compute` comes to, which is then kept for the time `ttl`.
    ///
    /// Of many who ask for a missing value at the same time one computes, and all get its value
    /// or its error; a panic is an error, too. An error is not kept. When the one who computes
    /// goes away, the next one computes. A store that fails is as good as an empty one. A value
    /// that is longer than the store takes (1 MiB by default) is computed again by the next request.
    ///
    /// The type belongs to the key: who asks for another type at the same moment gets a 500. And a
    /// computation must not ask for its own key: it would wait for itself.
    ///
    /// # Errors
    /// What `compute` fails with; 500 when the value does not serialise, or not so that it can be
    /// read again.
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
    /// // Now it is known: the future is not run.
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
        let key = self.full(key);
        let found = self.stored(&key).await;
        if let Ok(Some(value)) = &found
            && let Some(value) = decode(&key, value)
        {
            return Ok(value);
        }
        let flight = async {
            // Another flight may have ended since. A store that just failed is not waited for again.
            if found.is_ok()
                && let Ok(Some(value)) = self.stored(&key).await
                && decode::<T>(&key, &value).is_some()
            {
                return Ok(value);
            }
            let value = encode(&compute.await.map_err(Into::into)?)?;
            if let Err(error) = self.keep(&key, value.clone(), ttl).await {
                let error = error.to_string();
                tracing::debug!(key, error, "a value could not be cached");
            }
            Ok(value)
        };
        let value = self.flights.join(&key, flight).await?;
        serde_json::from_slice(&value).map_err(Error::internal)
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn stored(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        let found = self.store.get(key).await;
        found.inspect_err(|error| {
            let error = error.to_string();
            tracing::debug!(key, error, "the cache could not be asked");
        })
    }

    /// Stores the value, or forgets the key where the value is too long: an older value must not
    /// stay in its place.
    async fn keep(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        let (length, max) = (value.len(), self.store.max_value());
        if length <= max {
            return self.store.set(key, value, ttl).await;
        }
        if self.is_warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(key, length, max, "a value is too long to be cached");
        } else {
            tracing::warn!(
                key,
                length,
                max,
                "a value is too long to be cached and is computed each time; the store's \
                 `with_max_value` sets the limit in bytes (this is logged once)"
            );
        }
        self.store.delete(key).await
    }
}

/// Without keys and values, which may be secret.
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
    let outcome = serde_json::from_slice(value);
    outcome
        .inspect_err(|error| {
            tracing::debug!(
                key,
                error = error.to_string(),
                "what is cached is of another type"
            );
        })
        .ok()
}

fn away(error: BoxError) -> Error {
    Error::unavailable(Duration::from_secs(1)).with_source(error)
}
