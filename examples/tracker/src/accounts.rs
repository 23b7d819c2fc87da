//! Sign-up, sign-in and sign-out.

use resourceful::{CookieResponse, Created, NoContent, WithCookie, prelude::*};
use resourceful_auth::Password;
use resourceful_db::{DbError, DbErrorKind};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::entity::user::{self, PasswordHash};
use crate::tracker::{Tracker, User};

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct SignUp {
    #[garde(length(chars, min = 1, max = 40))]
    name: String,
    #[garde(skip)]
    password: Password,
}

/// Creates an account.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_up(
    tracker: &Tracker,
    body: SignUp,
) -> Result<Created<Json<User>>, DbError> {
    let user = user::ActiveModel {
        password_hash: Set(PasswordHash(tracker.passwords.hash(&body.password).await?)),
        name: Set(body.name),
        ..Default::default()
    };
    let inserted = user.insert(&tracker.db).await.map_err(DbError::from);
    let user::Model { id, name, .. } = inserted.map_err(|error| match error.kind() {
        DbErrorKind::Unique => Error::invalid([FieldError::body("/name", "is taken")]).into(),
        _ => error,
    })?;
    Ok(Created(Json(User { id, name })))
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Credentials {
    #[garde(length(chars, max = 40))]
    name: String,
    #[garde(length(chars, max = 256))]
    password: String,
}

/// Begins a session. Passwords are hashed on few threads: a flood of them gets 429, and nobody else waits.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_in(
    tracker: &Tracker,
    request: &Request,
    body: Credentials,
) -> Result<CookieResponse<NoContent>, DbError> {
    let user = user::Entity::find().filter(user::Column::Name.eq(body.name));
    let user = user.one(&tracker.db).await?;
    let hash = user.as_ref().map(|user| &*user.password_hash.0);
    // It takes the same time for a user who does not exist.
    let verified = tracker.passwords.verify(&body.password, hash).await?;
    let user::Model { id, name, .. } = user.filter(|_| verified.is_some()).ok_or_else(|| {
        let challenge = "Cookie cookie-name=\"__Host-session\"";
        Error::unauthorized(challenge).with_detail("The name or the password is wrong.")
    })?;
    let cookie = tracker
        .sessions
        .sign_in(request, &User { id, name }, id)
        .await?;
    Ok(NoContent.with_cookie(cookie))
}

/// Ends the session of this browser.
#[endpoint(tag = "accounts")]
pub(crate) async fn sign_out(
    tracker: &Tracker,
    request: &Request,
) -> Result<CookieResponse<NoContent>> {
    Ok(NoContent.with_cookie(tracker.sessions.sign_out(request).await?))
}

/// The user who calls.
#[endpoint(tag = "accounts")]
pub(crate) async fn me(request: &Request<User>) -> Result<Json<User>> {
    Ok(Json(request.caller().clone()))
}
