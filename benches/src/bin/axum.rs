//! axum.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use garde::Validate;
use resourceful_benches::{
    NewPost, PLAIN, Post, PostPage, PostQuery, Store, announce, extra_paths,
};
use tokio::net::TcpListener;

async fn plain() -> &'static str {
    PLAIN
}

async fn list(
    State(store): State<Arc<Store>>,
    Query(query): Query<PostQuery>,
) -> Result<Json<PostPage>, StatusCode> {
    query
        .validate()
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(Json(store.page(query)))
}

async fn create(Json(new): Json<NewPost>) -> Result<(StatusCode, Json<Post>), StatusCode> {
    new.validate()
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok((StatusCode::CREATED, Json(new.into_post())))
}

async fn retrieve(
    State(store): State<Arc<Store>>,
    Path(id): Path<i64>,
) -> Result<Json<Post>, StatusCode> {
    store.find(id).map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut router = Router::new()
        .route("/plain", get(plain))
        .route("/posts", get(list).post(create))
        .route("/posts/{id}", get(retrieve));
    for path in extra_paths() {
        router = router.route(&format!("{path}/{{id}}"), get(retrieve));
    }
    let router = router.with_state(Arc::new(Store::thousand()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?);
    axum::serve(listener, router).await
}
