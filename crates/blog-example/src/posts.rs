//! `/api/posts/`: the posts as a resource.
//!
//! Coming from Django: this is the chapter's `PostAPIView`. Two hooks are written by hand; the library has the
//! others, as well as parsing, validation, statuses and 405.

use resourceful::prelude::*;
use resourceful_db::{Changeset, Db, Item, ItemId, ModelResource, Scope, actions};

use crate::entity::post;
use crate::error::BlogError;
use crate::new_post::{NewPost, not_blank, not_blank_pattern};

/// A post in responses.
#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema, Item)]
#[item(entity = post::Entity)]
pub struct Post {
    pub id: i64,
    pub title: String,
    pub slug: String,
}

/// Changes of a post. Absent fields stay unchanged.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
#[serde(default)]
pub struct PostChanges {
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[garde(length(chars, max = 200), inner(custom(not_blank)))]
    #[schemars(regex(pattern = not_blank_pattern()), example = &"Hello again")]
    pub title: Change<String>,
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[garde(skip)]
    pub content: Change<String>,
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[garde(skip)]
    pub published: Change<bool>,
}

#[derive(Debug, AsRef)]
pub struct Posts {
    #[as_ref]
    database: Db,
}

impl Posts {
    #[must_use]
    pub fn new(database: &Db) -> Self {
        let database = database.clone();
        Self { database }
    }
}

/// Blog posts.
#[resource(only(list, create, update, destroy))]
#[errors(PostNotFound, Unavailable, Database)]
impl ModelResource for Posts {
    type Access = Public;
    type Entity = post::Entity;
    type Item = Post;

    /// Everybody may change each post, published or not.
    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        Scope::all()
    }

    /// All published posts, newest first.
    #[errors(Unavailable, Database)]
    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Post>, BlogError> {
        let posts = post::published().all(&self.database).await?;
        Ok(Page::all(posts).map(Post::from))
    }

    /// Creates a post with a slug from its title.
    #[errors(Unavailable, Database)]
    async fn create(&self, _: &Request, new: NewPost) -> Result<Post, BlogError> {
        Ok(new.insert(&self.database).await?.into())
    }

    /// Changes a post, published or not; its slug stays.
    async fn update(
        &self,
        request: &Request,
        id: ItemId<Posts>,
        changes: PostChanges,
    ) -> Result<Post, BlogError> {
        actions::update(self, request, id, changes).await
    }

    /// Publishes a post. A second call has no effect.
    #[action(POST, "publish")]
    async fn publish(&self, request: &Request, id: ItemId<Posts>) -> Result<Post, BlogError> {
        let published = Change::Set(true);
        let changes = PostChanges {
            published,
            ..Default::default()
        };
        actions::update(self, request, id, changes).await
    }

    fn location_id(&self, post: &Post) -> Option<i64> {
        Some(post.id)
    }
}

impl From<post::Model> for Post {
    fn from(post: post::Model) -> Self {
        Self {
            id: post.id,
            title: post.title,
            slug: post.slug,
        }
    }
}
