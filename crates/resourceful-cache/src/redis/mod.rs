//! [`Redis`]: a store in a Redis server.

mod connection;
mod health;
mod reply_limit;
mod server_address;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncCommands, ErrorKind, FromRedisValue, RedisError, SetExpiry, SetOptions, ToRedisArgs,
};
use resourceful::BoxError;
use tokio::time::{Instant, timeout};

use self::connection::{Connection, ConnectionHandle};
use self::health::{Health, Transition};
pub use self::server_address::{ServerAddress, ServerStream};
use crate::store::{MAX_VALUE_SIZE, Store};

/// Time limit for an operation. A slower cache is worse than none: a request that computes waits
/// for one operation before the computation and one after it.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(20);

/// Longest TTL that is sent to Redis, which has an upper limit.
const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Maximum size of a Redis string in bytes.
const MAX_STRING_SIZE: usize = 512 * 1024 * 1024;

/// A store in a Redis server. It uses one connection and reconnects when that breaks.
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
    address: ServerAddress,
    server: Mutex<Server>,
    max_value_size: usize,
    operation_timeout: Duration,
    /// Whether the server refused the last write.
    refuses_writes: AtomicBool,
}

#[derive(Default)]
struct Server {
    health: Health,
    connection: Option<Connection>,
}

impl Server {
    /// Closes this connection, unless it was replaced already.
    fn close(&mut self, handle: &ConnectionHandle) {
        self.connection
            .take_if(|connection| connection.is_of(handle));
    }
}

