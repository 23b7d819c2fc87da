//! A blog's HTTP API: the Django chapter on async views, in Rust.
//!
//! | file | content |
//! |---|---|
//! | `posts.rs` | `/api/posts/`: a `ModelResource`, with two hooks by hand |
//! | `post_list.rs` | `/api/post-list/`: an `AsyncView` |
//! | `views.rs` | function views |
//! | `external.rs`, `users/` | calls to an external service |
//! | `statistics.rs`, `recent.rs` | concurrent queries, and handwritten SQL |
//! | `bulk.rs` | many posts in one request |
//! | `github.rs` | a GitHub webhook |
//! | `cached.rs` | cached computations |
//! | `new_post.rs`, `slug.rs` | creation of posts |
//! | `accounts/`, `authors.rs` | `/account/`: sign-up, sign-in, and the user who calls |
//! | `drafts.rs` | `/api/drafts/`: a `ModelResource` with all six actions, for the author of a draft alone |
//! | `comments.rs` | comments of a post, a nested `ModelResource`: everybody reads, authors change their own |
//! | `error.rs` | errors and their responses |
//! | `settings.rs`, `services.rs` | environment variables, and services that are opened at start |
//! | `database.rs`, `migration/`, `entity/` | the database |
//!
//! # Who may call
//! `access.txt` has the rule of each URL. Those of the chapter are public, because nobody signs in there: any
//! client can create, change and delete posts, and the clients of the chapter go on working. Use these rules
//! in an application of yours:
//!
//! | file | rule |
//! |---|---|
//! | `posts.rs` | `SignedInToWrite<Authors>`, and `fn writable` as in `comments.rs` |
//! | `bulk.rs` | `SignedIn<Authors>`, and the caller as the author of the posts |
//! | `users/` | `SignedIn<Authors>`, and a subject that finds the caller alone |
//! | `cached.rs` | `Public` to read; `Only<SignedIn<Authors>, Staff>` to warm the cache |
//! | `external.rs` | `SignedIn<Authors>`: each request costs one to the external service |
//! | `github.rs` | as it is: the signature of a request is its credentials |
//! | the others | `Public`: they read what is published |

// An application documents its URLs, not its fields.
#![allow(missing_docs)]

mod accounts;
mod authors;
mod bulk;
mod cached;
mod comments;
pub mod database;
mod drafts;
pub mod entity;
pub mod error;
mod external;
mod github;
mod migration;
pub mod new_post;
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
use resourceful_db::Db;
use resourceful_webhook::Webhook;

use crate::accounts::Accounts;
use crate::comments::Comments;
use crate::drafts::Drafts;
use crate::post_list::PostList;
use crate::posts::Posts;
use crate::services::Services;
use crate::users::Users;

/// The application with these services.
pub fn app(services: Services) -> App {
    let Services {
        database,
        upstream,
        cache,
        sessions,
        github,
        deliveries,
    } = services;
    let checked = database.clone();
    let authors = authors::authors(sessions, &database);
    let queue = bulk::Queue::new(&database);
    let app = documented()
        .get("/", public(views::home))
        .get("/async-hello/", public(views::async_hello))
        .get("/posts/", public(views::post_list).state(&database))
        .get("/posts/{id}/", public(views::post_detail).state(&database))
        .get("/posts/recent/", public(recent::recent).state(&database))
        .post("/posts/bulk/", public(bulk::create).state(&queue))
        .get(
            "/endpoint/",
            public(external::upstream_data).state(&upstream),
        )
        .post("/endpoint/", public(views::process))
        .view("/api/post-list/", PostList::new(&database))
        .resource("/api/posts/", Posts::new(&database))
        .nest("/account", Accounts::new(&authors, &database).app())
        .resource("/api/drafts/", Drafts::new(&authors, &database))
        .resource(
            "/api/posts/{post_id}/comments/",
            Comments::new(&authors, &database),
        )
        .resource("/users/", Users::new(&upstream, &database))
        .get(
            "/stats/concurrent/",
            public(statistics::concurrent).state(&database),
        )
        .get("/cached/", public(cached::cached).state(&cache))
        .post("/cache/warm/", public(cached::warm).state(&cache))
        .health()
        .ready_check("database", move || ready(checked.clone()))
        .map_problem(error::with_error_member)
        .on_stop(|| async { database.close().await.map_err(Error::internal) });
    match github {
        Some(github) => app.view(
            "/webhooks/github/",
            Webhook::new(github, github::Activity).with_delivery_store(deliveries),
        ),
        None => app.post("/webhooks/github/", public(github::no_secret)),
    }
}

async fn ready(database: Db) -> Result<()> {
    database.ready().await
}

/// An application without URLs: the texts of its document.
fn documented() -> App {
    let info = Info::new("Blog", env!("CARGO_PKG_VERSION"))
        .with_description("A blog, written with resourceful: the Django chapter on async views.")
        .with_license(env!("CARGO_PKG_LICENSE"));
    App::new()
        .info(info)
        .docs()
        .tag("account", "Sign-up, sign-in and sign-out.")
        .tag("async-hello", "The first async view.")
        .tag("cache", "Cached computations.")
        .tag("docs", "About the API.")
        .tag("external", "Data of an external service.")
        .tag("statistics", "Statistics of the blog.")
        .tag("webhooks", "Events of other services.")
}
