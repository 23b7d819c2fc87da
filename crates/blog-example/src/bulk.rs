//! `POST /posts/bulk/`: many posts in one request, of which the good ones are created.
//!
//! Coming from Django: `bulk_create_posts` with its `try` around each item is a `Bulk<NewPost>`,
//! whose items are validated one by one.

use std::sync::Arc;
use std::time::Duration;

use resourceful::{Bulk, BulkFailure, prelude::*};
use sea_orm::DbErr;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::database;
use crate::error::BlogError;
use crate::new_post::{NewPost, Slugs};
use crate::pool::Pool;
use crate::posts::Post;

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct NewPosts {
    // None and an empty list are a fault of their own, with a text that clients know.
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

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose turn it is to write many posts. Who waits here has no connection yet, so that others
/// find one.
pub(crate) type Turn = Arc<Mutex<()>>;

/// One after the other, so that ids and slugs come in the order of the list, and in one
/// transaction: when the database fails half-way, nothing is there.
pub(crate) async fn create(
    (database, turn): (Pool, Turn),
    mut request: Request,
) -> Result<Json<Outcome>, BlogError> {
    let NewPosts { posts } = request.json().await?;
    let posts = posts.filter(|posts| !posts.is_empty());
    let posts = posts.ok_or(BlogError::NoPosts)?;
    // A database that is away is not waited for in a queue.
    database.connections().ping().await?;
    let turn = timeout(PATIENCE, turn.lock()).await;
    let _turn = turn.map_err(|_| BlogError::Busy)?;
    let outcome = database.bounded(write(&database, posts)).await?;
    Ok(Json(outcome))
}

pub(crate) fn about_create() -> Description {
    Description::of("Makes many posts; what is wrong with one harms no other.").body::<NewPosts>()
}

async fn write(database: &Pool, posts: Bulk<NewPost>) -> Result<Outcome, DbErr> {
    let transaction = database::begin_writing(database.connections()).await?;
    let mut slugs = Slugs::default();
    let (mut successful_posts, mut failed_posts) = (Vec::new(), Vec::new());
    for item in posts {
        match item.value {
            Ok(post) => {
                let post = post.insert_with(&mut slugs, &transaction).await?;
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
