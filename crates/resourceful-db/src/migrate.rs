//! SeaORM's migrations, once among processes.
//!
//! SeaORM runs them on its own type of connection. Its proxy leads here, to one connection, so that its
//! transactions are that connection's. The proxy's `begin` and `commit` cannot fail, so their errors are kept
//! until the end.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;
use sea_orm::{
    Database, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Mutex;

use crate::changed::Changed;
use crate::db::{Db, Driver};
use crate::error::{DbError, DbErrorKind};
use crate::lexer::Backslash;
use crate::postgres::Dedicated;
use crate::proxy_row;
use crate::row::{FromRow, Single};
use crate::sqlite::{self, Connection, Sqlite};
use crate::statement::{Query, refuse_transaction_control_as};

/// The number of the advisory lock on PostgreSQL.
const LOCK: i64 = 0x7265_736f_7572_6365;

pub(crate) async fn up<M: MigratorTrait>(db: &Db) -> Result<(), DbError> {
    check_names::<M>()?;
    let session = Arc::new(Session::open(db).await?);
    let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Arc::clone(&session)));
    let connection = Database::connect_proxy(db.backend(), Arc::new(proxy)).await?;
    let result = M::up(&connection, None).await;
    drop(connection);
    session.close(result.map_err(DbError::from)).await
}

/// Of two migrations with one name, the second would never run.
fn check_names<M: MigratorTrait>() -> Result<(), DbError> {
    let mut names = HashSet::new();
    for migration in M::migrations() {
        let name = migration.name().to_owned();
        if !names.insert(name.clone()) {
            return Err(DbError::other(format!(
                "two migrations have the name `{name}`; `DeriveMigrationName` names a migration after its file"
            )));
        }
    }
    Ok(())
}

/// The connection of the migrations.
#[derive(Debug)]
struct Session {
    db: Db,
    connection: SessionConnection,
    scope: Scope,
    /// The server's reading of a backslash in a string.
    backslash: Backslash,
    progress: std::sync::Mutex<Progress>,
}

/// The extent of transactions.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    /// Each migration is a transaction or not, as it says itself.
    Each,
    /// All of them are one transaction, which keeps other processes out. Theirs are savepoints.
    All,
}

