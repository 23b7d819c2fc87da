//! SeaORM's migrations, once among processes.
//!
//! SeaORM runs them on its own type of connection. Its proxy leads here, to one connection, so that its
//! transactions are that connection's. The proxy's `begin` and `commit` cannot fail, so their errors are kept
//! until the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use sea_orm::{Database, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement};
use sea_orm_migration::MigratorTrait;

use crate::changed::Changed;
use crate::db::{Db, Driver};
use crate::error::{DbError, DbErrorKind};
use crate::postgres::Dedicated;
use crate::proxy_row;
use crate::sqlite::Sqlite;
use crate::statement::Query;
use crate::tx::Tx;

/// The number of the advisory lock on PostgreSQL.
const LOCK: i64 = 0x7265_736f_7572_6365;

pub(crate) async fn up<M: MigratorTrait>(db: &Db) -> Result<(), DbError> {
    let session = Arc::new(Session::open(db).await?);
    let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Arc::clone(&session)));
    let connection = Database::connect_proxy(db.backend(), Arc::new(proxy)).await?;
    let result = M::up(&connection, None).await;
    drop(connection);
    session.close(result.map_err(DbError::from)).await
}

/// The connection of the migrations.
#[derive(Debug)]
struct Session {
    db: Db,
    connection: SessionConnection,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
enum SessionConnection {
    /// Each migration is a transaction or not, as it says itself.
    Postgres(Dedicated),
    /// All of them are one transaction, which keeps other processes out. Theirs are savepoints.
    Sqlite(Tx),
}

#[derive(Debug, Default)]
struct Progress {
    /// Open transactions of the migrations.
    depth: u32,
    /// Transactions that were dropped, and are undone before the next statement.
    dropped: u32,
    failed: Option<DbError>,
}

impl Session {
    async fn open(db: &Db) -> Result<Self, DbError> {
        let connection = match db.driver() {
            Driver::Postgres(postgres) => {
                let connection = postgres.dedicated().await?;
                let lock = format!(
                    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
                     SELECT pg_advisory_lock({LOCK})"
                );
                connection.execute_batch(&lock).await?;
                SessionConnection::Postgres(connection)
            }
            Driver::Sqlite(sqlite) => {
                db.execute_batch("PRAGMA foreign_keys = OFF").await?;
                SessionConnection::Sqlite(exclusive(db, sqlite).await?)
            }
        };
        Ok(Self {
            db: db.clone(),
            connection,
            progress: Mutex::default(),
        })
    }

    /// Commits if all went well, and gives up the lock.
    async fn close(self: Arc<Self>, result: Result<(), DbError>) -> Result<(), DbError> {
        let failed = self.progress().failed.take();
        let result = result.and(failed.map_or(Ok(()), Err));
        // Without SeaORM's connection, which was dropped, nobody else has it.
        let session =
            Arc::try_unwrap(self).map_err(|_| DbError::other("the migrations still run"))?;
        match session.connection {
            SessionConnection::Postgres(connection) => {
                connection.close();
                result
            }
            SessionConnection::Sqlite(tx) => {
                let ended = match result {
                    Ok(()) => commit_checked(tx).await,
                    Err(error) => tx.rollback().await.and(Err(error)),
                };
                session.db.execute_batch("PRAGMA foreign_keys = ON").await?;
                ended
            }
        }
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbError> {
        self.settle().await?;
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let rows = connection.query(&statement.into()).await?;
                let entities = self.db.entities();
                rows.iter()
                    .map(|row| proxy_row::postgres(row, &entities))
                    .collect()
            }
            SessionConnection::Sqlite(tx) => tx.rows(statement.into()).await,
        }
    }

    async fn execute(&self, statement: Statement) -> Result<Changed, DbError> {
        self.settle().await?;
        // Without values, such as a file of several statements, there is nothing to prepare.
        if statement.values.is_none() {
            return self.execute_batch(&statement.sql).await;
        }
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let rows = connection.execute(&statement.into()).await?;
                Ok(Changed { rows, last_id: 0 })
            }
            SessionConnection::Sqlite(tx) => tx.execute(statement.into()).await,
        }
    }

    async fn execute_batch(&self, sql: &str) -> Result<Changed, DbError> {
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let rows = connection.execute_batch(sql).await?;
                Ok(Changed { rows, last_id: 0 })
            }
            SessionConnection::Sqlite(tx) => tx.execute_batch(sql).await,
        }
    }

    /// Undoes transactions that were dropped.
    async fn settle(&self) -> Result<(), DbError> {
        while self.progress().dropped > 0 {
            self.progress().dropped -= 1;
            self.end(false).await?;
        }
        Ok(())
    }

    async fn begin(&self) -> Result<(), DbError> {
        self.settle().await?;
        let depth = {
            let mut progress = self.progress();
            progress.depth += 1;
            progress.depth
        };
        let begin = match (&self.connection, depth) {
            (SessionConnection::Postgres(_), 1) => "BEGIN".to_owned(),
            (_, depth) => format!("SAVEPOINT m{depth}"),
        };
        self.execute_batch(&begin).await.map(drop)
    }

    async fn end(&self, keep: bool) -> Result<(), DbError> {
        let depth = {
            let mut progress = self.progress();
            let depth = progress.depth;
            progress.depth = depth.saturating_sub(1);
            depth
        };
        let end = match (&self.connection, depth, keep) {
            (SessionConnection::Postgres(_), 1, true) => "COMMIT".to_owned(),
            (SessionConnection::Postgres(_), 1, false) => "ROLLBACK".to_owned(),
            (_, depth, true) => format!("RELEASE SAVEPOINT m{depth}"),
            (_, depth, false) => {
                format!("ROLLBACK TO SAVEPOINT m{depth}; RELEASE SAVEPOINT m{depth}")
            }
        };
        self.execute_batch(&end).await.map(drop)
    }

    fn keep_error(&self, result: Result<(), DbError>) {
        if let Err(error) = result {
            self.progress().failed.get_or_insert(error);
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction without a time limit, as soon as no other process has one.
async fn exclusive(db: &Db, sqlite: &Sqlite) -> Result<Tx, DbError> {
    let mut attempts = 12; // of five seconds each
    loop {
        let tx = Tx::begin_unlimited(db, sqlite)?;
        attempts -= 1;
        match tx.execute_batch("SELECT 1").await {
            Err(error) if error.kind() == DbErrorKind::Unavailable && attempts > 0 => {}
            result => return result.map(|_| tx),
        }
    }
}

async fn commit_checked(tx: Tx) -> Result<(), DbError> {
    let broken = tx.rows(Query::text("PRAGMA foreign_key_check")).await?;
    if let Some(broken) = broken.first() {
        let table = broken.values.get("table");
        let text = format!("the migrations leave rows without the row they refer to: {table:?}");
        return Err(DbError::new(DbErrorKind::ForeignKey, text));
    }
    tx.commit().await
}

/// The session as SeaORM sees it.
#[derive(Debug)]
struct Proxy(Arc<Session>);

#[async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        Ok(self.0.rows(statement).await?)
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        let changed = self.0.execute(statement).await?;
        Ok(ProxyExecResult::new(changed.last_id, changed.rows))
    }

    async fn begin(&self) {
        let result = self.0.begin().await;
        self.0.keep_error(result);
    }

    async fn commit(&self) {
        let result = self.0.end(true).await;
        self.0.keep_error(result);
    }

    async fn rollback(&self) {
        let result = self.0.end(false).await;
        self.0.keep_error(result);
    }

    fn start_rollback(&self) {
        self.0.progress().dropped += 1;
    }
}
