//! The function views: `/`, `/async-hello/`, `/posts/`, `/posts/{id}/`, `/endpoint/`.
//!
//! Coming from Django: `async def view(request)` is `async fn view(request: Request)`. Registering the
//! view with a method replaces `require_http_methods`. `with_state` passes state as the first parameter.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use resourceful::{Body, Response, prelude::*};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter};
use tokio::time::sleep;

use crate::entity::{comment, post, user};
use crate::error::BlogError;
use crate::pool::Pool;

/// `GET /`: redirects to the API documentation.
pub(crate) async fn home(_: Request) -> Result<impl IntoResponse> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let docs = HeaderValue::from_static("/docs");
    response.headers_mut().insert(LOCATION, docs);
    Ok(response)
}

pub(crate) fn about_home() -> Description {
    Description::of("Redirects to the API documentation.")
        .operation_id("home")
        .tag("docs")
        .response_of(StatusCode::TEMPORARY_REDIRECT, None)
}

#[derive(Debug, Serialize, JsonSchema)]
struct Message {
    message: &'static str,
}

/// `GET /async-hello/`: simulates waiting for another service.
pub(crate) async fn async_hello(_: Request) -> Result<impl IntoResponse> {
    sleep(Duration::from_millis(100)).await;
    Ok(Json(Message {
        message: "Hello from async view!",
    }))
}

pub(crate) fn about_async_hello() -> Description {
    Description::of("Returns a greeting after a short wait.")
}

#[derive(Debug, Serialize, JsonSchema)]
struct PostSummary {
    id: i64,
    title: String,
    created_at: DateTime<Utc>,
}

/// `GET /posts/`: all published posts.
pub(crate) async fn post_list(database: Pool, _: Request) -> Result<impl IntoResponse, BlogError> {
    let posts = post::published().all(&database).await?;
    let posts = Page::all(posts).map(
        |post::Model {
             id,
             title,
             created_at,
             ..
         }| PostSummary {
            id,
            title,
            created_at,
        },
    );
    Ok(Json(posts.with_key("posts")).into_response())
}

pub(crate) fn about_post_list() -> Description {
    Description::of("All published posts, newest first.")
        .page_response::<PostSummary, Unpaged>("posts")
}

#[derive(Debug, Serialize, JsonSchema)]
struct PostDetail {
    id: i64,
    title: String,
    content: String,
    author: Option<String>,
    comments_count: u64,
}

/// `GET /posts/{id}/`: a published post. Its author and the number of its comments are fetched
/// concurrently.
pub(crate) async fn post_detail(
    database: Pool,
    request: Request,
) -> Result<impl IntoResponse, BlogError> {
    let id = request.param("id")?;
    let post = post::Entity::find_by_id(id)
        .filter(post::Column::Published.eq(true))
        .one(&database)
        .await?
        .ok_or(BlogError::PostNotFound(id))?;
    let author = post.find_related(user::Entity).one(&database);
    let comments = post.find_related(comment::Entity).count(&database);
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

pub(crate) fn about_post_detail() -> Description {
    Description::of("A published post.").path::<i64>("id")
}

/// The body of `POST /endpoint/`.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Job {
    #[serde(default = "no_message")]
    #[schemars(extend("x-allow-nul" = true), example = &"Paint the fence.")] // it is not stored
    #[garde(skip)]
    message: String,
}

fn no_message() -> String {
    "No message".to_owned()
}

#[derive(Debug, Serialize, JsonSchema)]
struct JobDone {
    result: String,
    status: &'static str,
}

/// `POST /endpoint/`: simulates half a second of work on a message.
pub(crate) async fn process(mut request: Request) -> Result<impl IntoResponse> {
    let job: Job = request.json().await?;
    sleep(Duration::from_millis(500)).await;
    Ok(Json(JobDone {
        result: format!("Processed: {}", job.message),
        status: "success",
    }))
}

pub(crate) fn about_process() -> Description {
    Description::of("Processes a message.")
        .tag("external")
        .body::<Job>()
}
