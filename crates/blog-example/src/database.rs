//! Opening the database: SQLite in a file, or PostgreSQL by its URL.

use std::time::Duration;

use resourceful::prelude::*;
use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, RuntimeErr, SqliteTransactionMode, SqlxError, SqlxSqliteError, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::time::sleep;
use tracing::Instrument;

use crate::migration::Migrator;
use crate::new_post::NewPost;
use crate::pool::Pool;

/// Database that is used if `DATABASE_URL` is not set.
pub const DEFAULT_URL: &str = "sqlite://blog.sqlite3";

/// Connects to `url` and runs the migrations.
///
/// # Errors
/// If the database is unreachable or does not allow the migrations.
pub async fn connect(url: &str) -> Result<Pool, DbErr> {
    // An in-memory database belongs to one connection.
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let (least, most) = if in_memory { (1, 1) } else { (5, 20) };
    // With SQLite, a request waits for the writers before it. With PostgreSQL, the server may be
    // unavailable, so the request fails sooner.
    let acquire_timeout = if url.starts_with("sqlite:") {
        3000
    } else {
        1500
    };
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(least)
        .max_connections(most)
        .acquire_timeout(Duration::from_millis(acquire_timeout))
        // Does not hand out a broken connection.
        .test_before_acquire(true)
        .statement_timeout(Duration::from_mins(1))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                // Readers and the writer do not wait for each other.
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(is_outside_transactions(connection)))
        });
    if in_memory {
        // The database is lost when its connection closes.
        options.idle_timeout(None).max_lifetime(None);
    }
    let database = open(&options).await?;
    migrate(&database).await?;
    let ping_connection = match database.get_database_backend() {
        DbBackend::Postgres => {
            options
                .min_connections(0)
                .max_connections(1)
                .connect_lazy(true);
            Some(Database::connect(options).await?)
        }
        _ => None,
    };
    Ok(Pool::new(database, ping_connection))
}

/// Whether the connection may return to the pool. If not, it is closed, which ends its transaction.
///
/// On a full disk or an I/O error SQLite ends a transaction by itself
/// (<https://www.sqlite.org/lang_transaction.html>). sqlx still counts it as open, because its
/// `ROLLBACK` fails. It treats the next transaction as a part of it, and never commits that one.
async fn is_outside_transactions(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    // Runs after a queued rollback.
    connection.ping().await?;
    if connection.is_in_transaction() {
        tracing::warn!("closing a connection whose transaction did not end cleanly");
        return Ok(false);
    }
    // Fails if SQLite has a transaction that sqlx does not know.
    connection.begin().await?.rollback().await?;
    Ok(true)
}

/// Opens the database, with retries: while another process creates the file or recovers it after a
/// crash, SQLite reports a lock at once instead of waiting.
async fn open(options: &ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    for attempt in 1..8 {
        match Database::connect(options.clone()).await {
            Err(DbErr::Conn(RuntimeErr::SqlxError(error))) if is_busy(&error) => {
                tracing::warn!(
                    error = error.to_string(),
                    attempt,
                    "cannot open the database"
                );
            }
            result => return result,
        }
        sleep(Duration::from_millis(100 * attempt)).await;
    }
    Database::connect(options.clone()).await
}

/// Runs the migrations, with retries: another process may run them at the same time, and the next
/// attempt skips its completed steps.
async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    for attempt in 1..5 {
        match Migrator::up(database, None).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                tracing::warn!(
                    error = error.to_string(),
                    attempt,
                    "cannot migrate the tables"
                );
            }
        }
        sleep(Duration::from_millis(100 * attempt)).await;
    }
    Migrator::up(database, None).await
}

/// Adds three posts, so that a new blog is not empty. Runs once per SQLite file: `user_version` in the
/// file marks that the posts were added.
///
/// # Errors
/// If writing fails.
pub async fn add_demo_posts_once(database: &Pool) -> Result<(), DbErr> {
    let transaction = begin_writing(database.connections()).await?;
    let mark = transaction.query_one_raw(Statement::from_string(
        DbBackend::Sqlite,
        "PRAGMA user_version",
    ));
    let mark = mark
        .await?
        .map(|row| row.try_get_by_index::<i32>(0))
        .transpose()?;
    if mark == Some(0) {
        for title in [
            "Hello, world",
            "One impl block is an API",
            "Errors that help",
        ] {
            let content = format!("{title}: a post that came with the blog.");
            let post = NewPost {
                title: title.to_owned(),
                content,
                published: true,
            };
            post.insert(&transaction).await?;
        }
        transaction
            .execute_unprepared("PRAGMA user_version = 1")
            .await?;
    }
    transaction.commit().await
}

/// Begins a transaction that writes several posts. Only one runs at a time, across all processes: two
/// that take the same slugs in different orders would deadlock.
///
/// # Errors
/// If the database is unavailable, or another transaction runs for too long.
pub async fn begin_writing(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = begin(database).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Holds until the end of the transaction. Only this blog uses this number.
        let lock = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(20240115)";
        transaction.execute_unprepared(lock).await?;
    }
    Ok(transaction)
}

/// Begins a transaction in a spawned task. If this future is dropped, the task continues and rolls the
/// transaction back.
///
/// In sqlx 0.9, dropping `begin` itself returns its PostgreSQL connection to the pool with the
/// transaction open. Later writes on that connection are confirmed but lost
/// (<https://github.com/launchbadge/sqlx/issues/4385>).
///
/// # Errors
/// If the database is unavailable, or another transaction runs for too long.
#[expect(clippy::disallowed_methods, reason = "the task is never dropped")]
pub async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    // Immediate: if a transaction reads first, another one may write before its own first write.
    // SQLite then returns an error at once instead of waiting.
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let database = database.clone();
    let begin = async move { database.begin_with_options(immediate).await };
    let result = tokio::spawn(begin.in_current_span()).await;
    result.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))?
}

/// Whether the database is unavailable or too busy, so that a retry may work.
#[must_use]
pub fn is_unavailable(error: &DbErr) -> bool {
    let error = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            &**error
        }
        _ => return false,
    };
    match error {
        _ if is_busy(error) || cannot_write(error) => true,
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => {
            let code = error.code().unwrap_or_default();
            // Connection, temporarily read-only, transaction rollback, resources, locks and operator
            // intervention, but not the statement timeout
            // (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
            ["08", "25006", "40", "53", "55P03", "57P"]
                .iter()
                .any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

/// Whether this is SQLite's BUSY or LOCKED.
fn is_busy(error: &SqlxError) -> bool {
    matches!(sqlite_code(error), Some(5 | 6))
}

/// Whether this is SQLite's READONLY, IOERR, FULL or CANTOPEN.
fn cannot_write(error: &SqlxError) -> bool {
    matches!(sqlite_code(error), Some(8 | 10 | 13 | 14))
}

/// SQLite's primary result code, without the extended part (<https://www.sqlite.org/rescode.html>).
fn sqlite_code(error: &SqlxError) -> Option<i32> {
    let SqlxError::Database(error) = error else {
        return None;
    };
    error.try_downcast_ref::<SqlxSqliteError>()?;
    let code: i32 = error.code()?.parse().ok()?;
    Some(code & 0xff)
}
