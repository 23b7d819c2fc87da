//! [`Db`]: a database, SQLite or PostgreSQL by its URL.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use resourceful::Result as Answer;
use sea_orm::{DbBackend, ProxyRow};
use sea_orm_migration::{MigratorTrait, seaql_migrations};
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, Level, Span};

use crate::changed::Changed;
use crate::cursor_keys::CursorKeys;
use crate::entities::Entities;
use crate::error::{DbError, DbErrorKind};
use crate::metrics;
use crate::migrate;
use crate::options::DbOptions;
use crate::postgres::Postgres;
use crate::proxy_row;
use crate::row::{FromRow, Row, Single};
use crate::shape::Texts;
use crate::sqlite::{Connection, Sqlite};
use crate::statement::Query;
use crate::tx::Tx;

/// Attempts of a statement or a transaction that was in conflict with others.
const ATTEMPTS: u32 = 3;

/// A database: SQLite in a file or in memory, or PostgreSQL. A clone is the same database.
///
/// It is a connection of SeaORM's: all of SeaORM works on it and on a [`Tx`].
///
/// # Examples
/// ```
/// use resourceful_db::Db;
/// use sea_orm::entity::prelude::*;
/// use sea_orm::ActiveValue::Set;
///
/// mod tag {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
///     #[sea_orm(table_name = "tag")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i64,
///         pub name: String,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), resourceful_db::DbError> {
/// let db = Db::options().entity(tag::Entity).connect("sqlite::memory:").await?;
/// db.execute_unprepared("CREATE TABLE tag (id integer PRIMARY KEY, name text NOT NULL)").await?;
/// let rust = tag::ActiveModel { name: Set("rust".to_owned()), ..Default::default() };
/// let rust = rust.insert(&db).await?;
/// assert_eq!(tag::Entity::find_by_id(rust.id).one(&db).await?, Some(rust));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    driver: Driver,
    entities: RwLock<Arc<Entities>>,
    cursor_keys: RwLock<Arc<CursorKeys>>,
    texts: Texts,
    statements: AtomicU64,
    retries: AtomicU64,
}

#[derive(Debug)]
pub(crate) enum Driver {
    Postgres(Arc<Postgres>),
    Sqlite(Sqlite),
}

