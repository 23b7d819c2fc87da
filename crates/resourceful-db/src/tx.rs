//! [`Tx`]: a transaction.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sea_orm::ProxyRow;
use tokio::sync::MutexGuard;
use tracing::Instrument;

use crate::changed::Changed;
use crate::db::{self, Db};
use crate::error::DbError;
use crate::row::Row;
use crate::sqlite::Connection;
use crate::statement::Query;
use crate::{postgres, proxy_row, sqlite};

/// A transaction, or a savepoint in one. Dropped before [`commit`](Self::commit), it is rolled back.
///
/// It is a connection of SeaORM's. It begins at the database with its first statement. On SQLite, other writers
/// wait until it ends, so await nothing else in it.
///
/// After a statement that failed, or whose future was dropped, it can only be rolled back, as a whole or to a
/// savepoint that was begun before: on both databases.
///
/// SQL that begins or ends a transaction or a savepoint is an error here and on a [`Db`], also as one of several
/// statements: `SELECT 1; COMMIT`. None of them runs then.
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
    savepoints: AtomicU32,
    /// Savepoints that were dropped, and are rolled back before the next statement.
    dropped: Mutex<Vec<u32>>,
    /// Whether an outermost savepoint was committed.
    has_parts: AtomicBool,
    state: tokio::sync::Mutex<State>,
}

#[derive(Debug)]
struct State {
    driver: Driver,
    /// Only a rollback is possible. It is set while a statement runs, so that it stays set if the future is
    /// dropped: nobody knows then whether the statement has failed.
    is_aborted: bool,
    /// The open savepoints, the outermost first.
    savepoints: Vec<u32>,
}

#[derive(Debug)]
enum Driver {
    Postgres(postgres::Transaction),
    Sqlite(sqlite::Transaction),
}

impl Tx {
    pub(crate) async fn begin(db: &Db, begin: String) -> Result<Self, DbError> {
        let driver = match db.driver() {
            db::Driver::Postgres(postgres) => Driver::Postgres(postgres.begin(begin).await?),
            db::Driver::Sqlite(sqlite) => Driver::Sqlite(sqlite.begin()?),
        };
        let state = State {
            driver,
            is_aborted: false,
            savepoints: Vec::new(),
        };
        let inner = Inner {
            db: db.clone(),
            savepoints: AtomicU32::new(0),
            dropped: Mutex::default(),
            has_parts: AtomicBool::new(false),
            state: tokio::sync::Mutex::new(state),
        };
        Ok(Self {
            inner: Arc::new(inner),
            savepoint: 0,
            is_over: false,
        })
    }

    /// The database of the transaction.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// A reference that does not keep the transaction open.
    pub(crate) fn downgrade(&self) -> WeakTx {
        WeakTx(Arc::downgrade(&self.inner))
    }

    /// Begins a savepoint. Dropped before its `commit`, what was done since is undone.
    ///
    /// # Errors
    /// If the transaction has failed or ended.
    pub async fn savepoint(&self) -> Result<Self, DbError> {
        self.savepoint_in(|_| true).await
    }

    /// Begins a part of the transaction: a savepoint that is in no other one.
    pub(crate) async fn part(&self) -> Result<Self, DbError> {
        self.savepoint_in(<[u32]>::is_empty).await
    }

    /// Whether a part was committed, and none is open.
    pub(crate) async fn has_parts(&self) -> Result<bool, DbError> {
        let mut state = self.statement().await?;
        let are_ended = state.savepoints.is_empty();
        state.finish(Ok(()))?;
        if !are_ended {
            return Err(DbError::other("a part of the transaction is still open"));
        }
        Ok(self.inner.has_parts.load(Ordering::Relaxed))
    }