#[derive(Debug)]
enum SessionConnection {
    Postgres(Dedicated),
    Sqlite(Mutex<sqlite::Transaction>),
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
        let (connection, scope, backslash) = match db.driver() {
            Driver::Postgres(postgres) => {
                let connection = postgres.dedicated().await?;
                let (lock, scope) = if postgres.prepared {
                    let lock = format!(
                        "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
                         SELECT pg_advisory_lock({LOCK})"
                    );
                    (lock, Scope::Each)
                } else {
                    // A pooler gives each transaction another connection, which must not keep the lock.
                    let lock = format!(
                        "BEGIN; SET LOCAL statement_timeout = 0; \
                         SET LOCAL idle_in_transaction_session_timeout = 0; \
                         SELECT pg_advisory_xact_lock({LOCK})"
                    );
                    (lock, Scope::All)
                };
                connection.execute_batch(&lock).await?;
                let backslash = backslash(&connection).await?;
                (SessionConnection::Postgres(connection), scope, backslash)
            }
            Driver::Sqlite(sqlite) => {
                let transaction = Mutex::new(exclusive(sqlite).await?);
                let connection = SessionConnection::Sqlite(transaction);
                (connection, Scope::All, Backslash::Literal)
            }
        };
        Ok(Self {
            db: db.clone(),
            connection,
            scope,
            backslash,
            progress: std::sync::Mutex::default(),
        })
    }

    /// Commits if all went well. The lock ends with the session.
    async fn close(&self, result: Result<(), DbError>) -> Result<(), DbError> {
        result?;
        self.settle().await?;
        let failed = self.progress().failed.take();
        failed.map_or(Ok(()), Err)?;
        match &self.connection {
            SessionConnection::Postgres(connection) if self.scope == Scope::Each => {
                check_ended(connection).await
            }
            SessionConnection::Postgres(connection) => {
                connection.execute_batch("COMMIT").await.map(drop)
            }
            SessionConnection::Sqlite(transaction) => {
                let commit = |connection: &Connection| {
                    check_foreign_keys(connection)?;
                    connection.control("COMMIT")
                };
                transaction.lock().await.run(commit).await
            }
        }
    }

    /// A transaction that this session has begun is not a statement's to end. Outside of one, a migration may begin
    /// its own.
    fn refuse_control(&self, sql: &str) -> Result<(), DbError> {
        if self.scope == Scope::Each && self.progress().depth == 0 {
            return Ok(());
        }
        refuse_transaction_control_as(sql, self.db.backend(), self.backslash)
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbError> {
        self.settle().await?;
        self.refuse_control(&statement.sql)?;
        let query: Query = statement.into();
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let rows = connection.query(&query).await?;
                if let Some(lookup) = self.db.entities().lookup(&rows) {
                    self.db.learn(&connection.query(&lookup).await?)?;
                }
                let entities = self.db.entities();
                rows.iter()
                    .map(|row| proxy_row::postgres(row, &entities))
                    .collect()
            }
            SessionConnection::Sqlite(transaction) => {
                let entities = self.db.entities();
                let read =
                    move |connection: &Connection| proxy_row::sqlite(connection, &query, &entities);
                transaction.lock().await.run(read).await
            }
        }
    }

    async fn execute(&self, statement: Statement) -> Result<Changed, DbError> {
        self.settle().await?;
        self.refuse_control(&statement.sql)?;
        // Without values, such as a file of several statements, there is nothing to prepare.
        if statement.values.is_none() {
            return self.execute_batch(&statement.sql).await;
        }
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let rows = connection.execute(&statement.into()).await?;
                Ok(Changed::rows(rows))
            }
            SessionConnection::Sqlite(transaction) => {
                let query: Query = statement.into();
                let execute = move |connection: &Connection| connection.execute(&query);
                transaction.lock().await.run(execute).await
            }
        }
    }

    async fn execute_batch(&self, sql: &str) -> Result<Changed, DbError> {
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let rows = connection.execute_batch(sql).await?;
                Ok(Changed::rows(rows))
            }
            SessionConnection::Sqlite(transaction) => {
                let sql = sql.to_owned();
                let execute = move |connection: &Connection| connection.execute_batch(&sql);
                transaction.lock().await.run(execute).await
            }
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
        let begin = match (self.scope, depth) {
            (Scope::Each, 1) => "BEGIN".to_owned(),
            (_, depth) => format!("SAVEPOINT m{depth}"),
        };
        self.control(vec![begin]).await
    }

    async fn end(&self, keep: bool) -> Result<(), DbError> {
        let depth = {
            let mut progress = self.progress();
            let depth = progress.depth;
            progress.depth = depth.saturating_sub(1);
            depth
        };
        let end = match (self.scope, depth, keep) {
            (Scope::Each, 1, true) => vec!["COMMIT".to_owned()],
            (Scope::Each, 1, false) => vec!["ROLLBACK".to_owned()],
            (_, depth, true) => vec![format!("RELEASE SAVEPOINT m{depth}")],
            (_, depth, false) => vec![
                format!("ROLLBACK TO SAVEPOINT m{depth}"),
                format!("RELEASE SAVEPOINT m{depth}"),
            ],
        };
        self.control(end).await
    }

    /// Begins or ends transactions and savepoints.
    async fn control(&self, statements: Vec<String>) -> Result<(), DbError> {
        match &self.connection {
            SessionConnection::Postgres(connection) => {
                let sql = statements.join("; ");
                connection.execute_batch(&sql).await.map(drop)
            }
            SessionConnection::Sqlite(transaction) => {
                let control = move |connection: &Connection| {
                    statements
                        .iter()
                        .try_for_each(|sql| connection.control(sql))
                };
                transaction.lock().await.run(control).await
            }
        }
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

/// The transaction, as soon as no other process has one.
async fn exclusive(sqlite: &Sqlite) -> Result<sqlite::Transaction, DbError> {
    let mut attempts = 20; // of the time that a statement waits for the writer
    loop {
        let mut transaction = sqlite.begin_migration()?;
        attempts -= 1;
        match transaction.run(|_| Ok(())).await {
            Err(error) if error.kind() == DbErrorKind::Unavailable && attempts > 0 => {}
            result => return result.map(|()| transaction),
        }
    }
}

/// The setting of this session.
async fn backslash(connection: &Dedicated) -> Result<Backslash, DbError> {
    let show = Query::text(DbBackend::Postgres, "SHOW standard_conforming_strings");
    let rows = connection.query(&show).await?;
    let is_standard = rows.iter().any(|row| row.get::<_, &str>(0) == "on");
    Ok(if is_standard {
        Backslash::Literal
    } else {
        Backslash::Escape
    })
}

/// A transaction that a migration has begun itself, and not ended, would be rolled back with the session.
async fn check_ended(connection: &Dedicated) -> Result<(), DbError> {
    // Alone, the statement is a transaction, which begins with it.
    let alone = "SELECT 1 WHERE now() = statement_timestamp()";
    if connection.execute_batch(alone).await? == 1 {
        return Ok(());
    }
    Err(DbError::other(
        "a migration has begun a transaction and not ended it, so nothing of it is stored",
    ))
}

fn check_foreign_keys(connection: &Connection) -> Result<(), DbError> {
    let check = Query::text(
        DbBackend::Sqlite,
        "SELECT \"table\" FROM pragma_foreign_key_check",
    );
    let broken = connection.query(&check, Single::<String>::from_row)?;
    if let Some(Single(table)) = broken.first() {
        let text = format!("the migrations leave rows without the row they refer to: in `{table}`");
        return Err(DbError::new(DbErrorKind::ForeignKey, text));
    }
    Ok(())
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
