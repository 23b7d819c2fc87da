//! What goes wrong in the blog, and how its clients read of it.

use resourceful::prelude::*;
use sea_orm::DbErr;

#[derive(Debug, thiserror::Error, Problem)]
pub enum BlogError {
    #[error("no post {0}, or not published")]
    #[problem(status = 404, detail = "Post not found")]
    PostNotFound(i64),

    #[error(transparent)]
    #[problem(status = 500)]
    Database(#[from] DbErr),

    /// What is wrong with the request itself.
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
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
