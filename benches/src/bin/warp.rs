//! warp.

use std::convert::Infallible;
use std::sync::Arc;

use garde::Validate;
use resourceful_benches::{NewPost, PLAIN, PostQuery, Store, announce, extra_paths};
use tokio::net::TcpListener;
use warp::http::StatusCode;
use warp::reply::{self, Reply, Response};
use warp::{Filter, Rejection};

fn with(store: Arc<Store>) -> impl Filter<Extract = (Arc<Store>,), Error = Infallible> + Clone {
    warp::any().map(move || Arc::clone(&store))
}

#[expect(clippy::needless_pass_by_value, reason = "`map` gives it away")]
fn list(query: PostQuery, store: Arc<Store>) -> Response {
    if query.validate().is_err() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    reply::json(&store.page(query)).into_response()
}

fn create(new: NewPost) -> Response {
    if new.validate().is_err() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    reply::with_status(reply::json(&new.into_post()), StatusCode::CREATED).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "`map` gives it away")]
fn retrieve(id: i64, store: Arc<Store>) -> Response {
    match store.find(id) {
        Some(post) => reply::json(&post).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let store = Arc::new(Store::thousand());
    let plain = warp::path!("plain").and(warp::get()).map(|| PLAIN);
    let list = warp::path!("posts")
        .and(warp::get())
        .and(warp::query())
        .and(with(Arc::clone(&store)))
        .map(list);
    let create = warp::path!("posts")
        .and(warp::post())
        .and(warp::body::json())
        .map(create);
    let item = warp::path!("posts" / i64)
        .and(warp::get())
        .and(with(Arc::clone(&store)))
        .map(retrieve);
    let posts = plain.or(list).or(create).or(item);
    let mut extra = none();
    for path in extra_paths() {
        let collection = path.trim_start_matches('/').to_owned();
        let item = warp::path(collection)
            .and(warp::path::param())
            .and(warp::path::end())
            .and(warp::get())
            .and(with(Arc::clone(&store)))
            .map(retrieve);
        extra = extra.or(item).unify().boxed();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?);
    warp::serve(posts.or(extra)).incoming(listener).run().await;
    Ok(())
}

/// A filter that matches no request, as the start of a chain of unknown length.
fn none() -> warp::filters::BoxedFilter<(Response,)> {
    warp::any()
        .and_then(|| async { Err::<Response, Rejection>(warp::reject::not_found()) })
        .boxed()
}
