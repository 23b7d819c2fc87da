//! What all contenders share: the work, and the way they are started and stopped. What serves
//! it is the contender's own, in `src/bin`.

#[cfg(feature = "hyper")]
pub mod bare;
mod page;
mod post;
mod process;
mod store;

pub use page::{Pagination, PostPage, PostQuery};
pub use post::{NewPost, Post};
pub use process::{announce, extra_paths};
pub use store::Store;

/// What `/plain` answers.
pub const PLAIN: &str = "Hello, World!";