impl Db {
    /// Opens a database.
    ///
    /// | URL | database |
    /// |---|---|
    /// | `sqlite://blog.sqlite3` | a file, which is created if it is missing |
    /// | `sqlite::memory:` | SQLite in memory, for tests; it ends with the last clone of the `Db` |
    /// | `postgres://user:password@host/name` | PostgreSQL; `sslmode=require` verifies its certificate, against `sslrootcert=FILE` or those of the system |
    ///
    /// SQLite has a write-ahead log, writes to the disk before it confirms, and enforces foreign keys.
    ///
    /// # Errors
    /// If the database is unreachable, or the URL is invalid.
    ///
    /// # Examples
    /// See [`Db`].
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        Self::options().connect(url).await
    }

    /// The settings of a database that is not open yet.
    ///
    /// # Examples
    /// See [`DbOptions`].
    pub fn options() -> DbOptions {
        DbOptions::default()
    }

    pub(crate) async fn open(url: &str, options: DbOptions) -> Result<Self, DbError> {
        metrics::describe();
        let cursor_keys = options.cursor_keys.clone()?;
        let driver = if let Some(file) = url.strip_prefix("sqlite:") {
            let file = file.strip_prefix("//").unwrap_or(file);
            let in_memory = file.contains(":memory:") || file.contains("mode=memory");
            let file = file.split('?').next().unwrap_or(file).to_owned();
            // Opening waits for the disk, and for other processes.
            let settings = options.clone();
            let open = tokio::task::spawn_blocking(move || {
                let file = (!in_memory).then(|| Path::new(&file));
                Sqlite::open(file, &settings)
            });
            let opened = open
                .await
                .map_err(|error| DbError::other(error.to_string()))?;
            Driver::Sqlite(opened?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Driver::Postgres(Arc::new(Postgres::open(url, &options)?))
        } else {
            let text = "the URL of a database begins with `sqlite:` or `postgres:`";
            return Err(DbError::other(text));
        };
        let db = Self(Arc::new(Inner {
            driver,
            entities: RwLock::new(Arc::new(options.entities)),
            cursor_keys: RwLock::new(Arc::new(cursor_keys)),
            texts: Texts::default(),
            statements: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }));
        if let Driver::Postgres(postgres) = db.driver() {
            postgres.check().await?;
        }
        Ok(db)
    }

    /// Whether this is SQLite or PostgreSQL.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        match self.driver() {
            Driver::Postgres(_) => DbBackend::Postgres,
            Driver::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    /// Begins a transaction. Dropped before [`Tx::commit`], it is rolled back.
    ///
    /// On SQLite it waits for the transactions before it, and others wait for its end.
    ///
    /// # Errors
    /// If the database is away, or too busy.
    ///
    /// # Examples
    /// See [`Tx`].
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Tx::begin(self, "BEGIN".to_owned()).await
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Runs the migrations that have not run yet. Of several processes that start together, one runs them and
    /// the others wait.
    ///
    /// On SQLite all of them are one transaction. Foreign keys are off during it, so that tables can be rebuilt,
    /// and are checked at its end.
    ///
    /// # Errors
    /// If a migration fails, or would end the transaction that it runs in; if one that runs in none leaves its own open;
    /// if two have one name.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), DbError> {
        let table = M::migration_table_name().to_string();
        self.change_entities(|entities| {
            entities.name_table::<seaql_migrations::Entity>(table);
        });
        migrate::up::<M>(self).await
    }

    /// Whether the database replies: for [`AsyncResource::ready`](resourceful::AsyncResource::ready).
    ///
    /// # Errors
    /// 503 if it does not.
    pub async fn ready(&self) -> Answer<()> {
        match self.driver() {
            Driver::Postgres(postgres) => postgres.ping().await?,
            Driver::Sqlite(_) => {
                self.query::<Single<i64>>(Query::text(DbBackend::Sqlite, "SELECT 1"))
                    .await?;
            }
        }
        Ok(())
    }

    /// Replaces the keys that sign cursors, while requests run: see [`DbOptions::cursor_keys`].
    ///
    /// To change a key on several replicas, add the new one behind the old one on all of them, then put it in front, then
    /// remove the old one, when its last cursors are no longer used.
    ///
    /// # Errors
    /// If there is no key, or one has fewer than 32 bytes. The keys of before stay.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), resourceful_db::DbError> {
    /// # let (old, new) = (vec![1; 32], vec![2; 32]);
    /// let db = resourceful_db::Db::options().cursor_keys([old.clone()]).connect("sqlite::memory:").await?;
    /// db.change_cursor_keys([new, old])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn change_cursor_keys<K: Into<Vec<u8>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<(), DbError> {
        let keys = Arc::new(CursorKeys::new(keys)?);
        let current = self.0.cursor_keys.write();
        *current.unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Numbers for metrics and tests.
    ///
    /// # Examples
    /// See [`Statistics`].
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (connections, idle, waiting) = match self.driver() {
            Driver::Postgres(postgres) => postgres.pool_status(),
            Driver::Sqlite(sqlite) => sqlite.status(),
        };
        Statistics {
            connections,
            idle,
            waiting,
            statements: self.0.statements.load(Ordering::Relaxed),
            retries: self.0.retries.load(Ordering::Relaxed),
        }
    }

    /// Closes the connections. Statements after it fail; those before it are completed.
    ///
    /// # Errors
    /// None today.
    pub async fn close(self) -> Result<(), DbError> {
        match self.driver() {
            Driver::Postgres(postgres) => postgres.close(),
            Driver::Sqlite(sqlite) => sqlite.close().await,
        }
        Ok(())
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.0.driver
    }

    pub(crate) fn entities(&self) -> Arc<Entities> {
        let entities = self.0.entities.read();
        Arc::clone(&entities.unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys of cursors.
    pub(crate) fn cursor_keys(&self) -> Arc<CursorKeys> {
        let keys = self.0.cursor_keys.read();
        Arc::clone(&keys.unwrap_or_else(PoisonError::into_inner))
    }

    /// The texts of statements.
    pub(crate) fn texts(&self) -> &Texts {
        &self.0.texts
    }

    /// The span of a statement. It has the text, and never the values.
    pub(crate) fn span(&self, sql: &str) -> Span {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
        let system = match self.driver() {
            Driver::Postgres(_) => "postgresql",
            Driver::Sqlite(_) => "sqlite",
        };
        metrics::statement(system);
        // With the feature `log` of tracing, which SeaORM switches on, a disabled span would still format its fields.
        if LevelFilter::current() < Level::DEBUG {
            return Span::none();
        }
        tracing::debug_span!("db.query", db.system.name = system, db.query.text = sql)
    }

    /// The rows of a statement. One that writes is a transaction of its own.
    pub(crate) async fn query<T: FromRow>(&self, query: Query) -> Result<Vec<T>, DbError> {
        self.query_with(query, T::from_row).await
    }

    /// The rows of a statement, read by `read`. An error of `read` undoes the statement on SQLite alone.
    pub(crate) async fn query_with<T: Send + 'static>(
        &self,
        query: Query,
        read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<Vec<T>, DbError> {
        let span = self.span(&query.sql);
        let rows = async {
            match self.driver() {
                Driver::Postgres(postgres) => {
                    let rows = self.repeated(|| postgres.query(&query)).await?;
                    rows.iter()
                        .map(|row| read(&mut Row::postgres(row)))
                        .collect()
                }
                Driver::Sqlite(sqlite) if query.only_reads => {
                    sqlite
                        .read(move |connection| connection.query(&query, &read))
                        .await
                }
                Driver::Sqlite(sqlite) => {
                    sqlite
                        .write(move |connection| connection.query(&query, &read))
                        .await
                }
            }
        };
        rows.instrument(span).await
    }

    /// The rows of two statements that only read, in one round trip.
    pub(crate) async fn query_both<A: Send + 'static, B: FromRow>(
        &self,
        first: Query,
        read: impl Fn(&mut Row<'_>) -> Result<A, DbError> + Send + 'static,
        second: Query,
    ) -> Result<(Vec<A>, Vec<B>), DbError> {
        let (span, inner) = (self.span(&first.sql), self.span(&second.sql));
        let rows = async {
            match self.driver() {
                Driver::Postgres(postgres) => {
                    let (first, second) = postgres.query_both(&first, &second).await?;
                    let first = first.iter().map(|row| read(&mut Row::postgres(row)));
                    let second = second
                        .iter()
                        .map(|row| B::from_row(&mut Row::postgres(row)));
                    Ok((
                        first.collect::<Result<_, _>>()?,
                        second.collect::<Result<_, _>>()?,
                    ))
                }
                Driver::Sqlite(sqlite) => {
                    let both = move |connection: &Connection| {
                        let first = connection.query(&first, read)?;
                        Ok((first, connection.query(&second, B::from_row)?))
                    };
                    sqlite.read(both).await
                }
            }
        };
        rows.instrument(inner).instrument(span).await
    }

    /// The rows of a statement of SeaORM's.
    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<ProxyRow>, DbError> {
        let span = self.span(&query.sql);
        let rows = async {
            match self.driver() {
                Driver::Postgres(postgres) => {
                    let rows = self.repeated(|| postgres.query(&query)).await?;
                    if let Some(lookup) = self.entities().lookup(&rows) {
                        self.learn(&postgres.query(&lookup).await?)?;
                    }
                    let entities = self.entities();
                    rows.iter()
                        .map(|row| proxy_row::postgres(row, &entities))
                        .collect()
                }
                Driver::Sqlite(sqlite) => {
                    let only_reads = query.only_reads;
                    let entities = self.entities();
                    let read = move |connection: &Connection| {
                        proxy_row::sqlite(connection, &query, &entities)
                    };
                    if only_reads {
                        sqlite.read(read).await
                    } else {
                        sqlite.write(read).await
                    }
                }
            }
        };
        rows.instrument(span).await
    }

    /// Executes a statement.
    pub(crate) async fn execute(&self, query: Query) -> Result<Changed, DbError> {
        let span = self.span(&query.sql);
        let changed = async {
            match self.driver() {
                Driver::Postgres(postgres) => {
                    let rows = self.repeated(|| postgres.execute(&query)).await?;
                    Ok(Changed::rows(rows))
                }
                Driver::Sqlite(sqlite) => {
                    sqlite
                        .write(move |connection| connection.execute(&query))
                        .await
                }
            }
        };
        changed.instrument(span).await
    }

    /// Executes statements without parameters: on SQLite not in a transaction, since `PRAGMA` and `VACUUM`
    /// have no effect or no place there.
    pub(crate) async fn execute_batch(&self, sql: &str) -> Result<Changed, DbError> {
        let span = self.span(sql);
        let changed = async {
            match self.driver() {
                Driver::Postgres(postgres) => {
                    let rows = postgres.execute_batch(sql).await?;
                    Ok(Changed::rows(rows))
                }
                Driver::Sqlite(sqlite) => {
                    let sql = sql.to_owned();
                    sqlite
                        .alone(move |connection| connection.execute_batch(&sql))
                        .await
                }
            }
        };
        changed.instrument(span).await
    }

    /// Repeats a statement or a transaction that was in conflict with others: it has changed nothing, and nobody was
    /// answered.
    pub(crate) async fn repeated<T, F>(&self, run: impl Fn() -> F) -> Result<T, DbError>
    where
        F: Future<Output = Result<T, DbError>>,
    {
        let mut attempt = 1;
        loop {
            match run().await {
                Err(error) if error.kind() == DbErrorKind::Serialization && attempt < ATTEMPTS => {
                    self.0.retries.fetch_add(1, Ordering::Relaxed);
                    metrics::retried();
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// Keeps the numbers of columns, which [`Entities::lookup`] has asked for.
    pub(crate) fn learn(&self, rows: &[tokio_postgres::Row]) -> Result<(), DbError> {
        self.change_entities(|entities| entities.learn(rows))
    }

    pub(crate) fn change_entities<T>(&self, change: impl FnOnce(&mut Entities) -> T) -> T {
        let entities = self.0.entities.write();
        let mut entities = entities.unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut entities))
    }
}

/// Numbers of a [`Db`].
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), resourceful_db::DbError> {
/// let db = resourceful_db::Db::connect("sqlite::memory:").await?;
/// db.ready().await.unwrap();
/// assert_eq!(db.statistics().statements, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Open connections: to PostgreSQL, or the threads of SQLite.
    pub connections: usize,
    /// Connections that are not in use; always 0 for SQLite.
    pub idle: usize,
    /// Statements and transactions that wait for a connection; for SQLite also those that run.
    pub waiting: usize,
    /// Statements since the start.
    pub statements: u64,
    /// Statements and transactions that were repeated after a conflict.
    pub retries: u64,
}
