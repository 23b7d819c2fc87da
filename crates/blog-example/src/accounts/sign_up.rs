//! `POST /account/sign-up/`
//!
//! It creates the user together with the password. A user who is there already gets none: nobody could
//! prove to be that user. There is no reset by e-mail either, because everybody may change the address, by
//! `/users/{id}/sync/`.

use chrono::{SubsecRound, Utc};
use resourceful::{Created, prelude::*};
use resourceful_auth::Password;
use resourceful_db::{Db, DbError, DbErrorKind};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr};

use crate::accounts::error::AccountError;
use crate::accounts::{Accounts, Me};
use crate::entity::account::{self, PasswordHash};
use crate::entity::user;

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct SignUp {
    /// Lower case, so that no two names differ in their case alone.
    #[garde(length(chars, min = 1, max = 40), custom(plain))]
    #[schemars(regex(pattern = "^[a-z0-9_]+$"), example = &"ada")]
    username: String,
    #[garde(skip)]
    #[schemars(example = &"correct horse")]
    password: Password,
}

/// Validation rule: the text has lower-case ASCII letters, digits and underscores only.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde calls it with its context"
)]
fn plain(text: &str, (): &()) -> garde::Result {
    if text
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    {
        return Ok(());
    }
    let message = "must have lower-case letters, digits and underscores only";
    Err(garde::Error::new(message))
}

/// Creates a user with a password.
#[endpoint(tag = "account")]
#[errors(UsernameTaken, Request)]
pub(super) async fn sign_up(
    accounts: &Accounts,
    body: SignUp,
) -> Result<Created<Me>, AccountError> {
    // Before the transaction, which other writers wait for.
    let hash = accounts.passwords.hash(&body.password).await?;
    let user = insert(&accounts.database, body.username, PasswordHash(hash)).await?;
    Ok(Created(Me {
        id: user.id,
        username: user.username,
    }))
}

/// Inserts the user and the account in one transaction.
async fn insert(
    database: &Db,
    username: String,
    password_hash: PasswordHash,
) -> Result<user::Model, AccountError> {
    let transaction = database.begin().await?;
    let user = user::ActiveModel {
        username: Set(username),
        email: Set(String::new()),
        first_name: Set(String::new()),
        last_name: Set(String::new()),
        is_active: Set(true),
        date_joined: Set(Utc::now().trunc_subsecs(6)),
        ..Default::default()
    };
    let user = user.insert(&transaction).await.map_err(taken)?;
    let account = account::ActiveModel {
        user_id: Set(user.id),
        user_joined: Set(user.date_joined),
        password_hash: Set(password_hash),
        ..Default::default()
    };
    account.insert(&transaction).await?;
    transaction.commit().await?;
    Ok(user)
}

/// The unique constraint decides whether a username is taken.
fn taken(error: DbErr) -> AccountError {
    let error = DbError::from(error);
    match error.kind() {
        DbErrorKind::Unique => AccountError::UsernameTaken,
        _ => error.into(),
    }
}
