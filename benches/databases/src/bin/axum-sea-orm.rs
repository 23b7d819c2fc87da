//! axum with SeaORM, over sqlx.

use resourceful_database_benches::with_axum::serve;
use resourceful_database_benches::{
    Cursor, Draft, Post, PostChanges, PostRow, Result, Service, database_url,
};
use sea_orm::ActiveValue::Set;
use sea_orm::SelectExt;
use sea_orm::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ConnectOptions, Database, DbBackend, QueryOrder, QuerySelect, Select, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

mod post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "blog_post")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        #[sea_orm(unique)]
        pub slug: String,
        pub content: String,
        pub published: bool,
        pub views: i64,
        pub author_id: Option<i64>,
        pub version: i64,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "post::Entity")]
struct Row {
    id: i64,
    title: String,
    slug: String,
    created_at: DateTimeUtc,
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

impl From<post::Model> for Wrapped {
    fn from(model: post::Model) -> Self {
        Self(Post {
            id: model.id,
            title: model.title,
            slug: model.slug,
            content: model.content,
            published: model.published,
            views: model.views,
            author_id: model.author_id,
            version: model.version,
            created_at: model.created_at,
        })
    }
}

struct Wrapped(Post);

struct Orm(DatabaseConnection);

fn newest() -> Select<post::Entity> {
    post::Entity::find()
        .filter(post::Column::Published.eq(true))
        .order_by_desc(post::Column::CreatedAt)
        .order_by_desc(post::Column::Id)
}

async fn insert(connection: &impl ConnectionTrait, draft: Draft) -> Result<Post> {
    let post = post::ActiveModel {
        title: Set(draft.title),
        slug: Set(draft.slug),
        content: Set(draft.content),
        published: Set(draft.published),
        views: Set(0),
        version: Set(1),
        created_at: Set(draft.created_at),
        ..Default::default()
    };
    Ok(Wrapped::from(post.insert(connection).await?).0)
}

impl Service for Orm {
    async fn list(&self, limit: i64, offset: i64) -> Result<(Vec<PostRow>, i64)> {
        let page = newest()
            .limit(limit.cast_unsigned())
            .offset(offset.cast_unsigned());
        let rows = page.into_partial_model::<Row>().all(&self.0).await?;
        let total = post::Entity::find()
            .filter(post::Column::Published.eq(true))
            .count(&self.0)
            .await?;
        Ok((
            rows.into_iter().map(PostRow::from).collect(),
            total.cast_signed(),
        ))
    }

    async fn feed(&self, limit: i64, after: Option<Cursor>) -> Result<Vec<PostRow>> {
        let mut page = newest().limit(limit.cast_unsigned());
        if let Some(Cursor { created_at, id }) = after {
            let columns = Expr::tuple([
                Expr::col(post::Column::CreatedAt).into(),
                Expr::col(post::Column::Id).into(),
            ]);
            let values = Expr::tuple([Expr::val(created_at).into(), Expr::val(id).into()]);
            page = page.filter(columns.lt(values));
        }
        let rows = page.into_partial_model::<Row>().all(&self.0).await?;
        Ok(rows.into_iter().map(PostRow::from).collect())
    }

    async fn item(&self, id: i64) -> Result<Option<Post>> {
        let post = post::Entity::find_by_id(id).filter(post::Column::Published.eq(true));
        Ok(post.one(&self.0).await?.map(|post| Wrapped::from(post).0))
    }

    async fn create(&self, draft: Draft) -> Result<Post> {
        insert(&self.0, draft).await
    }

    async fn create_checked(&self, draft: Draft) -> Result<Option<Post>> {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: (self.0.get_database_backend() == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let tx = self.0.begin_with_options(immediate).await?;
        let same = post::Entity::find().filter(post::Column::Slug.eq(&draft.slug));
        if same.exists(&tx).await? {
            return Ok(None);
        }
        let post = insert(&tx, draft).await?;
        tx.commit().await?;
        Ok(Some(post))
    }

    async fn update(&self, id: i64, changes: PostChanges) -> Result<Option<Post>> {
        let rows = post::Entity::update_many()
            .col_expr(post::Column::Title, Expr::val(changes.title))
            .col_expr(
                post::Column::Version,
                Expr::col(post::Column::Version).add(1),
            )
            .filter(post::Column::Id.eq(id))
            .filter(post::Column::Published.eq(true))
            .filter(post::Column::Version.eq(changes.version))
            .exec_with_returning(&self.0)
            .await?;
        Ok(rows.into_iter().next().map(|post| Wrapped::from(post).0))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = database_url();
    let is_sqlite = url.starts_with("sqlite");
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(if is_sqlite { 3 } else { 20 })
        .sqlx_logging(false);
    options.acquire_timeout(std::time::Duration::from_secs(30));
    options.map_sqlx_sqlite_opts(|options| {
        options
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
    });
    serve(Orm(Database::connect(options).await?)).await
}
