//! [`RedisSessionStore`]: sessions in a Redis server.
//!
//! Each operation is one script, which Redis runs as a whole. A session is a hash that Redis expires. The
//! sessions of an owner are in a sorted set, by their expiry. A session that is not in that set is no
//! session: if Redis evicts the set, nobody is left whom a sign-out everywhere would not reach.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, RedisError};
use resourceful::{BoxError, Error, Result};
use resourceful_cache::ServerAddress;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::sessions::id::SessionKey;
use crate::sessions::store::{SessionStore, StoredSession};

/// Time limit for an operation, with connecting. A request waits for it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(1);

/// The last second of the year 9999. Redis refuses times that are far later.
const MAX_EXPIRY: i64 = 253_402_300_799;

const CREATE: &str = "
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'data', ARGV[2], 'version', ARGV[3],
    'created_at', ARGV[4], 'last_seen_at', ARGV[5], 'expires_at', ARGV[6])
redis.call('EXPIREAT', KEYS[1], ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[7], KEYS[1])
redis.call('EXPIREAT', KEYS[2], redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2])";

const FIND: &str = "
local session = redis.call('HMGET', KEYS[1], 'owner', 'data', 'version', 'created_at',
    'last_seen_at', 'expires_at')
if session[1] and redis.call('ZSCORE', ARGV[1] .. session[1], KEYS[1]) then return session end
return nil";

const REPLACE: &str = "
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'data', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 1";

const TOUCH: &str = "
local session = redis.call('HMGET', KEYS[1], 'owner', 'last_seen_at')
if not session[1] or tonumber(session[2]) >= tonumber(ARGV[1]) then return end
redis.call('HSET', KEYS[1], 'last_seen_at', ARGV[1], 'expires_at', ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[3])
local owned = ARGV[4] .. session[1]
if not redis.call('ZSCORE', owned, KEYS[1]) then return end
redis.call('ZADD', owned, ARGV[3], KEYS[1])
redis.call('EXPIREAT', owned, redis.call('ZRANGE', owned, -1, -1, 'WITHSCORES')[2])";

const DELETE: &str = "
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner then redis.call('ZREM', ARGV[1] .. owner, KEYS[1]) end
redis.call('DEL', KEYS[1])";

const DELETE_ALL: &str = "
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('DEL', key) end
redis.call('DEL', KEYS[1])";

const LIST: &str = "
local sessions = {}
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local session = redis.call('HMGET', key, 'owner', 'data', 'version', 'created_at',
        'last_seen_at', 'expires_at')
    if session[1] then table.insert(sessions, {key, session}) end
end
return sessions";

/// Owner, data, version, times.
type Fields = (String, String, i64, i64, i64, i64);

/// Keeps sessions in a Redis server, for any number of processes.
///
/// Redis forgets expired sessions itself. Sessions are lost if it loses its data: its owners then sign in
/// again. Set `maxmemory-policy noeviction`, so that a cache in the same server does not sign users out.
/// Redis Cluster is not supported. An operation has one second.
///
/// # Examples
/// ```no_run
/// use resourceful_auth::{RedisSessionStore, Sessions};
///
/// # fn main() -> resourceful::Result<()> {
/// let store = RedisSessionStore::new("redis://localhost:6379", "shop").map_err(resourceful::Error::internal)?;
/// let sessions: Sessions<u64> = Sessions::new(store);
/// # Ok(())
/// # }
/// ```
pub struct RedisSessionStore {
    address: ServerAddress,
    connection: Mutex<Option<Connection>>,
    /// Begins the keys of sessions.
    sessions: String,
    /// Begins the keys of the sets of owners.
    owners: String,
}

#[derive(Clone)]
struct Connection {
    number: u64,
    commands: MultiplexedConnection,
    /// Carries commands and replies, until the last clone is dropped.
    _driver: Arc<JoinSet<()>>,
}

impl RedisSessionStore {
    /// A store in the server at this URL. It connects later, so a service starts even if the server is
    /// unavailable.
    ///
    /// The namespace begins all keys. Two applications with the same one accept each other's sessions.
    ///
    /// # Errors
    /// If the URL is not a Redis URL (`redis://`, or `rediss://` for TLS).
    ///
    /// # Examples
    /// See [`RedisSessionStore`].
    pub fn new(url: &str, namespace: &str) -> Result<Self, BoxError> {
        Ok(Self {
            address: ServerAddress::parse(url)?,
            connection: Mutex::default(),
            sessions: format!("{namespace}:session:"),
            owners: format!("{namespace}:sessions-of:"),
        })
    }

    fn session(&self, key: SessionKey) -> String {
        self.sessions.clone() + &key.to_hex()
    }

    fn owner(&self, owner: &str) -> String {
        self.owners.clone() + owner
    }

