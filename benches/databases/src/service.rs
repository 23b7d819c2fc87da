//! The requests of the service, as the servers put them to a database.

use std::error::Error;

use crate::post::{Cursor, Draft, Post, PostChanges, PostRow};

pub type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// The published posts of a database.
pub trait Service: Send + Sync + 'static {
    /// The posts of a page, the newest first, and the number of all.
    fn list(
        &self,
        limit: i64,
        offset: i64,
    ) -> impl Future<Output = Result<(Vec<PostRow>, i64)>> + Send;

    /// At most `limit` posts after a row, the newest first.
    fn feed(
        &self,
        limit: i64,
        after: Option<Cursor>,
    ) -> impl Future<Output = Result<Vec<PostRow>>> + Send;

    fn item(&self, id: i64) -> impl Future<Output = Result<Option<Post>>> + Send;

    /// Inserts a post by one statement.
    fn create(&self, draft: Draft) -> impl Future<Output = Result<Post>> + Send;

    /// Looks whether the slug is taken, and inserts a post unless it is, in one transaction.
    fn create_checked(&self, draft: Draft) -> impl Future<Output = Result<Option<Post>>> + Send;

    /// Changes the title of a post that has this version.
    fn update(
        &self,
        id: i64,
        changes: PostChanges,
    ) -> impl Future<Output = Result<Option<Post>>> + Send;
}
