//! poem-openapi.

use std::sync::Arc;

use garde::Validate;
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Error, Result, Route, Server};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{ApiResponse, OpenApi, OpenApiService};
use resourceful_benches::{
    NewPost, PLAIN, Post, PostPage, PostQuery, Store, announce, extra_paths,
};

struct Posts {
    store: Arc<Store>,
}

#[derive(ApiResponse)]
enum Created {
    #[oai(status = 201)]
    Post(Json<Post>),
}

#[OpenApi]
impl Posts {
    #[oai(path = "/plain", method = "get")]
    async fn plain(&self) -> PlainText<&'static str> {
        PlainText(PLAIN)
    }

    #[oai(path = "/posts", method = "get")]
    async fn list(
        &self,
        #[oai(default = "first")] page: Query<usize>,
        #[oai(default = "ten")] limit: Query<usize>,
    ) -> Result<Json<PostPage>> {
        let query = PostQuery {
            page: page.0,
            limit: limit.0,
        };
        query.validate().map_err(|_| unprocessable())?;
        Ok(Json(self.store.page(query)))
    }

    #[oai(path = "/posts", method = "post")]
    async fn create(&self, new: Json<NewPost>) -> Result<Created> {
        new.validate().map_err(|_| unprocessable())?;
        Ok(Created::Post(Json(new.0.into_post())))
    }

    #[oai(path = "/posts/:id", method = "get")]
    async fn retrieve(&self, id: Path<i64>) -> Result<Json<Post>> {
        find(&self.store, id.0)
    }
}

struct Extra {
    store: Arc<Store>,
}

#[OpenApi]
impl Extra {
    #[oai(path = "/:id", method = "get")]
    async fn retrieve(&self, id: Path<i64>) -> Result<Json<Post>> {
        find(&self.store, id.0)
    }
}

fn find(store: &Store, id: i64) -> Result<Json<Post>> {
    let post = store.find(id);
    post.map(Json)
        .ok_or_else(|| Error::from_status(StatusCode::NOT_FOUND))
}

fn unprocessable() -> Error {
    Error::from_status(StatusCode::UNPROCESSABLE_ENTITY)
}

fn first() -> usize {
    PostQuery::default().page
}

fn ten() -> usize {
    PostQuery::default().limit
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let store = Arc::new(Store::thousand());
    let posts = Posts {
        store: Arc::clone(&store),
    };
    let mut route = Route::new().nest("/", OpenApiService::new(posts, "Posts", "1.0"));
    for path in extra_paths() {
        let store = Arc::clone(&store);
        route = route.nest(path, OpenApiService::new(Extra { store }, "Extra", "1.0"));
    }
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let address = acceptor.local_addr()[0].as_socket_addr().copied();
    announce(address.expect("it is bound to a socket"));
    Server::new_with_acceptor(acceptor).run(route).await
}
