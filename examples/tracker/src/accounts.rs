//! Sign-up, sign-in and sign-out.

use resourceful::{CookieResponse, NoContent, WithCookie};
use resourceful_auth::Password;
use resourceful_db::DbErrorKind;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct SignUp {
    #[garde(length(chars, min = 1, max = 40))]
    name: String,
    #[garde(skip)]
    password: Password,
}

/// Creates an account.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_up(at: &Tracker, body: SignUp) -> Result<Created<User>, DbError> {
    let user = user::ActiveModel {
        password_hash: Set(at.passwords.hash(&body.password).await?),
        name: Set(body.name),
        ..Default::default()
    };
    match user.insert(&at.db).await.map_err(DbError::from) {
        Ok(user::Model { id, name, .. }) => Ok(Created(User { id, name })),
        Err(error) if error.kind() == DbErrorKind::Unique => {
            Err(Error::invalid([FieldError::body("/name", "is taken")]).into())
        }
        Err(error) => Err(error),
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Credentials {
    #[garde(length(chars, max = 40))]
    name: String,
    #[garde(length(chars, max = 256))]
    password: String,
}

/// Begins a session. Few passwords are hashed at once: a flood of sign-ins gets 429, and nobody else waits.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_in(
    at: &Tracker,
    request: &Request,
    body: Credentials,
) -> Result<CookieResponse<NoContent>, DbError> {
    let user = user::Entity::find().filter(user::Column::Name.eq(body.name));
    let user = user.one(&at.db).await?;
    let hash = user.as_ref().map(|user| &*user.password_hash);
    // It takes the same time for a user who does not exist.
    let verified = at.passwords.verify(&body.password, hash).await?;
    let user = user.filter(|_| verified.is_some()).ok_or_else(|| {
        let error = Error::unauthorized("Cookie cookie-name=\"__Host-session\"");
        error.with_detail("The name or the password is wrong.")
    })?;
    let (id, name) = (user.id, user.name);
    let cookie = at.sessions.sign_in(request, &User { id, name }, id).await?;
    Ok(NoContent.with_cookie(cookie))
}

/// Ends the session of this browser.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_out(at: &Tracker, request: &Request) -> Result<CookieResponse<NoContent>> {
    Ok(NoContent.with_cookie(at.sessions.sign_out(request).await?))
}

/// The user who calls.
#[endpoint(tag = "accounts")]
pub(crate) async fn me(request: &Request<User>) -> Result<Json<User>> {
    Ok(Json(request.caller().clone()))
}
