//! In a Redis server.

mod connection;
mod health;
mod reply_limit;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncCommands, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, ProtocolVersion,
    RedisError, SetExpiry, SetOptions,
};
use resourceful::BoxError;
use tokio::time::{Instant, timeout};

use self::connection::{Connection, Opening};
use self::health::{Change, Health};
use crate::store::{MAX_VALUE, Store};

/// How long an operation may take. A cache that takes longer is worse than none; a request that
/// computes waits for one before and one after.
const PATIENCE: Duration = Duration::from_millis(20);

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
    info: ConnectionInfo,
    server: Mutex<Server>,
    max_value: usize,
    /// Did the server refuse the last value?
    is_full: AtomicBool,
}

#[derive(Default)]
struct Server {
    health: Health,
    connection: Option<Connection>,
}

impl Server {
    /// Closes this connection, unless another has taken its place.
    fn close(&mut self, opening: &Opening) {
        self.connection
            .take_if(|connection| connection.is_of(opening));
    }
}

impl Redis {
    /// A store at this URL. Nothing is connected yet: a server that is away does not keep a
    /// service from starting.
    ///
    /// # Errors
    /// When the URL is none of Redis (`redis://`; TLS is not built in).
    ///
    /// # Examples
    /// See [`Redis`].
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let info = url.into_connection_info()?;
        if let ConnectionAddr::TcpTls { .. } = info.addr() {
            return Err("TLS to Redis is not built in".into());
        }
        // Its replies are simple enough to be bounded.
        let settings = info.redis_settings().clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP2);
        Ok(Self {
            info: info.set_redis_settings(settings),
            server: Mutex::default(),
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
    async fn attempt<T, F>(
        &self,
        operation: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, BoxError>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let began = Instant::now();
        let mut opening = self.opening(began)?;
        let attempt = async { Ok::<_, RedisError>(operation(opening.opened().await?).await) };
        let error = match timeout(PATIENCE, attempt).await {
            Ok(Ok(Ok(value))) => {
                self.answered();
                return Ok(value);
            }
            // Not even a connection.
            Ok(Err(error)) => {
                self.leave_alone(&error.to_string());
                error.into()
            }
            Ok(Ok(Err(error))) => {
                if is_unanswered(&error) {
                    self.server().close(&opening);
                    self.failed(began, &opening, &error.to_string());
                } else if refuses_everything(&error) {
                    self.leave_alone(&error.to_string());
                } else {
                    // It refuses this one operation: the others may be fine.
                    self.answered();
                }
                error.into()
            }
            Err(_) => {
                let late = format!("no answer within {PATIENCE:?}");
                self.failed(began, &opening, &late);
                late.into()
            }
        };
        Err(error)
    }

    /// The connection, made anew where it has ended.
    fn opening(&self, now: Instant) -> Result<Opening, BoxError> {
        let mut server = self.server();
        if server.health.is_away(now) {
            return Err("the Redis server did not answer a moment ago".into());
        }
        server
            .connection
            .take_if(|connection| connection.has_ended());
        // A read asks for a byte more than is allowed.
        let open = || Connection::open(self.info.clone(), self.max_value + 1);
        Ok(server.connection.get_or_insert_with(open).opening())
    }

    fn answered(&self) {
        if self.server().health.answered() == Change::CameBack {
            tracing::info!("the Redis server is back");
        }
    }

    fn failed(&self, began: Instant, opening: &Opening, why: &str) {
        let mut server = self.server();
        if server.health.failed(began, Instant::now()) {
            // It may stay open for ever and never answer. One that is still being made has a
            // time of its own.
            if opening.is_open() {
                server.close(opening);
            }
            drop(server);
            self.leave_alone(why);
        }
    }

    fn leave_alone(&self, why: &str) {
        if self.server().health.leave_alone(Instant::now()) == Change::WentAway {
            tracing::warn!(
                why,
                "the Redis server is away; values are computed directly"
            );
        }
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Did the connection end, or carry something that is no reply?
fn is_unanswered(error: &RedisError) -> bool {
    error.is_io_error() || error.kind() == ErrorKind::Parse
}

/// Is it of no use to ask anything now?
fn refuses_everything(error: &RedisError) -> bool {
    const REFUSALS: [&str; 4] = ["NOAUTH", "WRONGPASS", "LOADING", "MASTERDOWN"];
    error.kind() == ErrorKind::AuthenticationFailed
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
        let get = |mut connection| async move { command.query_async(&mut connection).await };
        let value: Vec<u8> = self.attempt(get).await?;
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
        let set = |mut connection: MultiplexedConnection| async move {
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
        let delete =
            |mut connection: MultiplexedConnection| async move { connection.del(key).await };
        self.attempt(delete).await
    }
}
