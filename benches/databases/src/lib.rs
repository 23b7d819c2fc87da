//! Shared by the contenders: the posts, the service by which a database is asked, and its two servers.
//! Each contender is in `src/bin`.

mod post;
mod process;
mod service;

#[cfg(feature = "by-hand")]
pub mod bare;
#[cfg(feature = "by-hand")]
pub mod postgres;
#[cfg(feature = "by-hand")]
pub mod sqlite;
#[cfg(feature = "axum")]
pub mod with_axum;

pub use post::{Cursor, Draft, Feed, NewPost, Page, Post, PostChanges, PostRow, new_slug, now};
pub use process::{announce, database_url};
pub use service::{Result, Service};
