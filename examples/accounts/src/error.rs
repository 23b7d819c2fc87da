//! The errors and their responses.

use resourceful::prelude::*;
use sea_orm::DbErr;

#[derive(Debug, thiserror::Error, Problem)]
pub enum AccountError {
    /// The same for a user that does not exist, a wrong password, and a user who is blocked.
    #[error("wrong name or password")]
    #[problem(
        status = 401,
        detail = "The name or the password is wrong.",
        challenge = "Cookie cookie-name=\"__Host-session\""
    )]
    WrongPassword,

    #[error(transparent)]
    #[problem(status = 500)]
    Database(#[from] DbErr),

    /// An error of the library.
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}
