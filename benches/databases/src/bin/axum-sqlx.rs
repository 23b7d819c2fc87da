//! axum with sqlx.

use resourceful_database_benches::with_axum::serve;
use resourceful_database_benches::{
    Cursor, Draft, Post, PostChanges, PostRow, Result, Service, database_url,
};
use sqlx::Row;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

const LIST: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published = TRUE \
                    ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2";
const COUNT: &str = "SELECT count(*) FROM blog_post WHERE published = TRUE";
const FIRST: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published = TRUE \
                     ORDER BY created_at DESC, id DESC LIMIT $1";
const AFTER: &str = "SELECT id, title, slug, created_at FROM blog_post \
                     WHERE published = TRUE AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $1";
const ITEM: &str = "SELECT id, title, slug, content, published, views, author_id, version, created_at \
                    FROM blog_post WHERE id = $1 AND published = TRUE";
const TAKEN: &str = "SELECT id FROM blog_post WHERE slug = $1";
const CREATE: &str = "INSERT INTO blog_post (title, slug, content, published, views, version, created_at) \
                      VALUES ($1, $2, $3, $4, 0, 1, $5) \
                      RETURNING id, title, slug, content, published, views, author_id, version, created_at";
const UPDATE: &str = "UPDATE blog_post SET title = $1, version = version + 1 \
                      WHERE id = $2 AND published = TRUE AND version = $3 \
                      RETURNING id, title, slug, content, published, views, author_id, version, created_at";

/// The pools of two databases are two types, with the same methods.
macro_rules! service {
    ($service:ident, $pool:ty, $row:ty, $literals:expr) => {
        struct $service($pool);

        impl $service {
            fn post_row(row: &$row) -> Result<PostRow, sqlx::Error> {
                Ok(PostRow {
                    id: row.try_get(0)?,
                    title: row.try_get(1)?,
                    slug: row.try_get(2)?,
                    created_at: row.try_get(3)?,
                })
            }

            fn post(row: &$row) -> Result<Post, sqlx::Error> {
                Ok(Post {
                    id: row.try_get(0)?,
                    title: row.try_get(1)?,
                    slug: row.try_get(2)?,
                    content: row.try_get(3)?,
                    published: row.try_get(4)?,
                    views: row.try_get(5)?,
                    author_id: row.try_get(6)?,
                    version: row.try_get(7)?,
                    created_at: row.try_get(8)?,
                })
            }
        }

        impl Service for $service {
            async fn list(&self, limit: i64, offset: i64) -> Result<(Vec<PostRow>, i64)> {
                let rows = sqlx::query(LIST)
                    .bind(limit)
                    .bind(offset)
                    .fetch_all(&self.0)
                    .await?;
                let total = sqlx::query(COUNT).fetch_one(&self.0).await?.try_get(0)?;
                Ok((
                    rows.iter().map(Self::post_row).collect::<Result<_, _>>()?,
                    total,
                ))
            }

            async fn feed(&self, limit: i64, after: Option<Cursor>) -> Result<Vec<PostRow>> {
                let rows = match after {
                    None => sqlx::query(FIRST).bind(limit).fetch_all(&self.0).await?,
                    Some(Cursor { created_at, id }) => {
                        let query = sqlx::query(AFTER).bind(limit).bind(created_at).bind(id);
                        query.fetch_all(&self.0).await?
                    }
                };
                Ok(rows.iter().map(Self::post_row).collect::<Result<_, _>>()?)
            }

            async fn item(&self, id: i64) -> Result<Option<Post>> {
                let row = sqlx::query(ITEM).bind(id).fetch_optional(&self.0).await?;
                Ok(row.as_ref().map(Self::post).transpose()?)
            }

            async fn create(&self, draft: Draft) -> Result<Post> {
                let Draft {
                    title,
                    slug,
                    content,
                    published,
                    created_at,
                } = draft;
                let query = sqlx::query(CREATE).bind(title).bind(slug).bind(content);
                let row = query
                    .bind(published)
                    .bind(created_at)
                    .fetch_one(&self.0)
                    .await?;
                Ok(Self::post(&row)?)
            }

            async fn create_checked(&self, draft: Draft) -> Result<Option<Post>> {
                let mut tx = self.0.begin_with($literals).await?;
                let taken = sqlx::query(TAKEN)
                    .bind(&draft.slug)
                    .fetch_optional(&mut *tx)
                    .await?;
                if taken.is_some() {
                    return Ok(None);
                }
                let Draft {
                    title,
                    slug,
                    content,
                    published,
                    created_at,
                } = draft;
                let query = sqlx::query(CREATE).bind(title).bind(slug).bind(content);
                let row = query
                    .bind(published)
                    .bind(created_at)
                    .fetch_one(&mut *tx)
                    .await?;
                tx.commit().await?;
                Ok(Some(Self::post(&row)?))
            }

            async fn update(&self, id: i64, changes: PostChanges) -> Result<Option<Post>> {
                let PostChanges { title, version } = changes;
                let query = sqlx::query(UPDATE).bind(title).bind(id).bind(version);
                let row = query.fetch_optional(&self.0).await?;
                Ok(row.as_ref().map(Self::post).transpose()?)
            }
        }
    };
}

service!(Postgres, PgPool, sqlx::postgres::PgRow, "BEGIN");
service!(
    Sqlite,
    SqlitePool,
    sqlx::sqlite::SqliteRow,
    "BEGIN IMMEDIATE"
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = database_url();
    if url.starts_with("postgres") {
        let pool = PgPoolOptions::new()
            .max_connections(20)
            .connect(&url)
            .await?;
        serve(Postgres(pool)).await
    } else {
        let options: SqliteConnectOptions = url.parse()?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new()
            .max_connections(3)
            .acquire_timeout(std::time::Duration::from_secs(30));
        serve(Sqlite(pool.connect_with(options).await?)).await
    }
}
