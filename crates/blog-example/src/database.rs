//! Opening the database: SQLite in a file, or PostgreSQL by its URL.

use std::time::Duration;

use chrono::{SubsecRound, TimeDelta, Utc};
use resourceful::prelude::*;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait, Database, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, EntityTrait, Statement, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::time::sleep;

use crate::entity::post;
use crate::migration::Migrator;

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
    let transaction = database.begin().await?;
    let mark = transaction.query_one_raw(Statement::from_string(
        DbBackend::Sqlite,
        "PRAGMA user_version",
    ));
    let mark = mark
        .await?
        .map(|row| row.try_get_by_index::<i32>(0))
        .transpose()?;
    if mark == Some(0) {
        add_demo_posts(&transaction).await?;
        transaction
            .execute_unprepared("PRAGMA user_version = 1")
            .await?;
    }
    transaction.commit().await
}

async fn add_demo_posts(database: &DatabaseTransaction) -> Result<(), DbErr> {
    let now = Utc::now().trunc_subsecs(6);
    let titles = [
        "Hello, world",
        "One impl block is an API",
        "Errors that help",
    ];
    let posts = titles
        .into_iter()
        .zip(0..)
        .map(|(title, minutes)| post::ActiveModel {
            title: Set(title.to_owned()),
            slug: Set(crate::slug::slugify(title)),
            content: Set(format!("{title}: a post that came with the blog.")),
            published: Set(true),
            views: Set(0),
            created_at: Set(now + TimeDelta::minutes(minutes - 2)),
            ..Default::default()
        });
    post::Entity::insert_many(posts).exec(database).await?;
    Ok(())
}
