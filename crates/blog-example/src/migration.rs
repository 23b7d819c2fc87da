//! The tables, made at start where they are not there.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, string, string_len, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(Debug)]
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateBlog)]
    }
}

struct CreateBlog;

impl MigrationName for CreateBlog {
    fn name(&self) -> &'static str {
        "m20240115_000001_create_blog"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` gives them names of its own"
)]
#[async_trait::async_trait]
impl MigrationTrait for CreateBlog {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(users(backend)).await?;
        manager.create_table(posts(backend)).await?;
        manager.create_table(comments(backend)).await?;
        // Lists are of published posts, the newest first.
        let newest_first = Index::create()
            .name("blog_post_published_created_at")
            .table("blog_post")
            .col("published")
            .col(("created_at", IndexOrder::Desc))
            .col(("id", IndexOrder::Desc))
            .to_owned();
        manager.create_index(newest_first).await?;
        let of_post = Index::create()
            .name("blog_comment_post_id")
            .table("blog_comment")
            .col("post_id")
            .to_owned();
        manager.create_index(of_post).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["blog_comment", "blog_post", "blog_user"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn users(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("blog_user")
        .col(id(backend))
        .col(string("username").unique_key())
        .col(string("email").default(""))
        .col(string("first_name").default(""))
        .col(string("last_name").default(""))
        .col(boolean("is_active").default(true))
        .col(timestamp_with_time_zone_null("last_login"))
        .col(timestamp_with_time_zone("date_joined").default(now(backend)))
        .to_owned()
}

fn posts(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("blog_post")
        .col(id(backend))
        .col(string_len("title", 200))
        .col(string_len("slug", 220).unique_key())
        .col(text("content"))
        .col(boolean("published").default(false))
        .col(
            ColumnDef::new("views")
                .big_integer()
                .not_null()
                .default(0)
                .check(Expr::col("views").gte(0)),
        )
        .col(ColumnDef::new("author_id").big_integer())
        .col(timestamp_with_time_zone("created_at").default(now(backend)))
        .foreign_key(&mut author("blog_post"))
        .to_owned()
}

fn comments(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("blog_comment")
        .col(id(backend))
        .col(ColumnDef::new("post_id").big_integer().not_null())
        .col(ColumnDef::new("author_id").big_integer())
        .col(text("content"))
        .col(timestamp_with_time_zone("created_at").default(now(backend)))
        .foreign_key(
            ForeignKey::create()
                .from("blog_comment", "post_id")
                .to("blog_post", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(&mut author("blog_comment"))
        .to_owned()
}

fn author(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "author_id")
        .to("blog_user", "id")
        .on_delete(ForeignKeyAction::SetNull)
        .to_owned()
}

/// In SQLite `INTEGER PRIMARY KEY`, which continues after the largest id of the table; in
/// PostgreSQL a sequence.
fn id(backend: DbBackend) -> ColumnDef {
    let mut id = ColumnDef::new("id");
    match backend {
        DbBackend::Sqlite => id.integer(),
        _ => id.big_integer().auto_increment(),
    };
    id.not_null().primary_key().to_owned()
}

/// The default of a timestamp: in SQLite the RFC 3339 text that sqlx writes, too, so that
/// text order is time order.
fn now(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Sqlite => "(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00')",
        _ => "CURRENT_TIMESTAMP",
    })
}
