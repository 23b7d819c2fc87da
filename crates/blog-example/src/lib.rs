//! A blog's HTTP API: the Django chapter on async views, in Rust.
//!
//! | file | what it is |
//! |---|---|
//! | `posts.rs` | `/api/posts/`: an `AsyncResource` |
//! | `post_list.rs` | `/api/post-list/`: an `AsyncView` |
//! | `views.rs` | the plain function views |
//! | `external.rs`, `users/` | what asks an external service |
//! | `statistics.rs`, `recent.rs` | several queries at once, and SQL by hand |
//! | `bulk.rs` | many posts in one request |
//! | `github.rs` | GitHub's webhook |
//! | `cached.rs` | what is computed once and kept |
//! | `new_post.rs`, `slug.rs` | making a post |
//! | `error.rs` | what goes wrong, and what clients read of it |
//! | `settings.rs`, `services.rs` | the environment, and what is opened at start |
//! | `database.rs`, `pool.rs`, `migration.rs`, `entity/` | where the posts are |

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

/// The whole blog on these services.
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
    let asked = database.clone();
    let app = App::new()
        .info(about())
        .docs()
        .get("/", public(views::home).described(views::about_home()))
        .tag("async-hello", "The first async view.")
        .tag("cache", "What is computed once and kept.")
        .tag("docs", "What this is.")
        .tag("external", "What an external service says.")
        .tag("statistics", "What there is.")
        .tag("users", "Users, here and at an external service.")
        .tag("webhooks", "What others tell us.")
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
        .ready_check("database", move || sign_of_life(asked.clone()))
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

async fn sign_of_life(database: Pool) -> Result<()> {
    let ping = database.connections().ping();
    database.bounded(ping).await.map_err(Error::internal)
}
