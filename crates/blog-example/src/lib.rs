//! A blog's HTTP API: the Django chapter on async views, in Rust.
//!
//! | file | content |
//! |---|---|
//! | `posts.rs` | `/api/posts/`: an `AsyncResource` |
//! | `post_list.rs` | `/api/post-list/`: an `AsyncView` |
//! | `views.rs` | function views |
//! | `external.rs`, `users/` | calls to an external service |
//! | `statistics.rs`, `recent.rs` | concurrent queries, and handwritten SQL |
//! | `bulk.rs` | many posts in one request |
//! | `github.rs` | a GitHub webhook |
//! | `cached.rs` | cached computations |
//! | `new_post.rs`, `slug.rs` | creation of posts |
//! | `error.rs` | errors and their responses |
//! | `settings.rs`, `services.rs` | environment variables, and services that are opened at start |
//! | `database.rs`, `pool.rs`, `migration.rs`, `entity/` | the database |

// An application documents its URLs, not its fields.
#![allow(missing_docs)]

mod bulk;
mod cached;
pub mod database;
pub mod entity;
pub mod error;
mod external;
mod github;
mod migration;
pub mod new_post;
pub mod pool;
mod post_list;
pub mod posts;
mod recent;
pub mod services;
pub mod settings;
mod slug;
mod statistics;
mod users;
mod views;

use resourceful::{Info, prelude::*};
use resourceful_webhook::Webhook;

use crate::pool::Pool;
use crate::post_list::PostList;
use crate::posts::Posts;
use crate::services::Services;

/// The application with these services.
pub fn app(services: Services) -> App {
    let Services {
        database,
        upstream,
        cache,
        github,
        deliveries,
    } = services;
    let db = || database.clone();
    let external = || upstream.clone();
    let checked = database.clone();
    let app = App::new()
        .info(about())
        .docs()
        .get("/", public(views::home).described(views::about_home()))
        .tag("async-hello", "The first async view.")
        .tag("cache", "Cached computations.")
        .tag("docs", "About the API.")
        .tag("external", "Data of an external service.")
        .tag("statistics", "Statistics of the blog.")
        .tag("users", "Local users, and users of an external service.")
        .tag("webhooks", "Events of other services.")
        .get(
            "/async-hello/",
            public(views::async_hello).described(views::about_async_hello()),
        )
        .get(
            "/posts/",
            public(with_state(db(), views::post_list)).described(views::about_post_list()),
        )
        .get(
            "/posts/{id}/",
            public(with_state(db(), views::post_detail)).described(views::about_post_detail()),
        )
        .get(
            "/endpoint/",
            public(with_state(external(), external::endpoint))
                .described(external::about_endpoint()),
        )
        .post(
            "/endpoint/",
            public(views::process).described(views::about_process()),
        )
        .view("/api/post-list/", PostList::new(db()))
        .resource("/api/posts/", Posts::new(db()))
        .get(
            "/users/{id}/dashboard/",
            public(with_state(external(), users::dashboard)).described(users::about_dashboard()),
        )
        .get(
            "/users/batch/",
            public(with_state(external(), users::batch)).described(users::about_batch()),
        )
        .post(
            "/users/{id}/sync/",
            public(with_state((external(), db()), users::sync)).described(users::about_sync()),
        )
        .get(
            "/stats/concurrent/",
            public(with_state(db(), statistics::concurrent))
                .described(statistics::about_concurrent()),
        )
        .post(
            "/posts/bulk/",
            public(with_state((db(), bulk::Turn::default()), bulk::create))
                .described(bulk::about_create()),
        )
        .get(
            "/posts/recent/",
            public(with_state(db(), recent::recent)).described(recent::about_recent()),
        )
        .get(
            "/cached/",
            public(with_state(cache.clone(), cached::cached)).described(cached::about_cached()),
        )
        .post(
            "/cache/warm/",
            public(with_state(cache, cached::warm)).described(cached::about_warm()),
        )
        .health()
        .ready_check("database", move || ping(checked.clone()))
        .map_problem(error::with_error_member)
        .on_stop(|| async move { database.close().await.map_err(Error::internal) });
    let hook = "/webhooks/github/";
    match github {
        Some(github) => app.view(
            hook,
            Webhook::new(github, github::Activity).with_delivery_store(deliveries),
        ),
        None => app.post(
            hook,
            public(github::no_secret).described(github::about_no_secret()),
        ),
    }
}

fn about() -> Info {
    Info::new("Blog", env!("CARGO_PKG_VERSION"))
        .with_description("A blog, written with resourceful: the Django chapter on async views.")
        .with_license(env!("CARGO_PKG_LICENSE"))
}

async fn ping(database: Pool) -> Result<()> {
    let ping = database.connections().ping();
    database.bounded(ping).await.map_err(Error::internal)
}
