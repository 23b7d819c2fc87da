//! A page of posts: its query and its response.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::post::Post;

/// `?page=2&limit=10`
#[derive(Clone, Copy, Debug, Deserialize, Validate)]
#[serde(default)]
pub struct PostQuery {
    /// Page number, from 1.
    #[garde(range(min = 1))]
    pub page: usize,
    /// Posts per page, at most 100.
    #[garde(range(min = 1, max = 100))]
    pub limit: usize,
}

impl Default for PostQuery {
    fn default() -> Self {
        Self { page: 1, limit: 10 }
    }
}

/// Response of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
pub struct PostPage {
    /// The posts of this page.
    pub posts: Vec<Post>,
    /// Position of the page.
    pub pagination: Pagination,
}

/// Position of a page among all posts.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
pub struct Pagination {
    /// Page number, from 1.
    pub page: usize,
    /// Posts per page.
    pub limit: usize,
    /// Number of all posts.
    pub total: usize,
    /// Whether another page follows.
    pub has_next: bool,
}
