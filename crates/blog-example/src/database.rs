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

/// Where the posts are when nothing else is said.
pub const DEFAULT_URL: &str = "sqlite://blog.sqlite3";

/// Connects to `url` and brings its tables up to date.
///
/// # Errors
/// When the database cannot be reached or is not ours to change.
pub async fn connect(url: &str) -> Result<Pool, DbErr> {
    // A database in memory is its connection's own.
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let (least, most) = if in_memory { (1, 1) } else { (5, 20) };
    // Who waits for a connection of SQLite's waits for the writers before. Who waits for one of
    // PostgreSQL's may wait for a server that is away, and is told so soon.
    let patience = if url.starts_with("sqlite:") {
        3000
    } else {
        1500
    };
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(least)
        .max_connections(most)
        .acquire_timeout(Duration::from_millis(patience))
        // A connection that does not answer any more is not handed out.
        .test_before_acquire(true)
        .statement_timeout(Duration::from_mins(1))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                // Readers do not wait for the writer, nor it for them.
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(is_outside_transactions(connection)))
        });
    if in_memory {
        // It would be gone with its connection.
        options.idle_timeout(None).max_lifetime(None);
    }
    let database = open(&options).await?;
    migrate(&database).await?;
    let spare = match database.get_database_backend() {
        DbBackend::Postgres => {
            options
                .min_connections(0)
                .max_connections(1)
                .connect_lazy(true);
            Some(Database::connect(options).await?)
        }
        _ => None,
    };
    Ok(Pool::new(database, spare))
}

/// May the connection go back to the pool? Otherwise it is closed, which ends its transaction.
///
/// On a full disk or an I/O error SQLite ends a transaction by itself
/// (<https://www.sqlite.org/lang_transaction.html>). sqlx still counts it as open, since its
/// `ROLLBACK` fails, and takes the next one for a part of it, which is never committed.
async fn is_outside_transactions(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    // Carried out after a rollback that is queued.
    connection.ping().await?;
    if connection.is_in_transaction() {
        tracing::warn!("a connection is closed: its transaction did not end cleanly");
        return Ok(false);
    }
    // Fails where SQLite has a transaction that sqlx does not know.
    connection.begin().await?.rollback().await?;
    Ok(true)
}

/// Opens it. Where another process is just making the file, or mends it after a crash, SQLite
/// says that it is locked without waiting.
async fn open(options: &ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    for attempt in 1..8 {
        match Database::connect(options.clone()).await {
            Err(DbErr::Conn(RuntimeErr::SqlxError(error))) if is_busy(&error) => {
                tracing::warn!(
                    error = error.to_string(),
                    attempt,
                    "the database could not be opened"
                );
            }
            outcome => return outcome,
        }
        sleep(Duration::from_millis(100 * attempt)).await;
    }
    Database::connect(options.clone()).await
}

/// Brings the tables up to date. Another process may be doing so at this moment: what it has
/// done by the next try is not done again.
async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    for attempt in 1..5 {
        match Migrator::up(database, None).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                tracing::warn!(
                    error = error.to_string(),
                    attempt,
                    "the tables could not be brought up to date"
                );
            }
        }
        sleep(Duration::from_millis(100 * attempt)).await;
    }
    Migrator::up(database, None).await
}

/// Three posts, so that the first request of a new blog shows something. Once in the life of
/// an SQLite file, which keeps the mark that they were written.
///
/// # Errors
/// When they cannot be written.
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

/// A transaction that will write several rows. One runs at a time, also of several processes:
/// of two that take the same slugs in different orders each would wait for the other.
///
/// # Errors
/// When the database is away, or another transaction runs for too long.
pub async fn begin_writing(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    // Immediate: who reads first and writes then may find that another has written between,
    // which SQLite refuses at once instead of waiting.
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = begin(database, immediate).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Until the end of the transaction; the number is ours alone.
        let lock = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(20240115)";
        transaction.execute_unprepared(lock).await?;
    }
    Ok(transaction)
}

/// Begins a transaction, in a task of its own: where this future is dropped, the task goes on, and
/// what it has begun is rolled back.
///
/// In sqlx 0.9 a `begin` that is dropped itself gives its connection of PostgreSQL's back with the
/// transaction open. What is then confirmed on it is lost
/// (<https://github.com/launchbadge/sqlx/issues/4385>).
#[expect(clippy::disallowed_methods, reason = "nobody drops a task")]
async fn begin(
    database: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    let database = database.clone();
    let begin = async move { database.begin_with_options(options).await };
    let outcome = tokio::spawn(begin.in_current_span()).await;
    outcome.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))?
}

/// Is the database away or too busy, so that the same may work later?
#[must_use]
pub fn is_away(error: &DbErr) -> bool {
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
            // Connection, read-only for the moment, transaction rollback, resources, locks and
            // operator intervention, but not a statement that took too long
            // (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
            ["08", "25006", "40", "53", "55P03", "57P"]
                .iter()
                .any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

/// Is it SQLite's BUSY or LOCKED?
fn is_busy(error: &SqlxError) -> bool {
    matches!(sqlite_code(error), Some(5 | 6))
}

/// Is it SQLite's READONLY, IOERR, FULL or CANTOPEN?
fn cannot_write(error: &SqlxError) -> bool {
    matches!(sqlite_code(error), Some(8 | 10 | 13 | 14))
}

/// SQLite's primary result code, without what extends it (<https://www.sqlite.org/rescode.html>).
fn sqlite_code(error: &SqlxError) -> Option<i32> {
    let SqlxError::Database(error) = error else {
        return None;
    };
    error.try_downcast_ref::<SqlxSqliteError>()?;
    let code: i32 = error.code()?.parse().ok()?;
    Some(code & 0xff)
}