impl Redis {
    /// Creates a store for the server at this URL. It connects later, so a service starts even if
    /// the server is unavailable.
    ///
    /// # Errors
    /// If the URL is not a Redis URL (`redis://`, or `rediss://` for TLS).
    ///
    /// # Examples
    /// See [`Redis`].
    pub fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self::at(ServerAddress::parse(url)?))
    }

    /// A store at this address.
    #[doc(hidden)]
    #[must_use]
    pub fn at(address: ServerAddress) -> Self {
        Self {
            address,
            server: Mutex::default(),
            max_value_size: MAX_VALUE_SIZE,
            operation_timeout: OPERATION_TIMEOUT,
            refuses_writes: AtomicBool::new(false),
        }
    }

    /// Sets the maximum size of a value in bytes (default 1 MiB, at most 512 MiB). All operations
    /// share one connection, so a long value delays the others.
    ///
    /// # Examples
    /// ```
    /// use resourceful_cache::Redis;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let store = Redis::new("redis://localhost:6379").map_err(resourceful::Error::internal)?;
    /// let store = store.with_max_value_size(4 * 1024 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_max_value_size(mut self, bytes: usize) -> Self {
        self.max_value_size = bytes.min(MAX_STRING_SIZE);
        self
    }

    /// Sets the time limit for an operation (default: 20 ms).
    #[doc(hidden)]
    #[must_use]
    pub fn with_operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = timeout;
        self
    }

    /// Evaluates a script with one key: for the other crates that keep something in Redis.
    ///
    /// # Errors
    /// If the server is unavailable, or refuses the script.
    #[doc(hidden)]
    pub async fn eval<T: FromRedisValue>(
        &self,
        script: &str,
        key: &str,
        arguments: &[impl ToRedisArgs],
    ) -> Result<T, BoxError> {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(1).arg(key).arg(arguments);
        let eval = |mut connection| async move { command.query_async(&mut connection).await };
        self.attempt(eval).await
    }

    /// Runs `operation`, unless the server is known to be unavailable.
    async fn attempt<T, F>(
        &self,
        operation: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, BoxError>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let began = Instant::now();
        let mut handle = self.connection(began)?;
        let attempt = async { Ok::<_, RedisError>(operation(handle.connected().await?).await) };
        let error = match timeout(self.operation_timeout, attempt).await {
            Ok(Ok(Ok(value))) => {
                self.record_reply();
                return Ok(value);
            }
            // Connecting failed.
            Ok(Err(error)) => {
                self.pause(&error.to_string());
                error.into()
            }
            Ok(Ok(Err(error))) => {
                if is_connection_failure(&error) {
                    self.server().close(&handle);
                    self.record_failure(began, &handle, &error.to_string());
                } else if refuses_everything(&error) {
                    self.pause(&error.to_string());
                } else {
                    // The server refused this operation only.
                    self.record_reply();
                }
                error.into()
            }
            Err(_) => {
                let error = format!("no reply within {:?}", self.operation_timeout);
                self.record_failure(began, &handle, &error);
                error.into()
            }
        };
        Err(error)
    }

    /// Returns the connection, and reconnects if it has ended.
    fn connection(&self, now: Instant) -> Result<ConnectionHandle, BoxError> {
        let mut server = self.server();
        if server.health.is_unavailable(now) {
            return Err("the Redis server was unavailable a moment ago".into());
        }
        server
            .connection
            .take_if(|connection| connection.has_ended());
        // `get` requests one byte more than the limit.
        let open = || Connection::open(self.address.clone(), self.max_value_size + 1);
        Ok(server.connection.get_or_insert_with(open).handle())
    }

    fn record_reply(&self) {
        if self.server().health.record_reply() == Transition::Recovered {
            tracing::info!("Redis server is available again");
        }
    }

    fn record_failure(&self, began: Instant, handle: &ConnectionHandle, why: &str) {
        let mut server = self.server();
        if server.health.record_failure(began, Instant::now()) {
            // The connection may stay open and silent. One that is still connecting has its own
            // timeout.
            if handle.is_open() {
                server.close(handle);
            }
            drop(server);
            self.pause(why);
        }
    }

    fn pause(&self, why: &str) {
        if self.server().health.pause(Instant::now()) == Transition::BecameUnavailable {
            tracing::warn!(
                why,
                "Redis server is unavailable; it is asked again each second"
            );
        }
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the connection ended or carried an invalid reply.
fn is_connection_failure(error: &RedisError) -> bool {
    error.is_io_error() || error.kind() == ErrorKind::Parse
}

/// Whether the server refuses every command.
fn refuses_everything(error: &RedisError) -> bool {
    const REFUSALS: [&str; 4] = ["NOAUTH", "WRONGPASS", "LOADING", "MASTERDOWN"];
    error.kind() == ErrorKind::AuthenticationFailed
        || error.code().is_some_and(|code| REFUSALS.contains(&code))
}

/// Whether the server refuses writes but can be read: it is out of memory, cannot save, or is a
/// replica.
fn is_write_refusal(error: &RedisError) -> bool {
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
    fn max_value_size(&self) -> usize {
        self.max_value_size
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        // Another program, or another setting, may have stored a longer value. The server sends at
        // most one byte more than the limit; the rest would delay other operations.
        let mut command = redis::cmd("GETRANGE");
        command.arg(key).arg(0).arg(self.max_value_size);
        let get = |mut connection| async move { command.query_async(&mut connection).await };
        let value: Vec<u8> = self.attempt(get).await?;
        if value.len() > self.max_value_size {
            tracing::debug!(key, max = self.max_value_size, "cached value is too long");
            return Ok(None);
        }
        // An empty string means that the key is missing: JSON is never empty.
        Ok((!value.is_empty()).then(|| Bytes::from(value)))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        let milliseconds = ttl.clamp(Duration::from_millis(1), MAX_TTL).as_millis();
        let milliseconds = u64::try_from(milliseconds).expect("a hundred years fit");
        let expiry = SetOptions::default().with_expiration(SetExpiry::PX(milliseconds));
        let set = |mut connection: MultiplexedConnection| async move {
            let result = connection.set_options(key, &*value, expiry).await;
            match &result {
                Ok(()) => self.refuses_writes.store(false, Ordering::Relaxed),
                Err(error) if is_write_refusal(error) => {
                    if !self.refuses_writes.swap(true, Ordering::Relaxed) {
                        let error = error.to_string();
                        tracing::warn!(error, "Redis server refuses writes; the cache only reads");
                    }
                }
                Err(_) => {}
            }
            result
        };
        self.attempt(set).await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        let delete =
            |mut connection: MultiplexedConnection| async move { connection.del(key).await };
        self.attempt(delete).await
    }
}
