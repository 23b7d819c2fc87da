//! Rocket.

use std::net::{Ipv4Addr, SocketAddr};

use garde::Validate;
use resourceful_benches::{
    NewPost, PLAIN, Post, PostPage, PostQuery, Store, announce, extra_paths,
};
use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Config, State, get, post, routes};

#[get("/plain")]
fn plain() -> &'static str {
    PLAIN
}

#[get("/?<page>&<limit>")]
fn list(
    page: Option<usize>,
    limit: Option<usize>,
    store: &State<Store>,
) -> Result<Json<PostPage>, Status> {
    let default = PostQuery::default();
    let query = PostQuery {
        page: page.unwrap_or(default.page),
        limit: limit.unwrap_or(default.limit),
    };
    query.validate().map_err(|_| Status::UnprocessableEntity)?;
    Ok(Json(store.page(query)))
}

#[post("/", data = "<new>")]
fn create(new: Json<NewPost>) -> Result<(Status, Json<Post>), Status> {
    new.validate().map_err(|_| Status::UnprocessableEntity)?;
    Ok((Status::Created, Json(new.into_inner().into_post())))
}

#[get("/<id>")]
fn retrieve(id: i64, store: &State<Store>) -> Option<Json<Post>> {
    store.find(id).map(Json)
}

// Not `#[launch]`, whose runtime has one thread per processor.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<rocket::Error>> {
    // Rocket binds by itself and reports the address only when it serves.
    let config = Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        log_level: rocket::config::LogLevel::Off,
        ..Config::release_default()
    };
    let liftoff = AdHoc::on_liftoff("announce", |rocket| {
        Box::pin(async move {
            let Config { address, port, .. } = *rocket.config();
            announce(SocketAddr::new(address, port));
        })
    });
    let mut rocket = rocket::custom(config)
        .manage(Store::thousand())
        .attach(liftoff)
        .mount("/", routes![plain])
        .mount("/posts", routes![list, create, retrieve]);
    for path in extra_paths() {
        rocket = rocket.mount(path, routes![retrieve]);
    }
    rocket.launch().await.map(drop).map_err(Box::new)
}
