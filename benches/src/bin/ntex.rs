//! ntex.

use std::net::TcpListener;
use std::sync::Arc;

use garde::Validate;
use ntex::web::types::{Json, Path, Query, State};
use ntex::web::{self, App, HttpResponse, HttpServer};
use resourceful_benches::{NewPost, PLAIN, PostQuery, Store, announce, extra_paths};

async fn plain() -> &'static str {
    PLAIN
}

async fn list(store: State<Arc<Store>>, query: Query<PostQuery>) -> HttpResponse {
    if query.validate().is_err() {
        return HttpResponse::UnprocessableEntity().finish();
    }
    HttpResponse::Ok().json(&store.page(*query))
}

async fn create(new: Json<NewPost>) -> HttpResponse {
    if new.validate().is_err() {
        return HttpResponse::UnprocessableEntity().finish();
    }
    HttpResponse::Created().json(&new.into_inner().into_post())
}

async fn retrieve(store: State<Arc<Store>>, id: Path<i64>) -> HttpResponse {
    match store.find(*id) {
        Some(post) => HttpResponse::Ok().json(&post),
        None => HttpResponse::NotFound().finish(),
    }
}

#[ntex::main]
async fn main() -> std::io::Result<()> {
    let store = Arc::new(Store::thousand());
    let server = HttpServer::new(async move || {
        let mut app = App::new()
            .state(Arc::clone(&store))
            .route("/plain", web::get().to(plain))
            .service(
                web::resource("/posts")
                    .route(web::get().to(list))
                    .route(web::post().to(create)),
            )
            .route("/posts/{id}", web::get().to(retrieve));
        for path in extra_paths() {
            app = app.route(&format!("{path}/{{id}}"), web::get().to(retrieve));
        }
        app
    });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    announce(listener.local_addr()?);
    server.workers(1).listen(listener)?.run().await
}
