//! The function views: `/`, `/async-hello/`, `/posts/`, `/posts/{id}/`, `/endpoint/`.
//!
//! Coming from Django: `async def view(request)` is an `async fn` with `#[endpoint]`, whose parameters are
//! what it reads. Registering the view with a method replaces `require_http_methods`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use resourceful::{Redirect, prelude::*};
use resourceful_db::Db;
use sea_orm::{
    ColumnTrait, DerivePartialModel, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter,
};
use tokio::time::sleep;

use crate::entity::{comment, post, user};
use crate::error::BlogError;

/// Redirects to the API documentation.
#[endpoint(tag = "docs", operation_id = "home")]
pub(crate) async fn home() -> Result<Redirect<307>> {
    Ok(Redirect::temporary("/docs"))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Message {
    message: &'static str,
}

/// Returns a greeting after a short wait.
#[endpoint]
pub(crate) async fn async_hello() -> Result<Json<Message>> {
    sleep(Duration::from_millis(100)).await;
    Ok(Json(Message {
        message: "Hello from async view!",
    }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PostSummaries {
    posts: Vec<PostSummary>,
}

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "post::Entity")]
struct PostSummary {
    id: i64,
    title: String,
    created_at: DateTime<Utc>,
}

/// All published posts, newest first.
#[endpoint]
pub(crate) async fn post_list(database: &Db) -> Result<Json<PostSummaries>, BlogError> {
    let posts = post::published().into_partial_model().all(database).await?;
    Ok(Json(PostSummaries { posts }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PostDetail {
    id: i64,
    title: String,
    content: String,
    author: Option<String>,
    comments_count: u64,
}

/// A published post.
#[endpoint]
pub(crate) async fn post_detail(database: &Db, id: i64) -> Result<Json<PostDetail>, BlogError> {
    let post = post::Entity::find_by_id(id)
        .filter(post::Column::Published.eq(true))
        .one(database)
        .await?
        .ok_or(BlogError::PostNotFound)?;
    let author = post.find_related(user::Entity).one(database);
    let comments = post.find_related(comment::Entity).count(database);
    let (author, comments_count) = tokio::try_join!(author, comments)?;
    let author = author.map(|user| user.username);
    Ok(Json(PostDetail {
        id,
        title: post.title,
        content: post.content,
        author,
        comments_count,
    }))
}

/// The body of `POST /endpoint/`.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct Job {
    #[serde(default = "no_message")]
    #[schemars(extend("x-allow-nul" = true), example = &"Paint the fence.")] // it is not stored
    #[garde(skip)]
    message: String,
}

fn no_message() -> String {
    "No message".to_owned()
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct JobDone {
    result: String,
    status: &'static str,
}

/// Processes a message.
#[endpoint(tag = "external")]
pub(crate) async fn process(body: Job) -> Result<Json<JobDone>> {
    sleep(Duration::from_millis(500)).await;
    Ok(Json(JobDone {
        result: format!("Processed: {}", body.message),
        status: "success",
    }))
}
