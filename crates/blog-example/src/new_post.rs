//! Making a post: what a client sends, and how it gets a slug of its own.

use chrono::{SubsecRound, Utc};
use resourceful::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter,
    QuerySelect, TryInsertResult, TryIntoModel,
};

use crate::entity::post;
use crate::slug::{first_free, slugify};

/// A post as a client sends it.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
pub struct NewPost {
    #[garde(length(chars, max = 200), custom(not_blank))]
    pub title: String,
    #[garde(skip)]
    pub content: String,
    #[serde(default)]
    #[garde(skip)]
    pub published: bool,
}

impl NewPost {
    /// Writes the post under the first free slug of its title.
    ///
    /// Whether a slug is taken is for the unique constraint to say: a look beforehand could
    /// be outrun by another request. So the insert is tried, and after a conflict tried again
    /// with the first number that is free by then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(self, database: &DatabaseConnection) -> Result<post::Model, DbErr> {
        let base = slugify(&self.title);
        let mut post = post::ActiveModel {
            title: Set(self.title),
            slug: Set(base.clone()),
            content: Set(self.content),
            published: Set(self.published),
            views: Set(0),
            author_id: Set(None),
            created_at: Set(Utc::now().trunc_subsecs(6)),
            ..Default::default()
        };
        loop {
            let inserted = post::Entity::insert(post.clone())
                .on_conflict_do_nothing_on([post::Column::Slug])
                .exec(database)
                .await?;
            if let TryInsertResult::Inserted(inserted) = inserted {
                post.id = Set(inserted.last_insert_id);
                return post.try_into_model();
            }
            post.slug = Set(first_free(&base, &slugs_like(&base, database).await?));
        }
    }
}

/// `base` and what begins with `base-`.
async fn slugs_like(base: &str, database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let numbered = LikeExpr::new(format!("{}-%", base.replace('_', "\\_"))).escape('\\');
    post::Entity::find()
        .select_only()
        .column(post::Column::Slug)
        .filter(
            post::Column::Slug
                .eq(base)
                .or(Expr::col(post::Column::Slug).like(numbered)),
        )
        .into_tuple()
        .all(database)
        .await
}

/// A rule: more than white space.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde calls it with its context"
)]
pub(crate) fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be blank"));
    }
    Ok(())
}
