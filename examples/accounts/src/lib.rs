//! The application. `main.rs` explains how to try it.

#![allow(missing_docs)]

mod accounts;
mod error;
mod keys;
mod note;
mod notes;
mod page;
mod sign_in;
mod user;
mod users;

use resourceful::prelude::*;
use resourceful_db::{Db, DbError};

use self::accounts::{Accounts, Browsers, Callers};
pub use self::error::AccountError;
use self::keys::Keys;
use self::notes::Notes;
use self::users::Users;

/// The application on this database.
///
/// # Errors
/// If the database cannot be opened.
pub async fn app(database_url: &str) -> Result<App, AccountError> {
    let database = open(database_url).await?;
    let accounts = Accounts::new(&database).await?;
    note::create_table(&database).await?;
    let sign_out_everywhere = guarded::<SignedIn<Browsers>, _>(sign_in::sign_out_everywhere);
    let change_password = guarded::<SignedIn<Browsers>, _>(sign_in::change_password);
    let me = guarded::<SignedIn<Callers>, _>(sign_in::me);
    Ok(App::new()
        .get("/", public(page::html))
        .get("/page.js", public(page::script))
        .post("/sign-up", public(sign_in::sign_up).state(&accounts))
        .post("/sign-in", public(sign_in::sign_in).state(&accounts))
        .post("/sign-out", public(sign_in::sign_out).state(&accounts))
        .post("/sign-out-everywhere", sign_out_everywhere.state(&accounts))
        .post("/password", change_password.state(&accounts))
        .get("/me", me.state(&accounts))
        .resource("/keys", Keys(accounts.clone()))
        .resource("/notes", Notes(accounts.clone()))
        .resource("/users", Users(accounts.clone()))
        .on_stop(|| async move { database.close().await.map_err(Error::internal) }))
}

/// Makes a user an administrator.
///
/// # Errors
/// If there is no such user, or the database cannot be opened.
pub async fn make_administrator(database_url: &str, name: &str) -> Result<(), AccountError> {
    let database = open(database_url).await?;
    user::make_administrator(&database, name).await
}

/// No model resource has these entities.
async fn open(database_url: &str) -> Result<Db, DbError> {
    let options = Db::options().entity(note::Entity).entity(user::Entity);
    options.connect(database_url).await
}
