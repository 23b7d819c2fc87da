//! `/api/drafts/`: what an author has not published yet, for nobody else.
//!
//! Coming from Django: the subject replaces `get_queryset` filtered by `request.user`. A hook without one
//! does not compile.

use chrono::{DateTime, SubsecRound, Utc};
use resourceful::{Created, prelude::*};
use resourceful_db::Db;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, DerivePartialModel, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::authors::{Author, Authors};
use crate::entity::{draft, post};
use crate::error::BlogError;
use crate::new_post::{NewPost, not_blank, not_blank_pattern};
use crate::posts::Post;

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Draft {
    id: i64,
    title: String,
    content: String,
    changed_at: DateTime<Utc>,
}

/// A draft in a list, without its content.
#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "draft::Entity")]
pub(crate) struct DraftTitle {
    id: i64,
    title: String,
    changed_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct NewDraft {
    #[garde(length(chars, max = 200), custom(not_blank))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Hello World")]
    title: String,
    #[garde(skip)]
    #[schemars(example = &"Not ready yet.")]
    content: String,
}

/// Changes of a draft. Absent fields stay unchanged.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
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

    async fn save(&self, mut draft: draft::ActiveModel) -> Result<Draft, BlogError> {
        draft.changed_at = Set(Utc::now().trunc_subsecs(6));
        let result = draft.update(&self.database).await;
        result.map(Draft::from).map_err(|error| match error {
            DbErr::RecordNotUpdated => gone(),
            other => other.into(),
        })
    }
}

/// A draft of the caller. Those of others do not exist.
pub(crate) struct OwnDraft(draft::Model);

impl Subject<Drafts, Author> for OwnDraft {
    type Id = i64;

    async fn find(drafts: &Drafts, request: &Request<Author>, id: i64) -> Result<Option<Self>> {
        let own = draft::of_account(request.caller().account_id);
        let draft = own.filter(draft::Column::Id.eq(id)).one(&drafts.database);
        Ok(draft.await.map_err(BlogError::from)?.map(Self))
    }
}

/// Your drafts. Nobody else sees them.
#[resource]
impl AsyncResource for Drafts {
    type Access = SignedIn<Authors>;

    /// Your drafts, the last changed first.
    #[errors(Unavailable, Database)]
    async fn list(
        &self,
        request: &Request<Author>,
        page: PageNumber,
    ) -> Result<Page<DraftTitle>, BlogError> {
        let own = draft::of_account(request.caller().account_id)
            .order_by_desc(draft::Column::ChangedAt)
            .order_by_desc(draft::Column::Id);
        let rows = own.clone().offset(page.offset()).limit(page.limit());
        let (rows, total) = tokio::try_join!(
            rows.into_partial_model().all(&self.database),
            own.count(&self.database)
        )?;
        Ok(page.of(rows, total))
    }

    /// Creates a draft.
    #[errors(Unavailable, Database)]
    async fn create(&self, request: &Request<Author>, new: NewDraft) -> Result<Draft, BlogError> {
        let draft = draft::ActiveModel {
            account_id: Set(request.caller().account_id),
            title: Set(new.title),
            content: Set(new.content),
            changed_at: Set(Utc::now().trunc_subsecs(6)),
            ..Default::default()
        };
        Ok(draft.insert(&self.database).await?.into())
    }

    /// A draft of yours.
    #[errors(Unavailable, Database)]
    async fn retrieve(
        &self,
        _: &Request<Author>,
        OwnDraft(draft): OwnDraft,
    ) -> Result<Draft, BlogError> {
        Ok(draft.into())
    }

    /// Replaces a draft.
    #[errors(Unavailable, Database)]
    async fn update(
        &self,
        _: &Request<Author>,
        OwnDraft(draft): OwnDraft,
        new: NewDraft,
    ) -> Result<Draft, BlogError> {
        let mut draft = draft.into_active_model();
        draft.title = Set(new.title);
        draft.content = Set(new.content);
        self.save(draft).await
    }

    /// Changes a part of a draft.
    #[errors(Unavailable, Database)]
    async fn partial_update(
        &self,
        _: &Request<Author>,
        OwnDraft(draft): OwnDraft,
        changes: DraftChanges,
    ) -> Result<Draft, BlogError> {
        let mut draft = draft.into_active_model();
        if let Change::Set(title) = changes.title {
            draft.title = Set(title);
        }
        if let Change::Set(content) = changes.content {
            draft.content = Set(content);
        }
        self.save(draft).await
    }

    /// Deletes a draft.
    #[errors(Unavailable, Database)]
    async fn destroy(
        &self,
        _: &Request<Author>,
        OwnDraft(draft): OwnDraft,
    ) -> Result<(), BlogError> {
        let delete = draft::Entity::delete_by_id(draft.id);
        delete.exec(&self.database).await?;
        Ok(())
    }

    /// Makes a published post of a draft, which everybody can read, change and delete.
    #[action(POST, "publish")]
    #[errors(Unavailable, Database)]
    async fn publish(
        &self,
        request: &Request<Author>,
        OwnDraft(draft): OwnDraft,
    ) -> Result<Created<Post>, BlogError> {
        let post = publish(&self.database, draft.id, request.caller().user_id).await?;
        let path = format!("/posts/{}/", post.id);
        Ok(Created(Post::from(post)).at_path(path))
    }

    fn location_id(&self, draft: &Draft) -> Option<i64> {
        Some(draft.id)
    }
}

/// Deletes the draft and inserts the post in one transaction: of two requests, one publishes it.
async fn publish(database: &Db, id: i64, author: i64) -> Result<post::Model, BlogError> {
    let transaction = database.begin().await?;
    let delete = draft::Entity::delete_by_id(id).exec_with_returning(&transaction);
    let draft = delete.await?.ok_or_else(gone)?;
    let post = NewPost {
        title: draft.title,
        content: draft.content,
        published: true,
    };
    let post = post.insert_by(author, &transaction).await?;
    transaction.commit().await?;
    Ok(post)
}

/// Another request has published or deleted the draft since it was found.
fn gone() -> BlogError {
    Error::not_found("Draft not found").into()
}

impl From<draft::Model> for Draft {
    fn from(draft: draft::Model) -> Self {
        Self {
            id: draft.id,
            title: draft.title,
            content: draft.content,
            changed_at: draft.changed_at,
        }
    }
}
