//! Opening the database: SQLite in a file, or PostgreSQL by its URL.

use std::time::Duration;

use chrono::{SubsecRound, TimeDelta, Utc};
use resourceful::prelude::*;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ActiveValue::Set, ConnectOptions, Database, DatabaseConnection, DbErr, EntityTrait};
use sea_orm_migration::MigratorTrait;

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
    Migrator::up(&database, None).await?;
    Ok(database)
}

/// Three posts, so that the first request of a new blog shows something.
///
/// # Errors
/// When they cannot be written.
pub async fn add_demo_posts(database: &DatabaseConnection) -> Result<(), DbErr> {
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
