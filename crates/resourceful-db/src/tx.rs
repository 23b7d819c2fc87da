//! [`Tx`]: a transaction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::ProxyRow;
use tracing::Instrument;

use crate::changed::Changed;
use crate::db::{Db, Driver};
use crate::error::DbError;
use crate::row::Row;
use crate::sqlite::{Connection, Sqlite};
use crate::statement::Query;
use crate::{postgres, proxy_row, sqlite};

/// A transaction, or a savepoint in one. Dropped before [`commit`](Self::commit), it is rolled back.
///
/// It is a connection of SeaORM's. It begins at the database with its first statement. On SQLite, other writers
/// wait until it ends, so await nothing else in it.
///
/// # Examples
/// ```
/// use resourceful_db::{Db, DbError};
/// use sea_orm::ConnectionTrait;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DbError> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let tx = db.begin().await?;
/// tx.execute_unprepared("CREATE TABLE tag (name text)").await?;
///
/// let savepoint = tx.savepoint().await?;
/// savepoint.execute_unprepared("INSERT INTO tag VALUES ('undone')").await?;
/// drop(savepoint);
///
/// tx.execute_unprepared("INSERT INTO tag VALUES ('kept')").await?;
/// tx.commit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tx {
    inner: Arc<Inner>,
    /// The number of the savepoint; 0 is the transaction itself.
    savepoint: u32,
    is_over: bool,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    driver: TxDriver,
    savepoints: AtomicU32,
    /// Savepoints that were dropped, and are rolled back before the next statement.
    dropped: Mutex<Vec<u32>>,
}

#[derive(Debug)]
enum TxDriver {
    Postgres(postgres::Transaction),
    Sqlite(sqlite::Transaction),
}

impl Tx {
    pub(crate) async fn begin(db: &Db, begin: String) -> Result<Self, DbError> {
        Ok(Self::new(
            db,
            match db.driver() {
                Driver::Postgres(postgres) => TxDriver::Postgres(postgres.begin(begin).await?),
                Driver::Sqlite(sqlite) => TxDriver::Sqlite(sqlite.begin()?),
            },
        ))
    }

    /// A transaction of SQLite's that may take as long as it needs.
    pub(crate) fn begin_unlimited(db: &Db, sqlite: &Sqlite) -> Result<Self, DbError> {
        Ok(Self::new(db, TxDriver::Sqlite(sqlite.begin_unlimited()?)))
    }

    fn new(db: &Db, driver: TxDriver) -> Self {
        let inner = Inner {
            db: db.clone(),
            driver,
            savepoints: AtomicU32::new(0),
            dropped: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
            savepoint: 0,
            is_over: false,
        }
    }

    /// The database of the transaction.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Begins a savepoint. Dropped before its `commit`, what was done since is undone.
    ///
    /// # Errors
    /// If the transaction has failed or ended.
    pub async fn savepoint(&self) -> Result<Self, DbError> {
        let savepoint = self.inner.savepoints.fetch_add(1, Ordering::Relaxed) + 1;
        let nested = Self {
            inner: Arc::clone(&self.inner),
            savepoint,
            is_over: false,
        };
        self.execute_batch(&format!("SAVEPOINT s{savepoint}"))
            .await?;
        Ok(nested)
    }

