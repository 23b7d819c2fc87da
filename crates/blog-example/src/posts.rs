//! `/api/posts/`: the posts as a resource.
//!
//! Coming from Django: this is the chapter's `PostAPIView`. The hooks replace `perform_create` and
//! similar methods. The library does parsing, validation, statuses and 405.

use resourceful::prelude::*;
use resourceful_db::Db;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, EntityTrait};

use crate::entity::post;
use crate::error::BlogError;
use crate::new_post::{NewPost, not_blank, not_blank_pattern};

/// A post in responses.
#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct Post {
    pub id: i64,
    pub title: String,
    pub slug: String,
}

/// Changes of a post. Absent fields stay unchanged.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema, Validate)]
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

#[derive(Debug)]
pub struct Posts {
    database: Db,
}

impl Posts {
    #[must_use]
    pub fn new(database: &Db) -> Self {
        let database = database.clone();
        Self { database }
    }

    async fn change(&self, id: i64, post: post::ActiveModel) -> Result<Post, BlogError> {
        let result = post.update(&self.database).await;
        result.map(Post::from).map_err(|error| match error {
            DbErr::RecordNotUpdated | DbErr::RecordNotFound(_) => BlogError::PostNotFound(id),
            other => other.into(),
        })
    }
}

/// Blog posts.
#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    /// All published posts, newest first.
    #[errors(Unavailable, Database)]
    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Post>, BlogError> {
        let posts = post::published().all(&self.database).await?;
        Ok(Page::all(posts).map(Post::from))
    }

    /// Creates a post with a slug from its title.
    async fn create(&self, _: &Request, new: NewPost) -> Result<Post, BlogError> {
        Ok(new.insert(&self.database).await?.into())
    }

    /// Changes a post, published or not; its slug stays.
    #[errors(PostNotFound, Unavailable, Database)]
    async fn update(&self, _: &Request, id: i64, changes: PostChanges) -> Result<Post, BlogError> {
        self.change(id, changes.apply_to(id)).await
    }

    /// Deletes a post and its comments.
    #[errors(PostNotFound, Unavailable, Database)]
    async fn destroy(&self, _: &Request, id: i64) -> Result<(), BlogError> {
        let result = post::Entity::delete_by_id(id).exec(&self.database).await?;
        if result.rows_affected == 0 {
            Err(BlogError::PostNotFound(id))
        } else {
            Ok(())
        }
    }

    /// Publishes a post. A second call has no effect.
    #[action(POST, "publish")]
    #[errors(PostNotFound, Unavailable, Database)]
    async fn publish(&self, _: &Request, id: i64) -> Result<Post, BlogError> {
        let published = post::ActiveModel {
            id: Set(id),
            published: Set(true),
            ..Default::default()
        };
        self.change(id, published).await
    }

    fn location_id(&self, post: &Post) -> Option<i64> {
        Some(post.id)
    }
}

impl PostChanges {
    /// One `UPDATE` of the changed columns only, so that two clients who change different fields do not
    /// overwrite each other.
    fn apply_to(self, id: i64) -> post::ActiveModel {
        let mut post = post::ActiveModel {
            id: Set(id),
            ..Default::default()
        };
        if let Change::Set(title) = self.title {
            post.title = Set(title);
        }
        if let Change::Set(content) = self.content {
            post.content = Set(content);
        }
        if let Change::Set(published) = self.published {
            post.published = Set(published);
        }
        post
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
