//! PostgreSQL by hand: tokio-postgres in deadpool's pool, with prepared statements.

use deadpool_postgres::{Config, Object, Pool, PoolConfig, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};

use crate::post::{Cursor, Draft, Post, PostChanges, PostRow};
use crate::service::{Result, Service};

const LIST: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published \
                    ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2";
const COUNT: &str = "SELECT count(*) FROM blog_post WHERE published";
const FIRST: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published \
                     ORDER BY created_at DESC, id DESC LIMIT $1";
const AFTER: &str = "SELECT id, title, slug, created_at FROM blog_post \
                     WHERE published AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $1";
const ITEM: &str = "SELECT id, title, slug, content, published, views, author_id, version, created_at \
                    FROM blog_post WHERE id = $1 AND published";
const TAKEN: &str = "SELECT id FROM blog_post WHERE slug = $1";
const CREATE: &str = "INSERT INTO blog_post (title, slug, content, published, views, version, created_at) \
                      VALUES ($1, $2, $3, $4, 0, 1, $5) \
                      RETURNING id, title, slug, content, published, views, author_id, version, created_at";
const UPDATE: &str = "UPDATE blog_post SET title = $1, version = version + 1 \
                      WHERE id = $2 AND published AND version = $3 \
                      RETURNING id, title, slug, content, published, views, author_id, version, created_at";

#[derive(Debug)]
pub struct Postgres(Pool);

impl Postgres {
    /// # Errors
    /// If the URL is invalid.
    pub fn open(url: &str) -> Result<Self> {
        let config = Config {
            url: Some(url.to_owned()),
            pool: Some(PoolConfig::new(20)),
            ..Config::default()
        };
        Ok(Self(config.create_pool(Some(Runtime::Tokio1), NoTls)?))
    }
}

async fn rows(client: &Object, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, values).await?)
}

fn post_rows(rows: &[Row]) -> Result<Vec<PostRow>> {
    let read = |row: &Row| {
        Ok(PostRow {
            id: row.try_get(0)?,
            title: row.try_get(1)?,
            slug: row.try_get(2)?,
            created_at: row.try_get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

fn post(rows: &[Row]) -> Result<Option<Post>> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Post {
        id: row.try_get(0)?,
        title: row.try_get(1)?,
        slug: row.try_get(2)?,
        content: row.try_get(3)?,
        published: row.try_get(4)?,
        views: row.try_get(5)?,
        author_id: row.try_get(6)?,
        version: row.try_get(7)?,
        created_at: row.try_get(8)?,
    }))
}

async fn insert(client: &Object, draft: &Draft) -> Result<Post> {
    let Draft {
        title,
        slug,
        content,
        published,
        created_at,
    } = draft;
    let rows = rows(
        client,
        CREATE,
        &[title, slug, content, published, created_at],
    )
    .await?;
    Ok(post(&rows)?.ok_or("no row was inserted")?)
}

impl Service for Postgres {
    async fn list(&self, limit: i64, offset: i64) -> Result<(Vec<PostRow>, i64)> {
        let client = self.0.get().await?;
        let values: [&(dyn ToSql + Sync); 2] = [&limit, &offset];
        // Both are sent before the first reply is here.
        let (posts, count) =
            tokio::try_join!(rows(&client, LIST, &values), rows(&client, COUNT, &[]))?;
        Ok((
            post_rows(&posts)?,
            count.first().ok_or("no count")?.try_get(0)?,
        ))
    }

    async fn feed(&self, limit: i64, after: Option<Cursor>) -> Result<Vec<PostRow>> {
        let client = self.0.get().await?;
        let rows = match after {
            None => rows(&client, FIRST, &[&limit]).await?,
            Some(Cursor { created_at, id }) => {
                rows(&client, AFTER, &[&limit, &created_at, &id]).await?
            }
        };
        post_rows(&rows)
    }

    async fn item(&self, id: i64) -> Result<Option<Post>> {
        let client = self.0.get().await?;
        post(&rows(&client, ITEM, &[&id]).await?)
    }

    async fn create(&self, draft: Draft) -> Result<Post> {
        insert(&self.0.get().await?, &draft).await
    }

    async fn create_checked(&self, draft: Draft) -> Result<Option<Post>> {
        let client = self.0.get().await?;
        let taken = client.prepare_cached(TAKEN).await?;
        let slug: [&(dyn ToSql + Sync); 1] = [&draft.slug];
        let (_, taken) =
            tokio::try_join!(client.batch_execute("BEGIN"), client.query(&taken, &slug))?;
        let result = match taken.first() {
            Some(_) => Ok(None),
            None => insert(&client, &draft).await.map(Some),
        };
        let end = if matches!(result, Ok(Some(_))) {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        client.batch_execute(end).await?;
        result
    }

    async fn update(&self, id: i64, changes: PostChanges) -> Result<Option<Post>> {
        let client = self.0.get().await?;
        let PostChanges { title, version } = changes;
        post(&rows(&client, UPDATE, &[&title, &id, &version]).await?)
    }
}
