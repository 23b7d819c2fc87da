//! In a Redis server.

mod health;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
#[cfg(target_os = "linux")]
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncCommands, Client, ErrorKind, IntoConnectionInfo, RedisError, SetExpiry, SetOptions,
};
use resourceful::BoxError;
use tokio::time::{Instant, timeout};

use self::health::{Change, Health};
use crate::store::{MAX_VALUE, Store};

/// How long an operation may take. A cache that takes longer is worse than none; a request that
/// computes waits for one before and one after.
const PATIENCE: Duration = Duration::from_millis(20);

/// After how long a connection without a sign of life is given up.
#[cfg(target_os = "linux")]
const GIVEN_UP: Duration = Duration::from_secs(5);

/// The longest time that is asked for: Redis has a limit, and memory has none.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The longest value that a Redis server takes, in bytes.
const MAX_STRING: usize = 512 * 1024 * 1024;

/// A store in a Redis server, over one connection that is made again when it breaks.
///
/// # Examples
/// ```no_run
/// use resourceful_cache::{Cache, Redis};
///
/// # #[tokio::main]
/// # async fn main() -> resourceful::Result<()> {
/// let store = Redis::new("redis://localhost:6379").map_err(resourceful::Error::internal)?;
/// let cache = Cache::new(store, "reports", 1);
/// # Ok(())
/// # }
/// ```
pub struct Redis {
    connection: ConnectionManager,
    health: Mutex<Health>,
    max_value: usize,
    /// Did the server refuse the last value?
    is_full: AtomicBool,
}

impl Redis {
    /// A store at this URL. Nothing is connected yet: a server that is away does not keep a
    /// service from starting.
    ///
    /// # Errors
    /// When the URL is none of Redis (`redis://`; TLS is not built in).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Examples
    /// See [`Redis`].
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let info = url.into_connection_info()?;
        // A connection that went silent is given up, and not waited for as long as TCP would.
        #[cfg(target_os = "linux")]
        let info = info.set_tcp_settings(TcpSettings::default().set_user_timeout(GIVEN_UP));
        let connection = ConnectionManager::new_lazy_with_config(Client::open(info)?, config)?;
        Ok(Self {
            connection,
            health: Mutex::default(),
            max_value: MAX_VALUE,
            is_full: AtomicBool::new(false),
        })
    }

    /// Keeps and reads values of at most `bytes` (512 MiB at the most), instead of 1 MiB. All
    /// operations share one connection: while a long value is on its way, the others wait.
    ///
    /// # Examples
    /// ```
    /// use resourceful_cache::Redis;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let store = Redis::new("redis://localhost:6379").map_err(resourceful::Error::internal)?;
    /// let store = store.with_max_value(4 * 1024 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_max_value(mut self, bytes: usize) -> Self {
        self.max_value = bytes.min(MAX_STRING);
        self
    }

    /// Does `operation`, unless the server is known to be away.
    async fn attempt<T>(
        &self,
        operation: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, BoxError> {
        let began = Instant::now();
        if self.health().is_away(began) {
            return Err("the Redis server did not answer a moment ago".into());
        }
        match timeout(PATIENCE, operation).await {
            Ok(Ok(value)) => {
                self.answered();
                Ok(value)
            }
            Ok(Err(error)) => {
                if is_away(&error) {
                    self.leave_alone(&error.to_string());
                } else {
                    // It refuses this one operation: the others may be fine.
                    self.answered();
                }
                Err(error.into())
            }
            Err(_) => {
                let late = format!("no answer within {PATIENCE:?}");
                if self.health().failed(began, Instant::now()) {
                    self.leave_alone(&late);
                }
                Err(late.into())
            }
        }
    }

    fn answered(&self) {
        if self.health().answered() == Change::CameBack {
            tracing::info!("the Redis server is back");
        }
    }

    fn leave_alone(&self, why: &str) {
        if self.health().leave_alone(Instant::now()) == Change::WentAway {
            tracing::warn!(
                why,
                "the Redis server is away; values are computed directly"
            );
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is it of no use to ask anything now?
fn is_away(error: &RedisError) -> bool {
    const REFUSALS: [&str; 4] = ["NOAUTH", "WRONGPASS", "LOADING", "MASTERDOWN"];
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || error.kind() == ErrorKind::AuthenticationFailed
        || error.code().is_some_and(|code| REFUSALS.contains(&code))
}

/// Does the server refuse values, though it may be read? It has no memory left, cannot save, or
/// is a replica.
fn is_full(error: &RedisError) -> bool {
    const REFUSALS: [&str; 3] = ["OOM", "MISCONF", "READONLY"];
    error.code().is_some_and(|code| REFUSALS.contains(&code))
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for Redis {
    fn max_value(&self) -> usize {
        self.max_value
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        // Another program, or another setting, may have stored a longer value. The server sends
        // one byte more than is allowed, at most: the others would wait for the rest of it.
        let mut command = redis::cmd("GETRANGE");
        command.arg(key).arg(0).arg(self.max_value);
        let mut connection = self.connection.clone();
        let value: Vec<u8> = self.attempt(command.query_async(&mut connection)).await?;
        if value.len() > self.max_value {
            tracing::debug!(key, max = self.max_value, "what is cached is too long");
            return Ok(None);
        }
        // Nothing is there: no JSON is empty.
        Ok((!value.is_empty()).then(|| Bytes::from(value)))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        let milliseconds = ttl.clamp(Duration::from_millis(1), LONGEST).as_millis();
        let milliseconds = u64::try_from(milliseconds).expect("a hundred years fit");
        let expiry = SetOptions::default().with_expiration(SetExpiry::PX(milliseconds));
        let mut connection = self.connection.clone();
        let set = async {
            let outcome = connection.set_options(key, &*value, expiry).await;
            match &outcome {
                Ok(()) => self.is_full.store(false, Ordering::Relaxed),
                Err(error) if is_full(error) => {
                    if !self.is_full.swap(true, Ordering::Relaxed) {
                        let error = error.to_string();
                        tracing::warn!(error, "the Redis server takes no values; it is only read");
                    }
                }
                Err(_) => {}
            }
            outcome
        };
        self.attempt(set).await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        let mut connection = self.connection.clone();
        self.attempt(connection.del(key)).await
    }
}
