//! A blog's HTTP API: the Django chapter on async views, in Rust.
//!
//! | file | what it is |
//! |---|---|
//! | `posts.rs` | `/api/posts/`: an `AsyncResource` |
//! | `post_list.rs` | `/api/post-list/`: an `AsyncView` |
//! | `views.rs` | the function views |
//! | `new_post.rs`, `slug.rs` | making a post |
//! | `error.rs` | what goes wrong, and what clients read of it |
//! | `database.rs`, `migration.rs`, `entity/` | where the posts are |

// An application documents its URLs, not its fields.
#![allow(missing_docs)]

pub mod database;
pub mod entity;
pub mod error;
mod migration;
pub mod new_post;
mod post_list;
pub mod posts;
mod slug;
mod views;

use resourceful::prelude::*;
use sea_orm::DatabaseConnection;

use crate::post_list::PostList;
use crate::posts::Posts;

/// The whole blog on this database.
pub fn app(database: &DatabaseConnection) -> App {
    let db = || database.clone();
    let pool = db();
    App::new()
        .get("/async-hello/", public(views::async_hello))
        .get("/posts/", public(with_state(db(), views::post_list)))
        .get("/posts/{id}/", public(with_state(db(), views::post_detail)))
        .post("/endpoint/", public(views::process))
        .view("/api/post-list/", PostList::new(db()))
        .resource("/api/posts/", Posts::new(db()))
        .problems(error::with_error_member)
        .on_stop(|| async move { pool.close().await.map_err(Error::internal) })
}
