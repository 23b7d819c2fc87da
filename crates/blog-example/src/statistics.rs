//! `GET /stats/concurrent/`: four concurrent queries, on four connections of the pool.
//!
//! Coming from Django: `asyncio.gather` over `sync_to_async` queries uses one thread and one
//! connection. `tokio::try_join!` over a pool uses several connections.

use resourceful::prelude::*;
use resourceful_db::Db;
use sea_orm::sea_query::NullOrdering;
use sea_orm::{
    ColumnTrait, DerivePartialModel, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entity::{comment, post, user};
use crate::error::BlogError;

/// Length of each list.
const COUNT: u64 = 10;

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Statistics {
    recent_posts: Vec<RecentPost>,
    popular_posts: Vec<PopularPost>,
    recent_comments: Vec<RecentComment>,
    active_users: Vec<ActiveUser>,
}

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "post::Entity")]
struct RecentPost {
    id: i64,
    title: String,
}

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "post::Entity")]
struct PopularPost {
    id: i64,
    title: String,
    views: i64,
}

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "comment::Entity")]
struct RecentComment {
    id: i64,
    #[sea_orm(from_expr = "post::Column::Title")]
    post_title: String,
}

#[derive(Debug, Serialize, JsonSchema, DerivePartialModel)]
#[sea_orm(entity = "user::Entity")]
struct ActiveUser {
    id: i64,
    username: String,
}

/// The ten latest and the ten most viewed.
#[endpoint(tag = "statistics")]
pub(crate) async fn concurrent(database: &Db) -> Result<Json<Statistics>, BlogError> {
    let recent_posts = post::published().limit(COUNT).into_partial_model();
    let popular_posts = post::Entity::find()
        .filter(post::Column::Published.eq(true))
        .order_by_desc(post::Column::Views)
        .order_by_desc(post::Column::CreatedAt)
        .order_by_desc(post::Column::Id)
        .limit(COUNT)
        .into_partial_model();
    let recent_comments = comment::Entity::find()
        .inner_join(post::Entity)
        .filter(post::Column::Published.eq(true))
        .order_by_desc(comment::Column::CreatedAt)
        .order_by_desc(comment::Column::Id)
        .limit(COUNT)
        .into_partial_model();
    let active_users = user::Entity::find()
        .filter(user::Column::IsActive.eq(true))
        .order_by_with_nulls(user::Column::LastLogin, Order::Desc, NullOrdering::Last)
        .order_by_asc(user::Column::Id)
        .limit(COUNT)
        .into_partial_model();
    let (recent_posts, popular_posts, recent_comments, active_users) = tokio::try_join!(
        recent_posts.all(database),
        popular_posts.all(database),
        recent_comments.all(database),
        active_users.all(database),
    )?;
    Ok(Json(Statistics {
        recent_posts,
        popular_posts,
        recent_comments,
        active_users,
    }))
}
