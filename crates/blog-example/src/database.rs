//! Opening the database: SQLite in a file, or PostgreSQL by its URL.

use std::time::Duration;

use resourceful::prelude::*;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::time::sleep;

use crate::migration::Migrator;
use crate::new_post::NewPost;

/// Where the posts are when nothing else is said.
pub const DEFAULT_URL: &str = "sqlite://blog.sqlite3";

/// Connects to `url` and brings its tables up to date.
///
/// # Errors
/// When the database cannot be reached or is not ours to change.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    // A database in memory is its connection's own.
    let connections = if url.contains(":memory:") { 1 } else { 20 };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                // Readers do not wait for the writer, nor it for them.
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
        });
    let database = Database::connect(options).await?;
    migrate(&database).await?;
    Ok(database)
}

/// Brings the tables up to date. Another process may be doing so at this moment: what it has
/// done by the next try is not done again.
async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    for attempt in 1..5 {
        match Migrator::up(database, None).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                tracing::warn!(%error, attempt, "the tables could not be brought up to date");
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
pub async fn add_demo_posts_once(database: &DatabaseConnection) -> Result<(), DbErr> {
    // Immediate: who reads first and writes then may find that another has written between,
    // which SQLite refuses at once instead of waiting.
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = database.begin_with_options(immediate).await?;
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
