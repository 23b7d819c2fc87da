//! A thousand posts in memory. Like a database it returns owned posts.

use crate::page::{Pagination, PostPage, PostQuery};
use crate::post::Post;

/// The posts.
#[derive(Debug)]
pub struct Store {
    posts: Vec<Post>,
}

impl Store {
    /// Posts 1 to 1000.
    #[must_use]
    pub fn thousand() -> Self {
        let post = |id| Post {
            id,
            title: format!("Post number {id}"),
            slug: format!("post-number-{id}"),
            views: id * 7,
            published: true,
        };
        Self {
            posts: (1..=1000).map(post).collect(),
        }
    }

    /// All posts.
    #[must_use]
    pub fn all(&self) -> &[Post] {
        &self.posts
    }

    /// The post with this id.
    #[must_use]
    pub fn find(&self, id: i64) -> Option<Post> {
        let index = usize::try_from(id.checked_sub(1)?).ok()?;
        self.posts.get(index).cloned()
    }

    /// One page, for a validated query.
    #[must_use]
    pub fn page(&self, PostQuery { page, limit }: PostQuery) -> PostPage {
        let total = self.posts.len();
        let offset = (page - 1).saturating_mul(limit);
        PostPage {
            posts: self
                .posts
                .iter()
                .skip(offset)
                .take(limit)
                .cloned()
                .collect(),
            pagination: Pagination {
                page,
                limit,
                total,
                has_next: offset.saturating_add(limit) < total,
            },
        }
    }
}
