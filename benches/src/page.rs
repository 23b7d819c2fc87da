//! A part of the posts: how it is asked for, and how it is answered.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::post::Post;

/// `?page=2&limit=10`
#[derive(Clone, Copy, Debug, Deserialize, Validate)]
#[serde(default)]
pub struct PostQuery {
    /// From 1.
    #[garde(range(min = 1))]
    pub page: usize,
    /// At most a hundred.
    #[garde(range(min = 1, max = 100))]
    pub limit: usize,
}

impl Default for PostQuery {
    fn default() -> Self {
        Self { page: 1, limit: 10 }
    }
}

/// What a list answers.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
pub struct PostPage {
    /// The posts of this page.
    pub posts: Vec<Post>,
    /// Where they stand in the whole.
    pub pagination: Pagination,
}

/// Where a page stands in the whole.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
pub struct Pagination {
    /// From 1.
    pub page: usize,
    /// How many to a page.
    pub limit: usize,
    /// Of all posts.
    pub total: usize,
    /// Whether another page follows.
    pub has_next: bool,
}
