//! Creation of a post, with a unique slug.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{SubsecRound, Utc};
use resourceful::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    SelectExt, TryInsertResult, TryIntoModel,
};

use crate::entity::post;
use crate::slug::{FreeSlugs, slugify};

/// A new post.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, Validate)]
pub struct NewPost {
    #[garde(length(chars, max = 200), custom(not_blank))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Hello World")]
    pub title: String,
    #[garde(skip)]
    #[schemars(example = &"My first post.")]
    pub content: String,
    #[serde(default)]
    #[garde(skip)]
    pub published: bool,
}

impl NewPost {
    /// Inserts the post with the first free slug of its title.
    ///
    /// The unique constraint decides whether a slug is taken, because another request may insert it after
    /// a query. The query comes first only to save ids: in PostgreSQL a conflicting insert uses one up. The
    /// free numbers are tried one after the other, because other requests may take them at the same time.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn insert(self, database: &impl ConnectionTrait) -> Result<post::Model, DbErr> {
        self.insert_with(&mut Slugs::default(), None, database)
            .await
    }

    /// As `insert`, with the id of the user who wrote it. It is no field of this type, which is the body of
    /// requests.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn insert_by(
        self,
        author: i64,
        database: &impl ConnectionTrait,
    ) -> Result<post::Model, DbErr> {
        self.insert_with(&mut Slugs::default(), Some(author), database)
            .await
    }

    /// As `insert`, for one of several posts: they query the slugs of a title once.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn insert_with(
        self,
        slugs: &mut Slugs,
        author: Option<i64>,
        database: &impl ConnectionTrait,
    ) -> Result<post::Model, DbErr> {
        let base = slugify(&self.title);
        let mut post = post::ActiveModel {
            title: Set(self.title),
            content: Set(self.content),
            published: Set(self.published),
            views: Set(0),
            author_id: Set(author),
            created_at: Set(Utc::now().trunc_subsecs(6)),
            ..Default::default()
        };
        let free = match slugs.0.entry(base) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let base = unknown.key().clone();
                if !is_taken(&base, database).await?
                    && try_insert(&mut post, base.clone(), database).await?
                {
                    return post.try_into_model();
                }
                let taken = slugs_like(&base, database).await?;
                unknown.insert(FreeSlugs::new(base, taken))
            }
        };
        for slug in free {
            if try_insert(&mut post, slug, database).await? {
                return post.try_into_model();
            }
        }
        unreachable!("there is always a next number")
    }
}

/// The free slugs, by their base.
#[derive(Debug, Default)]
pub struct Slugs(HashMap<String, FreeSlugs>);

async fn is_taken(slug: &str, database: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let posts = post::Entity::find().filter(post::Column::Slug.eq(slug));
    posts.exists(database).await
}

/// Inserts the post. Returns `false` if the slug is taken.
async fn try_insert(
    post: &mut post::ActiveModel,
    slug: String,
    database: &impl ConnectionTrait,
) -> Result<bool, DbErr> {
    post.slug = Set(slug);
    let result = post::Entity::insert(post.clone())
        .on_conflict_do_nothing_on([post::Column::Slug])
        .exec(database)
        .await?;
    let TryInsertResult::Inserted(inserted) = result else {
        return Ok(false);
    };
    post.id = Set(inserted.last_insert_id);
    Ok(true)
}

/// The slug `base` and all slugs that begin with `base-`.
async fn slugs_like(base: &str, database: &impl ConnectionTrait) -> Result<HashSet<String>, DbErr> {
    let numbered = LikeExpr::new(format!("{}-%", base.replace('_', "\\_"))).escape('\\');
    let slugs: Vec<String> = post::Entity::find()
        .select_only()
        .column(post::Column::Slug)
        .filter(
            post::Column::Slug
                .eq(base)
                .or(Expr::col(post::Column::Slug).like(numbered)),
        )
        .into_tuple()
        .all(database)
        .await?;
    Ok(slugs.into_iter().collect())
}

/// Unicode white space, for the brackets of a pattern. `\s` differs between languages.
pub(crate) const WHITE_SPACE: &str =
    r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// The rule [`not_blank`] as a JSON Schema pattern.
pub(crate) fn not_blank_pattern() -> String {
    format!(r"[^{WHITE_SPACE}\u001c-\u001f]")
}

/// Validation rule: the text has more than white space.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde calls it with its context"
)]
pub(crate) fn not_blank(text: &str, (): &()) -> garde::Result {
    // Unicode white space, and the four separators that Python adds.
    let is_blank =
        |character: char| character.is_whitespace() || ('\x1c'..='\x1f').contains(&character);
    if text.chars().all(is_blank) {
        return Err(garde::Error::new("must not be blank"));
    }
    Ok(())
}
