//! actix-web.

use actix_web::error::{ErrorNotFound, ErrorUnprocessableEntity};
use actix_web::web::{self, Data, Json, Path, Query};
use actix_web::{App, HttpResponse, HttpServer, Result};
use garde::Validate;
use resourceful_benches::{
    NewPost, PLAIN, Post, PostPage, PostQuery, Store, announce, extra_paths,
};

async fn plain() -> &'static str {
    PLAIN
}

async fn list(store: Data<Store>, query: Query<PostQuery>) -> Result<Json<PostPage>> {
    query.validate().map_err(ErrorUnprocessableEntity)?;
    Ok(Json(store.page(*query)))
}

async fn create(Json(new): Json<NewPost>) -> Result<HttpResponse> {
    new.validate().map_err(ErrorUnprocessableEntity)?;
    Ok(HttpResponse::Created().json(new.into_post()))
}

async fn retrieve(store: Data<Store>, id: Path<i64>) -> Result<Json<Post>> {
    let post = store.find(*id);
    post.map(Json).ok_or_else(|| ErrorNotFound("no such post"))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let store = Data::new(Store::thousand());
    let server = HttpServer::new(move || {
        let mut app = App::new()
            .app_data(store.clone())
            .route("/plain", web::get().to(plain))
            .service(web::resource("/posts").get(list).post(create))
            .route("/posts/{id}", web::get().to(retrieve));
        for path in extra_paths() {
            app = app.route(&format!("{path}/{{id}}"), web::get().to(retrieve));
        }
        app
    });
    let server = server.workers(1).bind("127.0.0.1:0")?;
    announce(server.addrs()[0]);
    server.run().await
}
