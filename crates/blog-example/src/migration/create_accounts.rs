//! The tables of those who sign in: accounts and drafts. The store of the sessions has its own.
//!
//! No foreign key refers to a table of the blog. Other programs empty those: PostgreSQL refuses `TRUNCATE` of
//! a table that another one refers to, and in SQLite each program decides whether foreign keys count.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, pk_auto, string_len, text, timestamp_with_time_zone,
};
use sea_orm_migration::sea_orm::DbBackend;

pub(super) struct CreateAccounts;

impl MigrationName for CreateAccounts {
    fn name(&self) -> &'static str {
        "m20261127_000001_create_accounts"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` names the lifetimes itself"
)]
#[async_trait::async_trait]
impl MigrationTrait for CreateAccounts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(accounts(backend)).await?;
        manager.create_table(drafts(backend)).await?;
        let of_user = Index::create()
            .if_not_exists()
            .unique()
            .name("blog_account_user")
            .table("blog_account")
            .col("user_id")
            .col("user_joined")
            .to_owned();
        manager.create_index(of_user).await?;
        let of_account = Index::create()
            .if_not_exists()
            .name("blog_draft_account_id")
            .table("blog_draft")
            .col("account_id")
            .to_owned();
        manager.create_index(of_account).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["blog_draft", "blog_account"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn accounts(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("blog_account")
        .if_not_exists()
        .col(id(backend))
        .col(big_integer("user_id"))
        .col(timestamp_with_time_zone("user_joined"))
        .col(text("password_hash"))
        .to_owned()
}

fn drafts(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("blog_draft")
        .if_not_exists()
        .col(id(backend))
        .col(big_integer("account_id"))
        .col(string_len("title", 200))
        .col(text("content"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(
            ForeignKey::create()
                .from("blog_draft", "account_id")
                .to("blog_account", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

/// An id that is never given again: a session has that of an account.
fn id(backend: DbBackend) -> ColumnDef {
    match backend {
        // `AUTOINCREMENT` needs the type `integer`.
        DbBackend::Sqlite => pk_auto("id"),
        _ => big_pk_auto("id"),
    }
}
