//! The work that all contenders do.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct Post {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) slug: String,
    pub(crate) views: i64,
    pub(crate) published: bool,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewPost {
    #[garde(length(min = 1, max = 200))]
    pub(crate) title: String,
    #[serde(default)]
    #[garde(skip)]
    pub(crate) published: bool,
}

impl NewPost {
    pub(crate) fn into_post(self) -> Post {
        let slug = self.title.to_ascii_lowercase();
        Post {
            id: 1001,
            slug,
            title: self.title,
            views: 0,
            published: self.published,
        }
    }
}

pub(crate) fn thousand() -> Vec<Post> {
    let post = |id| Post {
        id,
        title: format!("Post number {id}"),
        slug: format!("post-number-{id}"),
        views: id * 7,
        published: true,
    };
    (1..=1000).map(post).collect()
}
