//! `/api/post-list/`: the published posts, page by page.
//!
//! Coming from Django: this is the chapter's `AsyncPostListView`, a class with a method per HTTP
//! method. `request.query()` replaces `int(request.GET.get("page", 1))`, and reports invalid values.

use chrono::{DateTime, Utc};
use http::Method;
use resourceful::prelude::*;
use resourceful_db::Db;
use sea_orm::{DerivePartialModel, PaginatorTrait, QuerySelect};

use crate::entity::post;
use crate::error::BlogError;

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "post::Entity")]
struct PostRow {
    id: i64,
    title: String,
    slug: String,
    created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct PostList {
    database: Db,
}

impl PostList {
    #[must_use]
    pub(crate) fn new(database: &Db) -> Self {
        let database = database.clone();
        Self { database }
    }
}

#[view]
impl AsyncView for PostList {
    type Access = Public;

    fn describe(_: &Method) -> Description {
        Description::new()
            .tag("posts")
            .query::<PageNumber>()
            .page_response::<PostRow, PageNumber>("posts")
    }

    /// The published posts, newest first, page by page.
    async fn get(&self, request: Request) -> Result<Response, BlogError> {
        let page: PageNumber = request.query()?;
        let published = post::published();
        let rows = published.clone().offset(page.offset()).limit(page.limit());
        let (rows, total) = tokio::try_join!(
            rows.into_partial_model().all(&self.database),
            published.count(&self.database)
        )?;
        let posts: Page<PostRow> = page.of(rows, total);
        Ok(Json(posts.with_key("posts")).into_response())
    }
}
