//! `POST /posts/bulk/`: many posts in one request; the valid ones are created.
//!
//! Coming from Django: a `Bulk<NewPost>`, which validates each item, replaces `bulk_create_posts` with
//! its `try` around each item.

use std::sync::Arc;
use std::time::Duration;

use resourceful::{Bulk, BulkFailure, prelude::*};
use resourceful_db::{Db, DbError};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::database;
use crate::error::BlogError;
use crate::new_post::{NewPost, Slugs};
use crate::posts::Post;

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct NewPosts {
    // A missing or empty list is a separate error, with a text that clients know.
    #[schemars(required, length(min = 1))]
    #[garde(skip)]
    posts: Option<Bulk<NewPost>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Outcome {
    successful_posts: Vec<Post>,
    failed_posts: Vec<BulkFailure>,
    total_created: usize,
}

/// Time that a request waits for other bulk requests.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// Lets one bulk request write at a time. A waiting request holds no connection, so that other requests
/// get one.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    database: Db,
    turn: Arc<Mutex<()>>,
}

impl Queue {
    pub(crate) fn new(database: &Db) -> Self {
        Self {
            database: database.clone(),
            turn: Arc::default(),
        }
    }
}

/// Creates many posts. An invalid post does not affect the others.
#[endpoint]
pub(crate) async fn create(queue: &Queue, body: NewPosts) -> Result<Json<Outcome>, BlogError> {
    let Queue { database, turn } = queue;
    let posts = body.posts.filter(|posts| !posts.is_empty());
    let posts = posts.ok_or(BlogError::NoPosts)?;
    // Fails at once if the database is unavailable, before waiting in the queue.
    database.ready().await?;
    let turn = timeout(QUEUE_TIMEOUT, turn.lock()).await;
    let _turn = turn.map_err(|_| BlogError::Busy)?;
    Ok(Json(write(database, posts).await?))
}

/// Creates the posts one after the other, so that ids and slugs follow the order of the list, and in one
/// transaction: if the database fails half-way, no post is created.
async fn write(database: &Db, posts: Bulk<NewPost>) -> Result<Outcome, DbError> {
    let transaction = database::begin_writing(database).await?;
    let mut slugs = Slugs::default();
    let (mut successful_posts, mut failed_posts) = (Vec::new(), Vec::new());
    for item in posts {
        match item.value {
            Ok(post) => {
                let post = post.insert_with(&mut slugs, None, &transaction).await?;
                successful_posts.push(post.into());
            }
            Err(error) => failed_posts.push(BulkFailure::new(item.index, item.data, error)),
        }
    }
    transaction.commit().await?;
    Ok(Outcome {
        total_created: successful_posts.len(),
        successful_posts,
        failed_posts,
    })
}
