//! axum with diesel-async, on PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use resourceful_database_benches::with_axum::serve;
use resourceful_database_benches::{
    Cursor, Draft, Post, PostChanges, PostRow, Result, Service, database_url,
};

diesel::table! {
    blog_post (id) {
        id -> BigInt,
        title -> Text,
        slug -> Text,
        content -> Text,
        published -> Bool,
        views -> BigInt,
        author_id -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> Timestamptz,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = blog_post, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: i64,
    title: String,
    slug: String,
    created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = blog_post, check_for_backend(diesel::pg::Pg))]
struct FullRow {
    id: i64,
    title: String,
    slug: String,
    content: String,
    published: bool,
    views: i64,
    author_id: Option<i64>,
    version: i64,
    created_at: DateTime<Utc>,
}

impl From<Row> for PostRow {
    fn from(
        Row {
            id,
            title,
            slug,
            created_at,
        }: Row,
    ) -> Self {
        Self {
            id,
            title,
            slug,
            created_at,
        }
    }
}

fn post(row: FullRow) -> Post {
    let FullRow {
        id,
        title,
        slug,
        content,
        published,
        views,
        author_id,
        version,
        created_at,
    } = row;
    Post {
        id,
        title,
        slug,
        content,
        published,
        views,
        author_id,
        version,
        created_at,
    }
}

struct Diesel(Pool<AsyncPgConnection>);

async fn insert(connection: &mut AsyncPgConnection, draft: &Draft) -> QueryResult<Post> {
    use blog_post::dsl;
    let row = diesel::insert_into(dsl::blog_post)
        .values((
            dsl::title.eq(&draft.title),
            dsl::slug.eq(&draft.slug),
            dsl::content.eq(&draft.content),
            dsl::published.eq(draft.published),
            dsl::views.eq(0),
            dsl::version.eq(1),
            dsl::created_at.eq(draft.created_at),
        ))
        .returning(FullRow::as_returning())
        .get_result(connection)
        .await?;
    Ok(post(row))
}

impl Service for Diesel {
    async fn list(&self, limit: i64, offset: i64) -> Result<(Vec<PostRow>, i64)> {
        use blog_post::dsl;
        let mut connection = self.0.get().await?;
        let published = || dsl::blog_post.filter(dsl::published);
        let rows: Vec<Row> = published()
            .order((dsl::created_at.desc(), dsl::id.desc()))
            .limit(limit)
            .offset(offset)
            .select(Row::as_select())
            .load(&mut connection)
            .await?;
        let total = published().count().get_result(&mut connection).await?;
        Ok((rows.into_iter().map(PostRow::from).collect(), total))
    }

    async fn feed(&self, limit: i64, after: Option<Cursor>) -> Result<Vec<PostRow>> {
        use blog_post::dsl;
        let mut connection = self.0.get().await?;
        let page = dsl::blog_post
            .filter(dsl::published)
            .order((dsl::created_at.desc(), dsl::id.desc()))
            .limit(limit)
            .select(Row::as_select());
        // diesel has no comparison of tuples.
        let rows: Vec<Row> = match after {
            None => page.load(&mut connection).await?,
            Some(Cursor { created_at, id }) => {
                let before = dsl::created_at
                    .le(created_at)
                    .and(dsl::created_at.lt(created_at).or(dsl::id.lt(id)));
                page.filter(before).load(&mut connection).await?
            }
        };
        Ok(rows.into_iter().map(PostRow::from).collect())
    }

    async fn item(&self, id: i64) -> Result<Option<Post>> {
        use blog_post::dsl;
        let mut connection = self.0.get().await?;
        let row = dsl::blog_post
            .filter(dsl::id.eq(id).and(dsl::published))
            .select(FullRow::as_select())
            .first(&mut connection)
            .await
            .optional()?;
        Ok(row.map(post))
    }

    async fn create(&self, draft: Draft) -> Result<Post> {
        let mut connection = self.0.get().await?;
        Ok(insert(&mut connection, &draft).await?)
    }

    async fn create_checked(&self, draft: Draft) -> Result<Option<Post>> {
        use blog_post::dsl;
        let mut connection = self.0.get().await?;
        let created = connection
            .transaction(async |connection| {
                let same = dsl::blog_post.filter(dsl::slug.eq(&draft.slug));
                let taken = diesel::select(diesel::dsl::exists(same));
                if taken.get_result(connection).await? {
                    return Ok(None);
                }
                insert(connection, &draft).await.map(Some)
            })
            .await;
        Ok(created.map_err(|error: diesel::result::Error| error)?)
    }

    async fn update(&self, id: i64, changes: PostChanges) -> Result<Option<Post>> {
        use blog_post::dsl;
        let mut connection = self.0.get().await?;
        let PostChanges { title, version } = changes;
        let row = dsl::id
            .eq(id)
            .and(dsl::published)
            .and(dsl::version.eq(version));
        let row = diesel::update(dsl::blog_post.filter(row))
            .set((dsl::title.eq(title), dsl::version.eq(dsl::version + 1)))
            .returning(FullRow::as_returning())
            .get_result(&mut connection)
            .await
            .optional()?;
        Ok(row.map(post))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(database_url());
    serve(Diesel(Pool::builder(manager).max_size(20).build()?)).await
}
