//! What goes wrong in the blog, and how its clients read of it.

use resourceful::{BoxError, prelude::*};
use resourceful_client::ClientError;
use sea_orm::DbErr;

use crate::database;

#[derive(Debug, thiserror::Error, Problem)]
pub enum BlogError {
    #[error("no post {0}, or not published")]
    #[problem(status = 404, detail = "Post not found")]
    PostNotFound(i64),

    #[error("no posts in a bulk request")]
    #[problem(status = 400, detail = "No posts data provided")]
    NoPosts,

    #[error("no user ids")]
    #[problem(status = 400, detail = "No user IDs provided")]
    NoUserIds,

    #[error("the external service does not know the user")]
    #[problem(status = 404, detail = "User not found in external service")]
    ExternalUserNotFound,

    #[error("no local user {0}")]
    #[problem(status = 404, detail = "Local user not found")]
    LocalUserNotFound(i64),

    #[error("the external service failed: {0}")]
    #[problem(status = 502, detail = "External API error")]
    ExternalApi(#[source] BoxError),

    #[error("the external service took too long")]
    #[problem(status = 504, detail = "External API timeout")]
    ExternalTimeout,

    /// Not now: the database is away, or too busy.
    #[error("the database is not available: {0}")]
    #[problem(
        status = 503,
        detail = "The database is not available.",
        retry_after = 2
    )]
    Unavailable(#[source] DbErr),

    #[error("others have been writing for too long")]
    #[problem(
        status = 503,
        detail = "Too many posts are being written.",
        retry_after = 2
    )]
    Busy,

    #[error(transparent)]
    #[problem(status = 500)]
    Database(DbErr),

    /// What is wrong with the request itself.
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}

impl BlogError {
    /// What the external service sent makes no sense.
    pub(crate) fn external(error: impl Into<BoxError>) -> Self {
        Self::ExternalApi(error.into())
    }
}

impl From<DbErr> for BlogError {
    fn from(error: DbErr) -> Self {
        if database::is_away(&error) {
            Self::Unavailable(error)
        } else {
            Self::Database(error)
        }
    }
}

impl From<ClientError> for BlogError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Timeout => Self::ExternalTimeout,
            // Not the other side's fault.
            ClientError::InvalidPathParam { .. } | ClientError::InvalidRequest(_) => {
                Self::Request(error.into())
            }
            error => Self::external(error),
        }
    }
}

/// Clients of the blog have always read the member `error`; everything else of a problem is
/// new to them.
pub(crate) fn with_error_member(error: &Error, problem: Problem) -> Problem {
    let text = if error.is_malformed_body() {
        "Invalid JSON".to_owned()
    } else {
        problem.detail().unwrap_or(problem.title()).to_owned()
    };
    problem.with("error", text)
}
