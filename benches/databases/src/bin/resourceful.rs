//! resourceful-db with default settings.

use chrono::{DateTime, Utc};
use garde::Validate;
use resourceful::prelude::*;
use resourceful_database_benches::{announce, database_url, new_slug, now};
use resourceful_db::{
    Changeset, Cursor, Db, DbError, Direction, Item, ModelResource, Order, Scope, Tx,
};
use schemars::JsonSchema;
use sea_orm::ActiveValue::Set;

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

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = post::Entity)]
struct PostRow {
    id: i64,
    title: String,
    slug: String,
    #[schemars(with = "String")]
    created_at: DateTime<Utc>,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = post::Entity)]
struct Post {
    id: i64,
    title: String,
    slug: String,
    content: String,
    published: bool,
    views: i64,
    author_id: Option<i64>,
    version: i64,
    #[schemars(with = "String")]
    created_at: DateTime<Utc>,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
struct NewPost {
    #[garde(length(min = 1, max = 200))]
    title: String,
    #[garde(skip)]
    content: String,
    #[garde(skip)]
    published: bool,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
struct PostChanges {
    #[garde(length(min = 1, max = 200))]
    title: String,
    #[garde(skip)]
    version: i64,
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = post::Entity)]
enum PostOrder {
    #[order(created_at desc)]
    Newest,
}

/// Sets the columns that the body does not have.
fn fill(post: &mut post::ActiveModel) {
    let title = post.title.as_ref();
    post.slug = Set(new_slug(title));
    post.views = Set(0);
    post.created_at = Set(now());
}

fn published() -> Scope<post::Entity> {
    Scope::all().eq(post::Column::Published, true)
}

#[derive(AsRef)]
struct Posts {
    #[as_ref]
    db: Db,
}

#[resource(only(list, retrieve, create, partial_update))]
impl ModelResource for Posts {
    type Access = Public;
    type Entity = post::Entity;
    type Item = Post;
    type ListItem = PostRow;
    type Create = NewPost;
    type PartialUpdate = PostChanges;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        published()
    }

    fn version() -> Option<post::Column> {
        Some(post::Column::Version)
    }

    fn order() -> Vec<(post::Column, Direction)> {
        vec![(post::Column::CreatedAt, Direction::Descending)]
    }

    fn fill_create(&self, _: &Request, post: &mut post::ActiveModel) -> Result<(), DbError> {
        fill(post);
        Ok(())
    }
}

/// Posts whose creation has a hook that reads in the transaction.
#[derive(AsRef)]
struct Checked {
    #[as_ref]
    db: Db,
}

#[resource(name = "posts", only(create))]
impl ModelResource for Checked {
    type Access = Public;
    type Entity = post::Entity;
    type Item = Post;
    type Create = NewPost;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        published()
    }

    fn version() -> Option<post::Column> {
        Some(post::Column::Version)
    }

    async fn before_create(
        &self,
        _: &Request,
        tx: &Tx,
        post: &mut post::ActiveModel,
    ) -> Result<(), DbError> {
        fill(post);
        let same = Scope::all().eq(post::Column::Slug, post.slug.as_ref().as_str());
        if same.exists(tx).await? {
            return Err(Error::conflict("The slug is taken.").into());
        }
        Ok(())
    }
}

/// Posts whose pages continue after a row.
#[derive(AsRef)]
struct Feed {
    #[as_ref]
    db: Db,
}

#[resource(name = "posts", only(list))]
impl ModelResource for Feed {
    type Access = Public;
    type Entity = post::Entity;
    type Item = PostRow;
    type Query = Cursor<PostOrder>;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        published()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let db = Db::connect(&database_url()).await?;
    let app = App::new()
        .resource("/posts", Posts { db: db.clone() })
        .resource("/checked", Checked { db: db.clone() })
        .resource("/feed", Feed { db });
    let server = app.bind("127.0.0.1:0").await?;
    announce(server.local_addr());
    Ok(server.run().await?)
}
