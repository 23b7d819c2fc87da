//! The errors and their responses.

use resourceful::prelude::*;
use resourceful_db::DbError;
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
    #[problem(transparent)]
    Database(#[from] DbError),

    /// An error of the library.
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}

impl From<DbErr> for AccountError {
    fn from(error: DbErr) -> Self {
        DbError::from(error).into()
    }
}