    /// Commits the transaction, or keeps what was done since the savepoint.
    ///
    /// # Errors
    /// If the database has not committed. On PostgreSQL also if a statement has failed before. If the connection
    /// was lost meanwhile, the transaction may be committed or not.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if self.savepoint > 0 {
            let release = format!("RELEASE SAVEPOINT s{}", self.savepoint);
            self.execute_batch(&release).await?;
            self.is_over = true;
            return Ok(());
        }
        self.settle().await?;
        match &self.inner.driver {
            TxDriver::Postgres(transaction) => transaction.commit().await,
            TxDriver::Sqlite(transaction) => {
                transaction
                    .run(|connection| connection.control("COMMIT"))
                    .await
            }
        }
    }

    /// Undoes the transaction, or what was done since the savepoint. Dropping it does the same, later.
    ///
    /// # Errors
    /// If the database is away. The transaction then ends with its connection.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        if self.savepoint > 0 {
            self.is_over = true;
            return self.undo(self.savepoint).await;
        }
        match &self.inner.driver {
            TxDriver::Postgres(transaction) => transaction.roll_back().await,
            TxDriver::Sqlite(transaction) => transaction.run(Connection::roll_back).await,
        }
    }

    /// The rows of a statement, read by `read`.
    pub(crate) async fn query_with<T: Send + 'static>(
        &self,
        query: Query,
        read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<Vec<T>, DbError> {
        self.settle().await?;
        let span = self.inner.db.span(&query.sql);
        let rows = async {
            match &self.inner.driver {
                TxDriver::Postgres(transaction) => {
                    let rows = transaction.query(&query).await?;
                    rows.iter()
                        .map(|row| read(&mut Row::postgres(row)))
                        .collect()
                }
                TxDriver::Sqlite(transaction) => {
                    transaction
                        .run(move |connection| connection.query(&query, read))
                        .await
                }
            }
        };
        rows.instrument(span).await
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<ProxyRow>, DbError> {
        self.settle().await?;
        let span = self.inner.db.span(&query.sql);
        let entities = self.inner.db.entities();
        let rows = async {
            match &self.inner.driver {
                TxDriver::Postgres(transaction) => {
                    let rows = transaction.query(&query).await?;
                    rows.iter()
                        .map(|row| proxy_row::postgres(row, &entities))
                        .collect()
                }
                TxDriver::Sqlite(transaction) => {
                    let read = move |connection: &Connection| {
                        proxy_row::sqlite(connection, &query, &entities)
                    };
                    transaction.run(read).await
                }
            }
        };
        rows.instrument(span).await
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<Changed, DbError> {
        self.settle().await?;
        let span = self.inner.db.span(&query.sql);
        let changed = async {
            match &self.inner.driver {
                TxDriver::Postgres(transaction) => {
                    let rows = transaction.execute(&query).await?;
                    Ok(Changed { rows, last_id: 0 })
                }
                TxDriver::Sqlite(transaction) => {
                    transaction
                        .run(move |connection| connection.execute(&query))
                        .await
                }
            }
        };
        changed.instrument(span).await
    }

    pub(crate) async fn execute_batch(&self, sql: &str) -> Result<Changed, DbError> {
        self.settle().await?;
        let span = self.inner.db.span(sql);
        let changed = async {
            match &self.inner.driver {
                TxDriver::Postgres(transaction) => {
                    let rows = transaction.execute_batch(sql).await?;
                    Ok(Changed { rows, last_id: 0 })
                }
                TxDriver::Sqlite(transaction) => {
                    let sql = sql.to_owned();
                    transaction
                        .run(move |connection| connection.execute_batch(&sql))
                        .await
                }
            }
        };
        changed.instrument(span).await
    }

    /// Undoes the savepoints that were dropped, the last one first.
    async fn settle(&self) -> Result<(), DbError> {
        let next = || self.dropped().last().copied();
        while let Some(savepoint) = next() {
            self.undo(savepoint).await?;
            self.dropped().retain(|other| *other != savepoint);
        }
        Ok(())
    }

    async fn undo(&self, savepoint: u32) -> Result<(), DbError> {
        let sql = format!("ROLLBACK TO SAVEPOINT s{savepoint}; RELEASE SAVEPOINT s{savepoint}");
        match &self.inner.driver {
            TxDriver::Postgres(transaction) => transaction.undo(&sql).await,
            TxDriver::Sqlite(transaction) => {
                transaction
                    .run(move |connection| connection.execute_batch(&sql))
                    .await?;
                Ok(())
            }
        }
    }

    fn dropped(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.inner
            .dropped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.savepoint > 0 && !self.is_over {
            self.dropped().push(self.savepoint);
        }
    }
}