    /// Begins a savepoint, if it may be inside the open ones.
    async fn savepoint_in(&self, may_be_in: impl Fn(&[u32]) -> bool) -> Result<Self, DbError> {
        let savepoint = self.inner.savepoints.fetch_add(1, Ordering::Relaxed) + 1;
        let mut state = self.statement().await?;
        if !may_be_in(&state.savepoints) {
            let open = "a request with `Idempotency-Key` has one transaction, a part of which is still open: commit it \
                        before another one begins";
            return state.finish(Ok(())).and(Err(DbError::other(open)));
        }
        let begun = state.control(vec![format!("SAVEPOINT s{savepoint}")]).await;
        if begun.is_ok() {
            state.savepoints.push(savepoint);
        }
        state.finish(begun)?;
        Ok(Self {
            inner: Arc::clone(&self.inner),
            savepoint,
            is_over: false,
        })
    }

    /// Commits the transaction, or keeps what was done since the savepoint.
    ///
    /// # Errors
    /// If the database has not committed, or a statement has failed before. If the connection was lost meanwhile,
    /// the transaction may be committed or not.
    pub async fn commit(mut self) -> Result<(), DbError> {
        let mut state = self.statement().await?;
        if self.savepoint == 0 {
            // It stays aborted, so that a savepoint cannot begin another transaction.
            return state.commit().await;
        }
        let position = state.position(self.savepoint);
        let released = match position {
            Some(_) => {
                let release = format!("RELEASE SAVEPOINT s{}", self.savepoint);
                state.control(vec![release]).await
            }
            None => Err(DbError::other("the savepoint has ended with an outer one")),
        };
        if let (Ok(()), Some(position)) = (&released, position) {
            state.savepoints.truncate(position);
            if position == 0 {
                self.inner.has_parts.store(true, Ordering::Relaxed);
            }
        }
        state.finish(released)?;
        drop(state);
        self.is_over = true;
        Ok(())
    }

