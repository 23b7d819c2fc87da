//! In a Redis server.

use std::fmt::{self, Display};
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

use crate::store::Store;

/// How long an operation may take. A cache that takes longer is worse than none; a request that
/// computes waits for one before and one after.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long a server that failed is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// After how long a connection without a sign of life is given up.
#[cfg(target_os = "linux")]
const GIVEN_UP: Duration = Duration::from_secs(5);

/// The longest time that is asked for: Redis has a limit, and memory has none.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

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
    /// Until when the server is left alone.
    away_until: Mutex<Option<Instant>>,
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
            away_until: Mutex::default(),
        })
    }

    /// Does `operation`, unless the server is known to be away.
    async fn attempt<T>(
        &self,
        operation: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, BoxError> {
        let away_until = *self.away();
        if away_until.is_some_and(|until| Instant::now() < until) {
            return Err("the Redis server did not answer a moment ago".into());
        }
        let outcome = timeout(PATIENCE, operation).await;
        match &outcome {
            Err(_) => self.leave_alone("no answer in time"),
            Ok(Err(error)) if is_away(error) => self.leave_alone(error),
            // It refuses this one operation: the others may be fine.
            Ok(Err(_)) => {}
            Ok(Ok(_)) => {
                if away_until.is_some() && self.away().take().is_some() {
                    tracing::info!("the Redis server is back");
                }
            }
        }
        match outcome {
            Ok(outcome) => outcome.map_err(BoxError::from),
            Err(_) => Err(format!("no answer within {PATIENCE:?}").into()),
        }
    }

    fn leave_alone(&self, why: impl Display) {
        let until = Instant::now() + PAUSE;
        if self.away().replace(until).is_none() {
            tracing::warn!(
                why = why.to_string(),
                "the Redis server is away; values are computed directly"
            );
        }
    }

    fn away(&self) -> MutexGuard<'_, Option<Instant>> {
        self.away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is it of no use to ask anything now?
fn is_away(error: &RedisError) -> bool {
    const REFUSALS: [&str; 6] = [
        "NOAUTH",
        "WRONGPASS",
        "LOADING",
        "MASTERDOWN",
        "READONLY",
        "OOM",
    ];
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || error.kind() == ErrorKind::AuthenticationFailed
        || error.code().is_some_and(|code| REFUSALS.contains(&code))
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for Redis {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, BoxError> {
        let mut connection = self.connection.clone();
        let value: Option<Vec<u8>> = self.attempt(connection.get(key)).await?;
        Ok(value.map(Bytes::from))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), BoxError> {
        let milliseconds = ttl.clamp(Duration::from_millis(1), LONGEST).as_millis();
        let milliseconds = u64::try_from(milliseconds).expect("a hundred years fit");
        let expiry = SetOptions::default().with_expiration(SetExpiry::PX(milliseconds));
        let mut connection = self.connection.clone();
        self.attempt(connection.set_options(key, &*value, expiry))
            .await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        let mut connection = self.connection.clone();
        self.attempt(connection.del(key)).await
    }
}
