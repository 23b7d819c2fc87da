//! [`RedisIdempotency`]: responses in a Redis server.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use resourceful::{BoxError, Error, Result};
use resourceful_cache::Redis;

use crate::RETENTION;
use crate::record::{Record, RecordId};
use crate::store::{Begun, Claim, IdempotencyStore};

/// Longest response that is kept, in bytes. All operations share one connection, and each has 20 ms.
const MAX_RECORD_SIZE: usize = 256 * 1024;

const DEFAULT_LEASE: Duration = Duration::from_secs(60);

/// Pauses before the attempts to reach the server after the first one.
const BEGIN_PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(100)];
const KEEP_PAUSES: [Duration; 4] = [
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Begins an attempt, also if the reply to the same command was lost before. The result: nothing, or the present value.
const BEGIN: &str = "
local value = redis.call('GET', KEYS[1])
if value and value ~= 'r' .. ARGV[1] then
  return value
end
redis.call('SET', KEYS[1], 'r' .. ARGV[1], 'PX', ARGV[2])
return ''
";

/// Keeps a response, unless the lease has ended and another attempt has begun.
const KEEP: &str = "
local value = redis.call('GET', KEYS[1])
if value and value ~= 'r' .. ARGV[1] then
  return value == ARGV[2] and 'kept' or 'lost'
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 'kept'
";

const RELEASE: &str = "
if redis.call('GET', KEYS[1]) == 'r' .. ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return ''
";

/// Responses in a Redis server, which all processes share.
///
/// An action has its effect at least once. It has a second one if it runs for longer than its lease, fails after its
/// effect (5xx), or if the process is killed or the server is lost before the response is kept. Where that must not
/// happen, keep the responses in the database of the effect: `SqlIdempotency`. While the server is away, requests with a
/// key get 503.
///
/// The server should not evict keys (`maxmemory-policy noeviction`). A response of more than 256 KiB is not
/// kept, and the log says so.
///
/// # Examples
/// ```no_run
/// use resourceful_idempotency::{Idempotency, RedisIdempotency};
///
/// # fn main() -> resourceful::Result<()> {
/// let store = RedisIdempotency::new("redis://localhost:6379").map_err(resourceful::Error::internal)?;
/// let keys = Idempotency::new(store, |user: &String| user.clone());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisIdempotency {
    redis: Arc<Redis>,
    prefix: Arc<str>,
    lease: Duration,
    retention: Duration,
}

impl RedisIdempotency {
    /// Creates a store for the server at this URL. It connects later, so a service starts even if the server is
    /// unavailable.
    ///
    /// # Errors
    /// If the URL is not a Redis URL (`redis://`; TLS is not supported).
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let redis = Redis::new(url)?.with_max_value_size(MAX_RECORD_SIZE);
        Ok(Self {
            redis: Arc::new(redis),
            prefix: "idempotency".into(),
            lease: DEFAULT_LEASE,
            retention: RETENTION,
        })
    }

    /// Sets the beginning of the keys in the server (default: `idempotency`), where several services share one.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long an attempt may run (default: 1 minute). After that another one may begin.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how long responses are kept (default: 24 hours).
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }
}

#[async_trait]
impl IdempotencyStore for RedisIdempotency {
    async fn begin(&self, id: &RecordId) -> Result<Begun> {
        let claim = RedisClaim {
            redis: Arc::clone(&self.redis),
            key: format!("{}:{}", self.prefix, id.to_hex()),
            token: token(),
            retention: self.retention,
        };
        let arguments = [claim.token.clone(), milliseconds(self.lease)].map(String::into_bytes);
        let value = claim.eval(BEGIN, &arguments, &BEGIN_PAUSES).await;
        let value =
            value.map_err(|error| Error::unavailable(Duration::from_secs(1)).with_source(error))?;
        match value.split_first() {
            None => Ok(Begun::New(Box::new(claim))),
            Some((b'r', _)) => Ok(Begun::Running),
            Some((_, record)) => {
                let record = Record::from_bytes(record);
                record.map(Begun::Kept).ok_or_else(|| {
                    Error::internal("a record of an idempotency key in Redis is damaged")
                })
            }
        }
    }
}

/// The attempt that runs. Dropped, another one may begin when its lease is over.
struct RedisClaim {
    redis: Arc<Redis>,
    key: String,
    /// Tells this attempt from others.
    token: String,
    retention: Duration,
}

impl RedisClaim {
    /// Evaluates a script, again after each pause while the server is unavailable.
    async fn eval(
        &self,
        script: &str,
        arguments: &[Vec<u8>],
        pauses: &[Duration],
    ) -> Result<Vec<u8>, BoxError> {
        for pause in pauses {
            match self.redis.eval(script, &self.key, arguments).await {
                Ok(value) => return Ok(value),
                Err(_) => tokio::time::sleep(*pause).await,
            }
        }
        self.redis.eval(script, &self.key, arguments).await
    }
}

#[async_trait]
impl Claim for RedisClaim {
    async fn keep(self: Box<Self>, record: Record) -> Result<()> {
        let mut value = vec![b'k'];
        value.extend(record.to_bytes());
        if value.len() > MAX_RECORD_SIZE {
            tracing::error!("a response is too large to be kept for its idempotency key");
            return Ok(());
        }
        let arguments = [
            self.token.clone().into_bytes(),
            value,
            milliseconds(self.retention).into_bytes(),
        ];
        match self.eval(KEEP, &arguments, &KEEP_PAUSES).await {
            Ok(result) if result == b"kept" => {}
            Ok(_) => tracing::error!("an action with an idempotency key ran longer than its lease"),
            Err(error) => tracing::error!(
                error = error.to_string(),
                "a response could not be kept for its idempotency key"
            ),
        }
        Ok(())
    }

    async fn release(self: Box<Self>) {
        let arguments = [self.token.clone().into_bytes()];
        // Without a reply the lease ends by itself.
        let _ = self
            .redis
            .eval::<Vec<u8>>(RELEASE, &self.key, &arguments)
            .await;
    }
}

/// `RandomState` is the standard library's source of random numbers.
fn token() -> String {
    let random = || RandomState::new().hash_one(());
    format!("{:016x}{:016x}", random(), random())
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().clamp(1, i64::MAX as u128).to_string()
}
