//! `/api/posts/{post_id}/comments/`: read by everybody, written by those who have signed in.
//!
//! Coming from Django: `SignedInToWrite` is the permission class `IsAuthenticatedOrReadOnly`, and `OwnComment`
//! replaces an `IsOwnerOrReadOnly` with `has_object_permission`.

use chrono::{DateTime, SubsecRound, Utc};
use resourceful::{SignedInToWrite, prelude::*};
use resourceful_db::{Db, DbError, DbErrorKind};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, DerivePartialModel, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, SelectExt,
};

use crate::authors::{Author, Authors};
use crate::entity::{comment, post, user};
use crate::error::BlogError;
use crate::new_post::{not_blank, not_blank_pattern};

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "comment::Entity")]
pub(crate) struct Comment {
    id: i64,
    #[sea_orm(from_expr = "user::Column::Username")]
    author: Option<String>,
    content: String,
    created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct NewComment {
    #[garde(length(chars, max = 10_000), custom(not_blank))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Well said.")]
    content: String,
}

#[derive(Debug, AsRef)]
pub(crate) struct Comments {
    #[as_ref]
    authors: Authors,
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

    /// # Errors
    /// If the post does not exist or is not published.
    async fn check_post(&self, id: i64) -> Result<(), BlogError> {
        let post = post::published().filter(post::Column::Id.eq(id));
        if post.exists(&self.database).await? {
            Ok(())
        } else {
            Err(BlogError::PostNotFound(id))
        }
    }
}

/// The comments of a published post. Others do not exist for callers.
fn of_post(id: i64) -> Select<comment::Entity> {
    comment::Entity::find()
        .inner_join(post::Entity)
        .left_join(user::Entity)
        .filter(post::Column::Id.eq(id))
        .filter(post::Column::Published.eq(true))
}

/// Everybody may read each comment.
impl Subject<Comments, Option<Author>> for Comment {
    type Id = i64;

    async fn find(
        comments: &Comments,
        request: &Request<Option<Author>>,
        id: i64,
    ) -> Result<Option<Self>> {
        let comment = of_post(comments.parent(request))
            .filter(comment::Column::Id.eq(id))
            .into_partial_model()
            .one(&comments.database);
        Ok(comment.await.map_err(BlogError::from)?)
    }
}

/// A comment of the caller. That of another user is 403, not 404: everybody may see it.
pub(crate) struct OwnComment(comment::Model);

impl Subject<Comments, Option<Author>> for OwnComment {
    type Id = i64;

    async fn find(
        comments: &Comments,
        request: &Request<Option<Author>>,
        id: i64,
    ) -> Result<Option<Self>> {
        let author = request.signed_in()?.user_id;
        let comment = of_post(comments.parent(request))
            .filter(comment::Column::Id.eq(id))
            .one(&comments.database);
        match comment.await.map_err(BlogError::from)? {
            Some(comment) if comment.author_id != Some(author) => {
                Err(Error::forbidden("Only its author may change a comment."))
            }
            comment => Ok(comment.map(Self)),
        }
    }
}

/// Comments on a post.
#[resource]
impl AsyncResource for Comments {
    type Access = SignedInToWrite<Authors>;
    type Parent = i64;

    /// The comments on a published post, oldest first.
    #[errors(PostNotFound, Unavailable, Database)]
    async fn list(
        &self,
        request: &Request<Option<Author>>,
        page: PageNumber,
    ) -> Result<Page<Comment>, BlogError> {
        let post = self.parent(request);
        self.check_post(post).await?;
        let comments = of_post(post)
            .order_by_asc(comment::Column::CreatedAt)
            .order_by_asc(comment::Column::Id);
        let rows = comments.clone().offset(page.offset()).limit(page.limit());
        let (rows, total) = tokio::try_join!(
            rows.into_partial_model().all(&self.database),
            comments.count(&self.database)
        )?;
        Ok(page.of(rows, total))
    }

    /// Comments on a published post.
    #[errors(PostNotFound, Unavailable, Database)]
    async fn create(
        &self,
        request: &Request<Option<Author>>,
        new: NewComment,
    ) -> Result<Comment, BlogError> {
        let author = request.signed_in()?;
        let post = self.parent(request);
        self.check_post(post).await?;
        let comment = comment::ActiveModel {
            post_id: Set(post),
            author_id: Set(Some(author.user_id)),
            content: Set(new.content),
            created_at: Set(Utc::now().trunc_subsecs(6)),
            ..Default::default()
        };
        let result = comment.insert(&self.database).await;
        // Another request may have deleted the post.
        let comment = result.map_err(|error| {
            let error = DbError::from(error);
            match error.kind() {
                DbErrorKind::ForeignKey => BlogError::PostNotFound(post),
                _ => error.into(),
            }
        })?;
        Ok(Comment::by(author, comment))
    }

    /// A comment.
    #[errors(Unavailable, Database)]
    async fn retrieve(
        &self,
        _: &Request<Option<Author>>,
        comment: Comment,
    ) -> Result<Comment, BlogError> {
        Ok(comment)
    }

    /// Replaces a comment of yours.
    #[errors(Unavailable, Database)]
    async fn update(
        &self,
        request: &Request<Option<Author>>,
        OwnComment(comment): OwnComment,
        new: NewComment,
    ) -> Result<Comment, BlogError> {
        let author = request.signed_in()?;
        let changed = comment::ActiveModel {
            id: Set(comment.id),
            content: Set(new.content),
            ..Default::default()
        };
        // SQLite gives the id of a deleted comment to another one.
        let update = comment::Entity::update(changed)
            .validate()?
            .filter(comment::Column::AuthorId.eq(author.user_id));
        let result = update.exec(&self.database).await;
        let comment = result.map_err(|error| match error {
            // Another request has deleted it.
            DbErr::RecordNotUpdated => BlogError::from(Error::not_found("Comment not found")),
            other => other.into(),
        })?;
        Ok(Comment::by(author, comment))
    }

    /// Deletes a comment of yours.
    #[errors(Unavailable, Database)]
    async fn destroy(
        &self,
        request: &Request<Option<Author>>,
        OwnComment(comment): OwnComment,
    ) -> Result<(), BlogError> {
        let author = request.signed_in()?.user_id;
        let delete =
            comment::Entity::delete_by_id(comment.id).filter(comment::Column::AuthorId.eq(author));
        delete.exec(&self.database).await?;
        Ok(())
    }

    fn location_id(&self, comment: &Comment) -> Option<i64> {
        Some(comment.id)
    }
}

impl Comment {
    fn by(author: &Author, comment: comment::Model) -> Self {
        Self {
            id: comment.id,
            author: Some(author.username.clone()),
            content: comment.content,
            created_at: comment.created_at,
        }
    }
}
