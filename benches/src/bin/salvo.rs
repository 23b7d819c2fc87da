//! Salvo.

use std::sync::Arc;

use garde::Validate;
use resourceful_benches::{
    NewPost, PLAIN, Post, PostPage, PostQuery, Store, announce, extra_paths,
};
use salvo::affix_state;
use salvo::prelude::*;

#[handler]
async fn plain() -> &'static str {
    PLAIN
}

#[handler]
async fn list(request: &mut Request, depot: &mut Depot) -> Result<Json<PostPage>, StatusError> {
    let query: PostQuery = request
        .parse_queries()
        .map_err(|_| StatusError::unprocessable_entity())?;
    query
        .validate()
        .map_err(|_| StatusError::unprocessable_entity())?;
    Ok(Json(store(depot)?.page(query)))
}

#[handler]
async fn create(request: &mut Request, response: &mut Response) -> Result<Json<Post>, StatusError> {
    let new: NewPost = request
        .parse_json()
        .await
        .map_err(|_| StatusError::bad_request())?;
    new.validate()
        .map_err(|_| StatusError::unprocessable_entity())?;
    response.status_code(StatusCode::CREATED);
    Ok(Json(new.into_post()))
}

#[handler]
async fn retrieve(request: &mut Request, depot: &mut Depot) -> Result<Json<Post>, StatusError> {
    let id = request.param("id").ok_or_else(StatusError::not_found)?;
    let post = store(depot)?.find(id);
    post.map(Json).ok_or_else(StatusError::not_found)
}

fn store(depot: &Depot) -> Result<&Store, StatusError> {
    let store = depot.get_typed::<Arc<Store>>();
    store
        .map(|store| &**store)
        .map_err(|_| StatusError::internal_server_error())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut router = Router::new()
        .hoop(affix_state::inject(Arc::new(Store::thousand())))
        .push(Router::with_path("plain").get(plain))
        .push(
            Router::with_path("posts")
                .get(list)
                .post(create)
                .push(Router::with_path("{id}").get(retrieve)),
        );
    for path in extra_paths() {
        let item = Router::with_path("{id}").get(retrieve);
        router = router.push(Router::with_path(path).push(item));
    }
    let acceptor = TcpListener::new("127.0.0.1:0").bind().await;
    announce(acceptor.local_addr().expect("it is bound"));
    Server::new(acceptor).serve(router).await;
}
