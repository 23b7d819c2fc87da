//! Sign-up, sign-in, sign-out, and the password.

use resourceful::{CookieResponse, Created, NoContent, WithCookie, prelude::*};
use resourceful_auth::Password;

use crate::accounts::Accounts;
use crate::error::AccountError;
use crate::user::{self, Account, User};

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct SignUp {
    /// `Ada` and `ada` are the same.
    #[garde(ascii, alphanumeric, length(chars, min = 1, max = 40))]
    #[schemars(regex(pattern = "^[A-Za-z0-9]*$"))]
    name: String,
    #[garde(skip)]
    password: Password,
}

/// Creates an account.
#[endpoint(tag = "accounts")]
#[errors(Database)]
pub(crate) async fn sign_up(
    accounts: &Accounts,
    body: SignUp,
) -> Result<Created<Account>, AccountError> {
    let hash = accounts.passwords.hash(&body.password).await?;
    let user = user::add(&accounts.database, body.name, hash).await?;
    Ok(Created(user.into()))
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Credentials {
    #[garde(length(chars, max = 40))]
    name: String,
    #[garde(length(chars, max = 256))]
    password: String,
}

/// Begins a session.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_in(
    accounts: &Accounts,
    request: &Request,
    body: Credentials,
) -> Result<CookieResponse<NoContent>, AccountError> {
    let user = user::by_name(&accounts.database, &body.name).await?;
    let is_right = accounts
        .is_password_of(user.as_ref(), &body.password)
        .await?;
    let user = user.filter(|user| is_right && !user.is_blocked);
    let user = user.ok_or(AccountError::WrongPassword)?;
    Ok(accounts.begin_session(request, &user).await?)
}

/// Ends the session of this browser.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_out(
    accounts: &Accounts,
    request: &Request,
) -> Result<CookieResponse<NoContent>> {
    Ok(NoContent.with_cookie(accounts.browsers.sign_out(request).await?))
}

/// Ends the sessions of all browsers.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_out_everywhere(
    accounts: &Accounts,
    request: &Request<User>,
) -> Result<CookieResponse<NoContent>> {
    accounts
        .browsers
        .sign_out_everywhere(request.caller().id)
        .await?;
    Ok(NoContent.with_cookie(accounts.browsers.sign_out(request).await?))
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct PasswordChange {
    #[garde(length(chars, max = 256))]
    current: String,
    #[garde(skip)]
    new: Password,
}

/// Changes the password, and ends the sessions of all other browsers. API keys stay.
#[endpoint(tag = "accounts")]
#[errors(Database)]
pub(crate) async fn change_password(
    accounts: &Accounts,
    request: &Request<User>,
    body: PasswordChange,
) -> Result<CookieResponse<NoContent>, AccountError> {
    let user = request.caller();
    if !accounts.is_password_of(Some(user), &body.current).await? {
        return Err(Error::invalid([FieldError::body("/current", "is wrong")]).into());
    }
    let hash = accounts.passwords.hash(&body.new).await?;
    let user = user::change_password(&accounts.database, user, hash).await?;
    accounts.browsers.sign_out_everywhere(user.id).await?;
    Ok(accounts.begin_session(request, &user).await?)
}

/// The user who calls.
#[endpoint(tag = "accounts")]
pub(crate) async fn me(request: &Request<User>) -> Result<Json<Account>> {
    Ok(Json(request.caller().clone().into()))
}
