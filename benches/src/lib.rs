//! Shared by all contenders: the data and logic of the service, and starting and stopping. Each
//! contender's server is in `src/bin`.

#[cfg(feature = "hyper")]
pub mod bare;
pub mod callers;
mod page;
mod post;
mod process;
mod store;

pub use page::{Pagination, PostPage, PostQuery};
pub use post::{NewPost, Post};
pub use process::{announce, extra_paths};
pub use store::Store;

/// Body of `/plain`.
pub const PLAIN: &str = "Hello, World!";
