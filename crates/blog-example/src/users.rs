//! `/users/..`: what the external service knows of users.
//!
//! Coming from Django: `asyncio.gather(..., return_exceptions=True)` is `tokio::join!` for a few
//! calls of different types and `gather` for many of one; each outcome is a `Result` of its own.

use std::collections::BTreeMap;

use http::StatusCode;
use resourceful::prelude::*;
use resourceful_client::{Client, ClientError};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, EntityTrait, IntoActiveModel};

use crate::entity::user;
use crate::error::BlogError;
use crate::external::{self, JsonObject, Verbatim, fetch};
use crate::pool::Pool;

/// How many users a batch may ask for.
const MAX_BATCH: usize = 100;

#[derive(Debug, Serialize)]
pub(crate) struct Dashboard {
    user: Option<JsonObject>,
    posts: Vec<Verbatim>,
    followers: Vec<Verbatim>,
    stats: DashboardStats,
    /// What is wrong with the parts that are not there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct DashboardStats {
    posts_count: usize,
    followers_count: usize,
}

/// `GET /users/{id}/dashboard/`: three calls at the same time; what fails is left out and named.
pub(crate) async fn dashboard(
    upstream: Client,
    request: Request,
) -> Result<Json<Dashboard>, BlogError> {
    let id: i64 = request.param("id")?;
    let upstream = upstream.on_behalf_of(&request);
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
    Ok(Json(Dashboard {
        user,
        posts,
        followers,
        stats,
        errors,
    }))
}

fn or_error<T>(
    part: &'static str,
    outcome: Result<T, ClientError>,
    errors: &mut BTreeMap<&'static str, String>,
) -> Option<T> {
    outcome
        .inspect_err(|error| {
            tracing::warn!(part, %error, "a part of the dashboard is missing");
            errors.insert(part, error.detail().to_owned());
        })
        .ok()
}

/// A user that the external service does not know is an answer, not a failure.
fn external_user<T>(outcome: Result<T, ClientError>) -> Result<T, BlogError> {
    outcome.map_err(|error| match error {
        error if is_not_found(&error) => BlogError::ExternalUserNotFound,
        error => error.into(),
    })
}

fn is_not_found(error: &ClientError) -> bool {
    error.status() == Some(StatusCode::NOT_FOUND)
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct BatchQuery {
    /// Ids with commas between them.
    #[serde(default)]
    #[garde(skip)]
    user_ids: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Batch {
    processed_users: Vec<BatchUser>,
    total_processed: usize,
}

#[derive(Debug, Serialize)]
struct BatchUser {
    user_id: String,
    #[serde(flatten)]
    outcome: BatchOutcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum BatchOutcome {
    Data(JsonObject),
    Error(String),
}

/// `GET /users/batch/?user_ids=1,2`: a call for each id, all at the same time.
pub(crate) async fn batch(upstream: Client, request: Request) -> Result<Json<Batch>, BlogError> {
    let BatchQuery { user_ids } = request.query()?;
    let ids = parse_ids(&user_ids)?;
    let upstream = upstream.on_behalf_of(&request);
    let user = async |id: &str| {
        let call = upstream.get("/users/{id}").param("id", id);
        external_user(fetch(call).await)
    };
    let outcomes = gather(MAX_BATCH, ids.iter().map(|id| user(id))).await;
    let users = ids.iter().zip(outcomes).map(|(id, outcome)| BatchUser {
        user_id: (*id).to_owned(),
        outcome: match outcome {
            Ok(data) => BatchOutcome::Data(data),
            Err(error) => {
                tracing::warn!(id, %error, "a user of a batch is missing");
                BatchOutcome::Error(error.detail().unwrap_or("Internal error").to_owned())
            }
        },
    });
    let processed_users: Vec<_> = users.collect();
    Ok(Json(Batch {
        total_processed: processed_users.len(),
        processed_users,
    }))
}

/// The ids as they were written; what is no integer never reaches the upstream.
fn parse_ids(text: &str) -> Result<Vec<&str>, BlogError> {
    let ids: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return Err(BlogError::NoUserIds);
    }
    let wrong = |detail: String| Error::invalid([FieldError::query("user_ids", detail)]);
    let is_integer = |id: &str| !id.starts_with('+') && id.parse::<i64>().is_ok();
    if ids.len() > MAX_BATCH {
        return Err(wrong(format!("has more than {MAX_BATCH} ids")).into());
    }
    if !ids.iter().all(|id| is_integer(id)) {
        return Err(wrong("must be integers with commas between them".to_owned()).into());
    }
    Ok(ids)
}

/// What the external service may know of a user.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Profile {
    #[serde(default)]
    email: Change<String>,
    #[serde(default)]
    first_name: Change<String>,
    #[serde(default)]
    last_name: Change<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Synchronized {
    message: &'static str,
    user: LocalUser,
}

#[derive(Debug, Serialize)]
struct LocalUser {
    id: i64,
    username: String,
    email: String,
    first_name: String,
    last_name: String,
}

/// `POST /users/{id}/sync/`: takes over what the external service knows.
pub(crate) async fn sync(
    (upstream, database): (Client, Pool),
    request: Request,
) -> Result<Json<Synchronized>, BlogError> {
    let id: i64 = request.param("id")?;
    let upstream = upstream.on_behalf_of(&request);
    let call = upstream.get("/users/{id}").param("id", id);
    let reply = external_user(external::ok(call).await)?;
    // As strict as with our own clients: what is stored must be what was meant.
    let profile: Profile = resourceful::from_json(reply.bytes()).map_err(BlogError::external)?;
    let user = user::Entity::find_by_id(id).one(&database).await?;
    let user = user.ok_or(BlogError::LocalUserNotFound(id))?;
    // It may be gone since.
    let user = profile
        .apply_to(user, &database)
        .await
        .map_err(|error| match error {
            DbErr::RecordNotUpdated => BlogError::LocalUserNotFound(id),
            other => other.into(),
        })?;
    Ok(Json(Synchronized {
        message: "User data synchronized",
        user: LocalUser {
            id: user.id,
            username: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
        },
    }))
}

impl Profile {
    async fn apply_to(self, user: user::Model, database: &Pool) -> Result<user::Model, DbErr> {
        let mut user = user.into_active_model();
        if let Change::Set(email) = self.email {
            user.email = Set(email);
        }
        if let Change::Set(first_name) = self.first_name {
            user.first_name = Set(first_name);
        }
        if let Change::Set(last_name) = self.last_name {
            user.last_name = Set(last_name);
        }
        user.update(database).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_trimmed_and_blanks_skipped() {
        assert_eq!(parse_ids(" 1, ,2,,1 ").unwrap(), ["1", "2", "1"]);
        for none in ["", " ", ",", " , "] {
            assert!(
                matches!(parse_ids(none), Err(BlogError::NoUserIds)),
                "{none:?}"
            );
        }
        for wrong in [
            "x",
            "1,x",
            "1.0",
            "+1",
            "1/../2",
            "٣",
            "99999999999999999999",
        ] {
            assert!(
                matches!(parse_ids(wrong), Err(BlogError::Request(_))),
                "{wrong:?}"
            );
        }
        assert_eq!(parse_ids(&"1,".repeat(100)).unwrap().len(), 100);
        assert!(parse_ids(&"1,".repeat(101)).is_err());
    }
}
