//! xitca-web.

use std::net::TcpListener;
use std::sync::Arc;

use garde::Validate;
use resourceful_benches::{
    NewPost, PLAIN, Post, PostPage, PostQuery, Store, announce, extra_paths,
};
use xitca_web::App;
use xitca_web::error::{Error, ErrorStatus};
use xitca_web::handler::handler_service;
use xitca_web::handler::json::Json;
use xitca_web::handler::params::Params;
use xitca_web::handler::query::Query;
use xitca_web::handler::state::StateRef;
use xitca_web::http::StatusCode;
use xitca_web::route::get;

async fn plain() -> &'static str {
    PLAIN
}

async fn list(
    StateRef(store): StateRef<'_, Arc<Store>>,
    Query(query): Query<PostQuery>,
) -> Result<Json<PostPage>, Error> {
    query
        .validate()
        .map_err(|_| status(StatusCode::UNPROCESSABLE_ENTITY))?;
    Ok(Json(store.page(query)))
}

async fn create(Json(new): Json<NewPost>) -> Result<(Json<Post>, StatusCode), Error> {
    new.validate()
        .map_err(|_| status(StatusCode::UNPROCESSABLE_ENTITY))?;
    Ok((Json(new.into_post()), StatusCode::CREATED))
}

async fn retrieve(
    StateRef(store): StateRef<'_, Arc<Store>>,
    Params(id): Params<i64>,
) -> Result<Json<Post>, Error> {
    let post = store.find(id);
    Ok(Json(post.ok_or_else(|| status(StatusCode::NOT_FOUND))?))
}

fn status(status: StatusCode) -> ErrorStatus {
    status.into()
}

fn main() -> std::io::Result<()> {
    let mut app = App::new()
        .at("/plain", get(handler_service(plain)))
        .at(
            "/posts",
            get(handler_service(list)).post(handler_service(create)),
        )
        .at("/posts/{id}", get(handler_service(retrieve)));
    for path in extra_paths() {
        app = app.at(&format!("{path}/{{id}}"), get(handler_service(retrieve)));
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    announce(listener.local_addr()?);
    app.with_state(Arc::new(Store::thousand()))
        .serve()
        .worker_threads(1)
        .listen(listener)?
        .run()
        .wait()
}
