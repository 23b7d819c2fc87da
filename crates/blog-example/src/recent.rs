//! `GET /posts/recent/`: handwritten SQL, directly on the database.
//!
//! Coming from Django: the chapter's `AsyncDatabasePool` over asyncpg opens its pool at the first
//! request (two requests may both do so). Here the database is opened at start.

use chrono::{DateTime, Utc};
use resourceful::prelude::*;
use resourceful_db::Db;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::error::BlogError;

const LATEST: &str = "SELECT id, title, created_at FROM blog_post WHERE published = $1 \
                      ORDER BY created_at DESC, id DESC LIMIT $2";

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Recent {
    posts: Vec<LatestPost>,
}

#[derive(Debug, Serialize, JsonSchema, FromQueryResult)]
struct LatestPost {
    id: i64,
    title: String,
    created_at: DateTime<Utc>,
}

/// The ten latest published posts.
#[endpoint]
pub(crate) async fn recent(database: &Db) -> Result<Json<Recent>, BlogError> {
    let backend = database.get_database_backend();
    let latest = Statement::from_sql_and_values(backend, LATEST, [true.into(), 10_i64.into()]);
    let posts = LatestPost::find_by_statement(latest).all(database).await?;
    Ok(Json(Recent { posts }))
}
