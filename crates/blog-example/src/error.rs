//! The errors of the blog and their responses.

use resourceful::{BoxError, prelude::*};
use resourceful_client::ClientError;
use resourceful_db::{DbError, DbErrorKind};
use sea_orm::DbErr;

#[derive(Debug, thiserror::Error, Problem)]
pub enum BlogError {
    #[error("no such post, or not published")]
    #[problem(status = 404, detail = "Post not found")]
    PostNotFound,

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

    /// The database is unavailable or too busy.
    #[error("the database is not available: {0}")]
    #[problem(
        status = 503,
        detail = "The database is not available.",
        retry_after = 2
    )]
    Unavailable(#[source] DbError),

    #[error("waited too long for other writers")]
    #[problem(
        status = 503,
        detail = "Too many posts are being written.",
        retry_after = 2
    )]
    Busy,

    #[error(transparent)]
    #[problem(status = 500)]
    Database(DbError),

    /// An error of the library, mostly an invalid request.
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}

impl BlogError {
    /// The external service sent an invalid response.
    pub(crate) fn external(error: impl Into<BoxError>) -> Self {
        Self::ExternalApi(error.into())
    }
}

impl From<DbError> for BlogError {
    fn from(error: DbError) -> Self {
        match error.kind() {
            // `Posts` is the only model resource with this error type.
            DbErrorKind::NotFound => Self::PostNotFound,
            DbErrorKind::Request => Self::Request(error.into()),
            DbErrorKind::Unavailable | DbErrorKind::Serialization => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

impl From<DbErr> for BlogError {
    fn from(error: DbErr) -> Self {
        DbError::from(error).into()
    }
}

impl From<ClientError> for BlogError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Timeout => Self::ExternalTimeout,
            // Not a fault of the external service.
            ClientError::InvalidPathParam { .. } | ClientError::InvalidRequest(_) => {
                Self::Request(error.into())
            }
            error => Self::external(error),
        }
    }
}

/// Adds the member `error`, which clients of the blog have always read. They do not know the other
/// members of a problem.
pub(crate) fn with_error_member(error: &Error, problem: Problem) -> Problem {
    let text = if error.is_malformed_body() {
        "Invalid JSON".to_owned()
    } else {
        problem.detail().unwrap_or(problem.title()).to_owned()
    };
    problem.with("error", text)
}
