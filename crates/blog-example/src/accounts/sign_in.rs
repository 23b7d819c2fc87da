//! `POST /account/sign-in/`, `/account/sign-out/` and `/account/sign-out-everywhere/`

use chrono::{SubsecRound, Utc};
use resourceful::{CookieResponse, NoContent, WithCookie, prelude::*};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::Accounts;
use crate::accounts::error::AccountError;
use crate::authors::{Author, Authors};
use crate::entity::{account, user};

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct Credentials {
    #[garde(length(chars, max = 150))]
    #[schemars(example = &"ada")]
    username: String,
    #[garde(length(chars, max = 256))]
    #[schemars(example = &"correct horse")]
    password: String,
}

/// Begins a session, whose id is in a cookie.
#[endpoint(tag = "account")]
#[errors(WrongPassword, Request)]
pub(super) async fn sign_in(
    accounts: &Accounts,
    request: &Request,
    body: Credentials,
) -> Result<CookieResponse<NoContent>, AccountError> {
    let Accounts {
        authors,
        passwords,
        database,
    } = accounts;
    let found = account::Entity::find()
        .find_both_related(user::Entity)
        .filter(user::Column::Username.eq(body.username))
        .filter(user::Column::IsActive.eq(true))
        .one(database)
        .await?;
    let hash = found.as_ref().map(|(account, _)| &*account.password_hash.0);
    // Takes the same time for a user who does not exist.
    let verified = passwords.verify(&body.password, hash).await?;
    let (account, user) = found
        .filter(|_| verified.is_some())
        .ok_or(AccountError::WrongPassword)?;
    let cookie = authors.sign_in(request, &account.id, account.id).await?;
    // Not `update` of the user: that would be an error if the user has just been deleted.
    user::Entity::update_many()
        .col_expr(user::Column::LastLogin, Utc::now().trunc_subsecs(6).into())
        .filter(user::Column::Id.eq(user.id))
        .exec(database)
        .await?;
    Ok(NoContent.with_cookie(cookie))
}

/// Ends the session of this browser.
#[endpoint(tag = "account")]
pub(super) async fn sign_out(
    authors: &Authors,
    request: &Request,
) -> Result<CookieResponse<NoContent>> {
    Ok(NoContent.with_cookie(authors.sign_out(request).await?))
}

/// Ends the sessions of all browsers.
#[endpoint(tag = "account")]
pub(super) async fn sign_out_everywhere(
    authors: &Authors,
    request: &Request<Author>,
) -> Result<CookieResponse<NoContent>> {
    let account = request.caller().account_id;
    authors.sign_out_everywhere(account).await?;
    Ok(NoContent.with_cookie(authors.sign_out(request).await?))
}
