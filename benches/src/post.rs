//! The one thing that all contenders serve.

use garde::Validate;
use serde::{Deserialize, Serialize};

/// A post as it is answered.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "resourceful", derive(schemars::JsonSchema))]
pub struct Post {
    /// From 1.
    pub id: i64,
    /// What people read.
    pub title: String,
    /// What addresses are made of.
    pub slug: String,
    /// How often it was read.
    pub views: i64,
    /// Whether the public sees it.
    pub published: bool,
}

/// The body of a creation.
#[derive(Debug, Deserialize, Validate)]
#[cfg_attr(feature = "poem-openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "resourceful", derive(schemars::JsonSchema))]
pub struct NewPost {
    /// What people read.
    #[garde(length(min = 1, max = 200))]
    pub title: String,
    /// Whether the public sees it.
    #[serde(default)]
    #[cfg_attr(feature = "poem-openapi", oai(default))]
    #[garde(skip)]
    pub published: bool,
}

impl NewPost {
    /// The post as a database would give it back. It is not kept, so that a long run costs what
    /// a short one does.
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
