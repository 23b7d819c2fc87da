//! `blog_post`: posts.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Select};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
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
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "author_id", to = "id")]
    pub author: BelongsTo<Option<super::user::Entity>>,
    #[sea_orm(has_many)]
    pub comments: HasMany<super::comment::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The published posts, newest first.
#[must_use]
pub fn published() -> Select<Entity> {
    Entity::find()
        .filter(Column::Published.eq(true))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
}
