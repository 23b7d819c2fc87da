//! Opening the database: SQLite in a file, or PostgreSQL by its URL.

use resourceful_db::{Db, DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::entity::{account, post};
use crate::migration::Migrator;
use crate::new_post::NewPost;

/// Database that is used if `DATABASE_URL` is not set.
pub const DEFAULT_URL: &str = "sqlite://blog.sqlite3";

/// Connects to `url` and runs the migrations.
///
/// # Errors
/// If the database is unreachable or does not allow the migrations.
pub async fn connect(url: &str) -> Result<Db, DbError> {
    // No model resource has accounts, and posts are written before the application is built.
    let database = Db::options()
        .entity(account::Entity)
        .entity(post::Entity)
        .connect(url)
        .await?;
    database.migrate::<Migrator>().await?;
    Ok(database)
}

/// Adds three posts, so that a new blog is not empty. Runs once per SQLite file: `user_version` in the
/// file marks that the posts were added.
///
/// # Errors
/// If writing fails.
pub async fn add_demo_posts_once(database: &Db) -> Result<(), DbError> {
    let transaction = begin_writing(database).await?;
    let mark = transaction.query_one_raw(Statement::from_string(
        DbBackend::Sqlite,
        "PRAGMA user_version",
    ));
    let mark = mark
        .await?
        .map(|row| row.try_get_by_index::<i64>(0))
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
pub async fn begin_writing(database: &Db) -> Result<Tx, DbError> {
    let transaction = database.begin().await?;
    if database.backend() == DbBackend::Postgres {
        // Holds until the end of the transaction. Only this blog uses this number.
        let lock = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(20240115)";
        transaction.execute_unprepared(lock).await?;
    }
    Ok(transaction)
}
