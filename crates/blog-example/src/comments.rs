//! `/api/posts/{post_id}/comments/`: read by everybody, written by those who have signed in.
//!
//! Coming from Django: `SignedInToWrite` is the permission class `IsAuthenticatedOrReadOnly`, and `writable` replaces
//! an `IsOwnerOrReadOnly` with `has_object_permission`.

use chrono::{DateTime, SubsecRound, Utc};
use resourceful::{SignedInToWrite, prelude::*};
use resourceful_db::{Changeset, Db, DbError, Direction, Item, ModelResource, Scope, Within};
use sea_orm::ActiveValue::Set;

use crate::authors::{Author, Authors};
use crate::entity::{comment, post, user};
use crate::new_post::{not_blank, not_blank_pattern};

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = comment::Entity)]
pub(crate) struct Comment {
    id: i64,
    #[item(from = user::Column::Username)]
    author: Option<String>,
    content: String,
    created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = comment::Entity)]
pub(crate) struct NewComment {
    #[garde(length(chars, max = 10_000), custom(not_blank))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Well said.")]
    content: String,
}

#[derive(Debug, AsRef)]
pub(crate) struct Comments {
    #[as_ref]
    authors: Authors,
    #[as_ref]
    database: Db,
}

impl Comments {
    #[must_use]
    pub(crate) fn new(authors: &Authors, database: &Db) -> Self {
        Self {
            authors: authors.clone(),
            database: database.clone(),
        }
    }
}

/// Comments on a published post, oldest first. Everybody reads them, and their authors change them.
#[resource(only(list, create, retrieve, update, destroy))]
impl ModelResource for Comments {
    type Access = SignedInToWrite<Authors>;
    type Parent = i64;
    type Entity = comment::Entity;
    type Item = Comment;
    type Create = NewComment;
    type Query = PageNumber;

    fn within(&self, request: &Request<Option<Author>>) -> Option<Within<comment::Entity>> {
        let post = Scope::all()
            .eq(post::Column::Id, self.parent(request))
            .eq(post::Column::Published, true);
        Some(Within::parent(comment::Column::PostId, post))
    }

    fn visible(&self, _: &Request<Option<Author>>) -> Scope<comment::Entity> {
        Scope::all()
    }

    fn writable(&self, request: &Request<Option<Author>>) -> Scope<comment::Entity> {
        match request.caller() {
            Some(author) => Scope::all().eq(comment::Column::AuthorId, author.user_id),
            None => Scope::none(),
        }
    }

    fn order() -> Vec<(comment::Column, Direction)> {
        vec![(comment::Column::CreatedAt, Direction::Ascending)]
    }

    fn fill_create(
        &self,
        request: &Request<Option<Author>>,
        comment: &mut comment::ActiveModel,
    ) -> Result<(), DbError> {
        comment.author_id = Set(Some(request.signed_in()?.user_id));
        comment.created_at = Set(Utc::now().trunc_subsecs(6));
        Ok(())
    }
}
