//! `/api/drafts/`: what an author has not published yet, for nobody else.
//!
//! Coming from Django: this is a `ModelViewSet`. `visible` replaces `get_queryset` filtered by `request.user`; a
//! resource without it does not compile.

use chrono::{DateTime, SubsecRound, Utc};
use resourceful::{Created, prelude::*};
use resourceful_db::{Changeset, Db, DbError, Direction, Found, Item, ModelResource, Scope};
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::authors::{Author, Authors};
use crate::entity::draft;
use crate::new_post::{NewPost, not_blank, not_blank_pattern};
use crate::posts::Post;

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = draft::Entity)]
pub(crate) struct Draft {
    id: i64,
    title: String,
    content: String,
    changed_at: DateTime<Utc>,
}

/// A draft in a list, without its content.
#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = draft::Entity)]
pub(crate) struct DraftTitle {
    id: i64,
    title: String,
    changed_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = draft::Entity)]
pub(crate) struct NewDraft {
    #[garde(length(chars, max = 200), custom(not_blank))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Hello World")]
    title: String,
    #[garde(skip)]
    #[schemars(example = &"Not ready yet.")]
    content: String,
}

/// Changes of a draft. Absent fields stay unchanged.
#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = draft::Entity)]
pub(crate) struct DraftChanges {
    #[serde(default)]
    #[garde(length(chars, max = 200), inner(custom(not_blank)))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Hello again")]
    title: Change<String>,
    #[serde(default)]
    #[garde(skip)]
    content: Change<String>,
}

#[derive(Debug, AsRef)]
pub(crate) struct Drafts {
    #[as_ref]
    authors: Authors,
    #[as_ref]
    database: Db,
}

impl Drafts {
    #[must_use]
    pub(crate) fn new(authors: &Authors, database: &Db) -> Self {
        Self {
            authors: authors.clone(),
            database: database.clone(),
        }
    }
}

/// Your drafts, the last changed first. Nobody else sees them.
#[resource]
impl ModelResource for Drafts {
    type Access = SignedIn<Authors>;
    type Entity = draft::Entity;
    type Item = Draft;
    type ListItem = DraftTitle;
    type Create = NewDraft;
    type PartialUpdate = DraftChanges;
    type Query = PageNumber;

    fn visible(&self, request: &Request<Author>) -> Scope<draft::Entity> {
        Scope::all().eq(draft::Column::AccountId, request.caller().account_id)
    }

    fn order() -> Vec<(draft::Column, Direction)> {
        vec![(draft::Column::ChangedAt, Direction::Descending)]
    }

    fn fill_create(
        &self,
        request: &Request<Author>,
        draft: &mut draft::ActiveModel,
    ) -> Result<(), DbError> {
        draft.account_id = Set(request.caller().account_id);
        self.fill_update(request, draft)
    }

    fn fill_update(
        &self,
        _: &Request<Author>,
        draft: &mut draft::ActiveModel,
    ) -> Result<(), DbError> {
        draft.changed_at = Set(Utc::now().trunc_subsecs(6));
        Ok(())
    }

    /// Makes a published post of a draft, which everybody can read, change and delete.
    #[action(POST, "publish")]
    #[errors(Unavailable)]
    async fn publish(
        &self,
        request: &Request<Author>,
        draft: Found<Drafts>,
    ) -> Result<Created<Post>, DbError> {
        let transaction = self.database.begin().await?;
        let deleted = draft::Entity::delete_by_id(draft.id).exec_with_returning(&transaction);
        // Of two requests, one publishes it.
        let draft = deleted
            .await?
            .ok_or_else(|| Error::not_found("Draft not found"))?;
        let post = NewPost {
            title: draft.title,
            content: draft.content,
            published: true,
        };
        let post = post
            .insert_by(request.caller().user_id, &transaction)
            .await?;
        transaction.commit().await?;
        let path = format!("/posts/{}/", post.id);
        Ok(Created(Post::from(post)).at_path(path))
    }
}
