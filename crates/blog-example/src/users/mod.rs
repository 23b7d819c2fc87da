//! `/users/..`: users of the external service.
//!
//! Coming from Django: instead of `asyncio.gather(..., return_exceptions=True)`, use `tokio::join!`
//! for a few calls of different types, and `gather` for many of one type. Each call has its own
//! `Result`.

mod batch;
mod dashboard;
mod sync;

use resourceful::prelude::*;
use resourceful_client::Client;
use resourceful_db::Db;

use self::batch::{Batch, BatchQuery};
use self::dashboard::Dashboard;
use self::sync::Synchronized;
use crate::error::BlogError;

#[derive(Debug)]
pub(crate) struct Users {
    upstream: Client,
    database: Db,
}

impl Users {
    pub(crate) fn new(upstream: &Client, database: &Db) -> Self {
        Self {
            upstream: upstream.clone(),
            database: database.clone(),
        }
    }
}

/// Local users, and users of an external service.
#[resource]
impl AsyncResource for Users {
    type Access = Public;

    /// A user with posts and followers, fetched concurrently.
    ///
    /// Parts that fail are left out, and `errors` lists them.
    #[action(GET, "dashboard")]
    async fn dashboard(&self, request: &Request, id: i64) -> Result<Dashboard, BlogError> {
        dashboard::fetch_dashboard(&self.upstream.on_behalf_of(request), id).await
    }

    /// Several users, fetched concurrently.
    #[action(GET, "batch")]
    async fn batch(&self, request: &Request, query: BatchQuery) -> Result<Batch, BlogError> {
        batch::fetch_batch(&self.upstream.on_behalf_of(request), query).await
    }

    /// Copies a user's data from the external service.
    #[action(POST, "sync")]
    async fn sync(&self, request: &Request, id: i64) -> Result<Synchronized, BlogError> {
        let upstream = self.upstream.on_behalf_of(request);
        sync::sync_user(&upstream, &self.database, id).await
    }
}