    /// Undoes the transaction, or what was done since the savepoint. Dropping it does the same, later.
    ///
    /// # Errors
    /// If the database is away. The transaction then ends with its connection.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        let mut state = self.inner.state.lock().await;
        if self.savepoint == 0 {
            state.is_aborted = true;
            return state.roll_back().await;
        }
        let undone = state.undo(&[self.savepoint]).await;
        drop(state);
        self.is_over = true;
        undone
    }

    /// The rows of a statement, read by `read`.
    pub(crate) async fn query_with<T: Send + 'static>(
        &self,
        query: Query,
        read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<Vec<T>, DbError> {
        let span = self.inner.db.span(&query.sql);
        let mut state = self.statement().await?;
        let rows = async {
            match &mut state.driver {
                Driver::Postgres(transaction) => {
                    let rows = transaction.query(&query).await?;
                    rows.iter()
                        .map(|row| read(&mut Row::postgres(row)))
                        .collect()
                }
                Driver::Sqlite(transaction) => {
                    transaction
                        .run(move |connection| connection.query(&query, read))
                        .await
                }
            }
        };
        let rows = rows.instrument(span).await;
        state.finish(rows)
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<ProxyRow>, DbError> {
        let span = self.inner.db.span(&query.sql);
        let mut state = self.statement().await?;
        let rows = async {
            match &mut state.driver {
                Driver::Postgres(transaction) => {
                    let rows = transaction.query(&query).await?;
                    if let Some(lookup) = self.inner.db.entities().lookup(&rows) {
                        self.inner.db.learn(&transaction.query(&lookup).await?)?;
                    }
                    let entities = self.inner.db.entities();
                    rows.iter()
                        .map(|row| proxy_row::postgres(row, &entities))
                        .collect()
                }
                Driver::Sqlite(transaction) => {
                    let entities = self.inner.db.entities();
                    let read = move |connection: &Connection| {
                        proxy_row::sqlite(connection, &query, &entities)
                    };
                    transaction.run(read).await
                }
            }
        };
        let rows = rows.instrument(span).await;
        state.finish(rows)
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<Changed, DbError> {
        let span = self.inner.db.span(&query.sql);
        let mut state = self.statement().await?;
        let changed = async {
            match &mut state.driver {
                Driver::Postgres(transaction) => {
                    let rows = transaction.execute(&query).await?;
                    Ok(Changed::rows(rows))
                }
                Driver::Sqlite(transaction) => {
                    transaction
                        .run(move |connection| connection.execute(&query))
                        .await
                }
            }
        };
        let changed = changed.instrument(span).await;
        state.finish(changed)
    }

    pub(crate) async fn execute_batch(&self, sql: &str) -> Result<Changed, DbError> {
        let span = self.inner.db.span(sql);
        let mut state = self.statement().await?;
        let changed = state.batch(sql).instrument(span).await;
        state.finish(changed)
    }

    /// The state for a statement, which [`State::finish`] must end.
    async fn statement(&self) -> Result<MutexGuard<'_, State>, DbError> {
        let mut state = self.inner.state.lock().await;
        let dropped = std::mem::take(&mut *self.dropped());
        if !dropped.is_empty() {
            state.undo(&dropped).await?;
        }
        if state.is_aborted {
            return Err(DbError::other(
                "the transaction can only be rolled back: it has ended, or a statement has failed or was dropped",
            ));
        }
        state.is_aborted = true;
        Ok(state)
    }

    fn dropped(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.inner
            .dropped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reference to a transaction that does not keep it open.
#[derive(Debug)]
pub(crate) struct WeakTx(Weak<Inner>);

impl WeakTx {
    pub(crate) fn upgrade(&self) -> Option<Tx> {
        self.0.upgrade().map(|inner| Tx {
            inner,
            savepoint: 0,
            is_over: false,
        })
    }
}

impl State {
    fn finish<T>(&mut self, result: Result<T, DbError>) -> Result<T, DbError> {
        self.is_aborted = result.is_err();
        result
    }

    async fn batch(&mut self, sql: &str) -> Result<Changed, DbError> {
        match &mut self.driver {
            Driver::Postgres(transaction) => {
                let rows = transaction.execute_batch(sql).await?;
                Ok(Changed::rows(rows))
            }
            Driver::Sqlite(transaction) => {
                let sql = sql.to_owned();
                transaction
                    .run(move |connection| connection.execute_batch(&sql))
                    .await
            }
        }
    }

    /// Begins or ends savepoints.
    async fn control(&mut self, statements: Vec<String>) -> Result<(), DbError> {
        match &mut self.driver {
            Driver::Postgres(transaction) => {
                let sql = statements.join("; ");
                transaction.execute_batch(&sql).await.map(drop)
            }
            Driver::Sqlite(transaction) => {
                let control = move |connection: &Connection| {
                    statements
                        .iter()
                        .try_for_each(|sql| connection.control(sql))
                };
                transaction.run(control).await
            }
        }
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        match &mut self.driver {
            Driver::Postgres(transaction) => transaction.commit().await,
            Driver::Sqlite(transaction) if !transaction.has_begun() => Ok(()),
            Driver::Sqlite(transaction) => {
                transaction
                    .run(|connection| connection.control("COMMIT"))
                    .await
            }
        }
    }

    async fn roll_back(&mut self) -> Result<(), DbError> {
        match &mut self.driver {
            Driver::Postgres(transaction) => transaction.roll_back().await,
            Driver::Sqlite(transaction) if !transaction.has_begun() => Ok(()),
            Driver::Sqlite(transaction) => transaction.run(Connection::roll_back).await,
        }
    }

    fn position(&self, savepoint: u32) -> Option<usize> {
        self.savepoints.iter().position(|open| *open == savepoint)
    }

    /// Undoes what was done since the outermost of these savepoints, as far as they are open.
    async fn undo(&mut self, dropped: &[u32]) -> Result<(), DbError> {
        let position = dropped.iter().filter_map(|one| self.position(*one)).min();
        let Some(position) = position else {
            return Ok(());
        };
        self.is_aborted = true;
        let savepoint = self.savepoints[position];
        let undo = vec![
            format!("ROLLBACK TO SAVEPOINT s{savepoint}"),
            format!("RELEASE SAVEPOINT s{savepoint}"),
        ];
        self.control(undo).await?;
        self.savepoints.truncate(position);
        self.is_aborted = false;
        Ok(())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.savepoint > 0 && !self.is_over {
            self.dropped().push(self.savepoint);
        }
    }
}
