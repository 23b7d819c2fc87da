//! The resource that all contenders serve.

use garde::Validate;
use serde::{Deserialize, Serialize};

/// A post in a response.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "resourceful", derive(schemars::JsonSchema))]
pub struct Post {
    /// Id, from 1.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Part of the URL.
    pub slug: String,
    /// Number of views.
    pub views: i64,
    /// Whether the post is public.
    pub published: bool,
}

/// Body of a new post.
#[derive(Debug, Deserialize, Validate)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "resourceful", derive(schemars::JsonSchema))]
pub struct NewPost {
    /// Title.
    #[garde(length(min = 1, max = 200))]
    pub title: String,
    /// Whether the post is public.
    #[serde(default)]
    #[cfg_attr(feature = "poem-openapi", oai(default))]
    #[garde(skip)]
    pub published: bool,
}

impl NewPost {
    /// Returns the post as a database would. It is not stored, so that a long run costs the same as a
    /// short one.
    #[must_use]
    pub fn into_post(self) -> Post {
        Post {
            id: 1001,
            slug: self.title.to_ascii_lowercase(),
            title: self.title,
            views: 0,
            published: self.published,
        }
    }
}
