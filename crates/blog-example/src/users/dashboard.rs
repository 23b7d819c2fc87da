//! `GET /users/{id}/dashboard/`

use std::collections::BTreeMap;

use resourceful::prelude::*;
use resourceful_client::{Client, ClientError};

use crate::error::BlogError;
use crate::external::{JsonObject, Verbatim, fetch, is_not_found};

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Dashboard {
    user: Option<JsonObject>,
    posts: Vec<Verbatim>,
    followers: Vec<Verbatim>,
    stats: DashboardStats,
    /// Errors of the missing parts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DashboardStats {
    posts_count: usize,
    followers_count: usize,
}

/// Makes three concurrent calls.
pub(super) async fn fetch_dashboard(upstream: &Client, id: i64) -> Result<Dashboard, BlogError> {
    let part = |path| upstream.get(path).param("id", id);
    let (user, posts, followers) = tokio::join!(
        fetch(part("/users/{id}")),
        fetch::<Vec<_>>(part("/users/{id}/posts")),
        fetch::<Vec<_>>(part("/users/{id}/followers")),
    );
    if user.as_ref().is_err_and(is_not_found) {
        return Err(BlogError::ExternalUserNotFound);
    }
    let mut errors = BTreeMap::new();
    let user = or_error("user", user, &mut errors);
    let posts = or_error("posts", posts, &mut errors).unwrap_or_default();
    let followers = or_error("followers", followers, &mut errors).unwrap_or_default();
    let stats = DashboardStats {
        posts_count: posts.len(),
        followers_count: followers.len(),
    };
    Ok(Dashboard {
        user,
        posts,
        followers,
        stats,
        errors,
    })
}

fn or_error<T>(
    part: &'static str,
    result: Result<T, ClientError>,
    errors: &mut BTreeMap<&'static str, String>,
) -> Option<T> {
    result
        .inspect_err(|error| {
            tracing::warn!(
                part,
                error = error.to_string(),
                "cannot fetch a part of the dashboard"
            );
            errors.insert(part, error.detail().to_owned());
        })
        .ok()
}