    /// Runs a script.
    ///
    /// # Errors
    /// 503 if the server does not reply in time, or refuses the script.
    async fn run<T: FromRedisValue>(&self, script: &Cmd) -> Result<T> {
        let result = timeout(OPERATION_TIMEOUT, self.attempt(script)).await;
        let error: BoxError = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.into(),
            Err(_) => {
                // The connection may stay open and silent. Others that wait for a reply keep theirs. Whoever
                // holds the lock is connecting, and has the same limit.
                if let Ok(mut connection) = self.connection.try_lock() {
                    *connection = None;
                }
                format!("no reply within {OPERATION_TIMEOUT:?}").into()
            }
        };
        Err(Error::unavailable(Duration::from_secs(5)).with_source(error))
    }

    /// Runs a script, a second time if the connection has ended: the server may have been restarted since
    /// the last request. Each script can run twice; of a `replace` that ran, the second says that the version
    /// is another one.
    async fn attempt<T: FromRedisValue>(&self, script: &Cmd) -> Result<T, RedisError> {
        let mut connection = self.connection(None).await?;
        let result = script.query_async(&mut connection.commands).await;
        match result {
            Err(error) if has_ended(&error) => {
                let mut connection = self.connection(Some(connection.number)).await?;
                script.query_async(&mut connection.commands).await
            }
            result => result,
        }
    }

    /// The connection, but not the one of the number `ended`. Of several callers one connects.
    async fn connection(&self, ended: Option<u64>) -> Result<Connection, RedisError> {
        let mut slot = self.connection.lock().await;
        let number = match &*slot {
            Some(open) if Some(open.number) != ended => return Ok(open.clone()),
            Some(open) => open.number + 1,
            None => ended.map_or(0, |ended| ended + 1),
        };
        // `run` limits the time.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let stream = self.address.connect().await?;
        let settings = self.address.settings();
        let connecting = MultiplexedConnection::new_with_config(settings, stream, config);
        let (commands, driver) = connecting.await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(driver);
        let connection = Connection {
            number,
            commands,
            _driver: Arc::new(tasks),
        };
        Ok(slot.insert(connection).clone())
    }
}

/// Whether the connection ended or carried an invalid reply.
fn has_ended(error: &RedisError) -> bool {
    error.is_io_error() || error.kind() == ErrorKind::Parse
}

fn script(text: &str, keys: &[String]) -> Cmd {
    let mut script = redis::cmd("EVAL");
    script.arg(text).arg(keys.len()).arg(keys);
    script
}

fn session((owner, data, version, created_at, last_seen_at, expires_at): Fields) -> StoredSession {
    StoredSession {
        owner: owner.into(),
        data: data.into(),
        version,
        created_at,
        last_seen_at,
        expires_at,
    }
}

/// Omits the URL, which may have a password.
impl fmt::Debug for RedisSessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSessionStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl SessionStore for RedisSessionStore {
    async fn create(&self, key: SessionKey, session: StoredSession) -> Result<()> {
        let keys = [self.session(key), self.owner(&session.owner)];
        let mut create = script(CREATE, &keys);
        create
            .arg(&*session.owner)
            .arg(&*session.data)
            .arg(session.version)
            .arg(session.created_at)
            .arg(session.last_seen_at)
            .arg(session.expires_at)
            .arg(session.expires_at.min(MAX_EXPIRY));
        self.run(&create).await
    }

    async fn find(&self, key: SessionKey) -> Result<Option<StoredSession>> {
        let mut find = script(FIND, &[self.session(key)]);
        let found: Option<Fields> = self.run(find.arg(&self.owners)).await?;
        Ok(found.map(session))
    }

    async fn replace(&self, key: SessionKey, version: i64, data: &str) -> Result<bool> {
        let mut replace = script(REPLACE, &[self.session(key)]);
        self.run(replace.arg(version).arg(data)).await
    }

    async fn touch(&self, key: SessionKey, last_seen_at: i64, expires_at: i64) -> Result<()> {
        let mut touch = script(TOUCH, &[self.session(key)]);
        touch
            .arg(last_seen_at)
            .arg(expires_at)
            .arg(expires_at.min(MAX_EXPIRY))
            .arg(&self.owners);
        self.run(&touch).await
    }

    async fn delete(&self, key: SessionKey) -> Result<()> {
        let mut delete = script(DELETE, &[self.session(key)]);
        self.run(delete.arg(&self.owners)).await
    }

    async fn delete_all(&self, owner: &str) -> Result<()> {
        self.run(&script(DELETE_ALL, &[self.owner(owner)])).await
    }

    async fn list(&self, owner: &str) -> Result<Vec<(SessionKey, StoredSession)>> {
        let list = script(LIST, &[self.owner(owner)]);
        let sessions: Vec<(String, Fields)> = self.run(&list).await?;
        let read = |(key, fields): (String, Fields)| {
            let key = SessionKey::from_hex(key.strip_prefix(&self.sessions)?)?;
            Some((key, session(fields)))
        };
        Ok(sessions.into_iter().filter_map(read).collect())
    }
}
