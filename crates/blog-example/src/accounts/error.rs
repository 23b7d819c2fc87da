//! The errors of accounts.

use resourceful::prelude::*;
use resourceful_db::DbError;
use sea_orm::DbErr;

use crate::error::BlogError;

#[derive(Debug, thiserror::Error, Problem)]
pub(crate) enum AccountError {
    #[error("the username is taken")]
    #[problem(status = 409, detail = "This username is taken.")]
    UsernameTaken,

    /// The same for a user who has not signed up, a wrong password, and a user who is not active.
    #[error("wrong username or password")]
    #[problem(
        status = 401,
        detail = "The username or the password is wrong.",
        challenge = "Cookie cookie-name=\"__Host-session\""
    )]
    WrongPassword,

    /// An error of the library, or of the database.
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}

impl From<DbError> for AccountError {
    fn from(error: DbError) -> Self {
        Self::Request(BlogError::from(error).into())
    }
}

impl From<DbErr> for AccountError {
    fn from(error: DbErr) -> Self {
        DbError::from(error).into()
    }
}
