//! [`DbOptions`]: the limits of a [`Db`](crate::Db).

use std::thread::available_parallelism;
use std::time::Duration;

use sea_orm::EntityTrait;

use crate::cursor_keys::CursorKeys;
use crate::db::Db;
use crate::entities::Entities;
use crate::error::DbError;

/// The limits of a database, before it is opened.
///
/// | setting | default | a statement or transaction beyond it |
/// |---|---|---|
/// | [`max_connections`](Self::max_connections) (PostgreSQL) | 20 | waits |
/// | [`readers`](Self::readers) (SQLite) | one per core, 2 to 8 | waits |
/// | [`acquire_timeout`](Self::acquire_timeout) | 1.5 s (PostgreSQL), 3 s (SQLite) | 503 |
/// | [`max_waiting`](Self::max_waiting) | 1,000 | 503 at once |
/// | [`statement_timeout`](Self::statement_timeout) | 60 s | is cancelled: 500 |
/// | [`max_transaction_time`](Self::max_transaction_time) | 10 s | is rolled back: 503 |
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use resourceful_db::Db;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), resourceful_db::DbError> {
/// let db = Db::options().max_transaction_time(Duration::from_secs(2)).connect("sqlite::memory:").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DbOptions {
    pub(crate) max_connections: usize,
    pub(crate) readers: usize,
    pub(crate) acquire_timeout: Option<Duration>,
    pub(crate) max_waiting: usize,
    pub(crate) statement_timeout: Duration,
    pub(crate) max_transaction_time: Duration,
    pub(crate) prepared_statements: bool,
    pub(crate) entities: Entities,
    pub(crate) cursor_keys: Result<CursorKeys, DbError>,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            max_connections: 20,
            readers: available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8)),
            acquire_timeout: None,
            max_waiting: 1000,
            statement_timeout: Duration::from_mins(1),
            max_transaction_time: Duration::from_secs(10),
            prepared_statements: true,
            entities: Entities::default(),
            cursor_keys: Ok(CursorKeys::random()),
        }
    }
}

impl DbOptions {
    /// Sets the maximum number of connections to PostgreSQL (default 20).
    pub fn max_connections(mut self, max: usize) -> Self {
        self.max_connections = max.max(1);
        self
    }

    /// Sets the number of threads that read from SQLite (default one per core, 2 to 8).
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Sets the time to wait for a connection, or for the transactions before this one.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = Some(timeout);
        self
    }

    /// Sets the number of statements and transactions that may wait for a connection (default 1,000). With SQLite
    /// those that run count, too.
    pub fn max_waiting(mut self, max: usize) -> Self {
        self.max_waiting = max;
        self
    }

    /// Sets the time limit of a statement (default 60 s).
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Sets the time that a transaction may stay open (default 10 s).
    pub fn max_transaction_time(mut self, time: Duration) -> Self {
        self.max_transaction_time = time;
        self
    }

    /// Whether statements stay prepared on their connection (default: yes). A `PgBouncer` in transaction mode
    /// older than 1.21, or without `max_prepared_statements`, needs `false`; a single statement then has
    /// the server's own timeout, since the pooler refuses the parameter that sets it, and migrations are one
    /// transaction.
    pub fn prepared_statements(mut self, prepared: bool) -> Self {
        self.prepared_statements = prepared;
        self
    }

    /// Names an entity that SeaORM reads itself and that no model resource has.
    ///
    /// Needed for integers on SQLite, and for times with a time zone: a row does not say which Rust type a model
    /// wants, and without the entity such a column is an error. A model resource names its own entity, and those of
    /// its [`Item`](trait@crate::Item)s and of what is nested in them, when it is added to an application.
    ///
    /// # Examples
    /// See the guide, "Tables".
    pub fn entity<E: EntityTrait>(mut self, _: E) -> Self {
        self.entities.name::<E>();
        self
    }

    /// Sets the keys that sign cursors: the first one signs, the others are those of before, whose cursors are
    /// still valid. Each has at least 32 random bytes; without one, or with a shorter one, [`connect`](Self::connect)
    /// fails.
    ///
    /// Default: a random key of this process. Several processes, and cursors that live longer than one, need the
    /// same keys.
    pub fn cursor_keys<K: Into<Vec<u8>>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.cursor_keys = CursorKeys::new(keys);
        self
    }

    /// Opens the database, as [`Db::connect`] does.
    ///
    /// # Errors
    /// See [`Db::connect`]; and if [`cursor_keys`](Self::cursor_keys) are missing or too short.
    pub async fn connect(self, url: &str) -> Result<Db, DbError> {
        Db::open(url, self).await
    }
}
