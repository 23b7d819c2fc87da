//! The service on axum.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use garde::Validate;
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::post::{Cursor, Feed, NewPost, Page, PostChanges};
use crate::process::announce;
use crate::service::{Result, Service};

#[derive(Deserialize, Validate)]
struct PageQuery {
    #[garde(range(min = 1))]
    page: i64,
    #[garde(range(min = 1, max = 100))]
    limit: i64,
}

#[derive(Deserialize, Validate)]
struct FeedQuery {
    #[garde(range(min = 1, max = 100))]
    limit: i64,
    #[garde(skip)]
    cursor: Option<String>,
}

/// An error as a response.
struct Failure(StatusCode);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl From<Box<dyn std::error::Error + Send + Sync>> for Failure {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        eprintln!("{error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<garde::Report> for Failure {
    fn from(_: garde::Report) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY)
    }
}

/// Serves until the process ends.
///
/// # Errors
/// If binding or accepting fails.
pub async fn serve<S: Service>(service: S) -> Result<()> {
    let router = Router::new()
        .route("/posts", get(list::<S>).post(create::<S>))
        .route("/posts/{id}", get(item::<S>).patch(update::<S>))
        .route("/checked", post(create_checked::<S>))
        .route("/feed", get(feed::<S>))
        .with_state(Arc::new(service));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn list<S: Service>(
    State(service): State<Arc<S>>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Failure> {
    query.validate()?;
    let PageQuery { page, limit } = query;
    let (posts, total) = service.list(limit, (page - 1) * limit).await?;
    Ok(Json(Page::new(posts, page, limit, total)))
}

async fn feed<S: Service>(
    State(service): State<Arc<S>>,
    Query(query): Query<FeedQuery>,
) -> Result<impl IntoResponse, Failure> {
    query.validate()?;
    let parse = |text: &str| Cursor::parse(text).ok_or(Failure(StatusCode::UNPROCESSABLE_ENTITY));
    let after = query.cursor.as_deref().map(parse).transpose()?;
    let posts = service.feed(query.limit + 1, after).await?;
    Ok(Json(Feed::new(posts, query.limit)))
}

async fn item<S: Service>(
    State(service): State<Arc<S>>,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, Failure> {
    let post = service.item(id).await?;
    post.map(Json).ok_or(Failure(StatusCode::NOT_FOUND))
}

async fn create<S: Service>(
    State(service): State<Arc<S>>,
    Json(new): Json<NewPost>,
) -> Result<impl IntoResponse, Failure> {
    new.validate()?;
    let post = service.create(new.into_draft()).await?;
    Ok((StatusCode::CREATED, Json(post)))
}

async fn create_checked<S: Service>(
    State(service): State<Arc<S>>,
    Json(new): Json<NewPost>,
) -> Result<impl IntoResponse, Failure> {
    new.validate()?;
    let post = service.create_checked(new.into_draft()).await?;
    let post = post.ok_or(Failure(StatusCode::CONFLICT))?;
    Ok((StatusCode::CREATED, Json(post)))
}

async fn update<S: Service>(
    State(service): State<Arc<S>>,
    Path(id): Path<i64>,
    Json(changes): Json<PostChanges>,
) -> Result<impl IntoResponse, Failure> {
    changes.validate()?;
    let post = service.update(id, changes).await?;
    post.map(Json).ok_or(Failure(StatusCode::CONFLICT))
}
