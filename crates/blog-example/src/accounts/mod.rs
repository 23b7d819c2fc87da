//! `/account/..`: sign-up, sign-in and sign-out.
//!
//! Coming from Django: this replaces `django.contrib.auth`. `Sessions` checks the origin of each request, which
//! replaces the CSRF token.

mod error;
mod sign_in;
mod sign_up;

use resourceful::prelude::*;
use resourceful_auth::Passwords;
use resourceful_db::Db;

use self::sign_in::{sign_in, sign_out, sign_out_everywhere};
use self::sign_up::sign_up;
use crate::authors::{Author, Authors};

#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    authors: Authors,
    passwords: Passwords,
    database: Db,
}

impl Accounts {
    pub(crate) fn new(authors: &Authors, database: &Db) -> Self {
        Self {
            authors: authors.clone(),
            passwords: Passwords::new(),
            database: database.clone(),
        }
    }

    /// The URLs of accounts.
    pub(crate) fn app(&self) -> App {
        let me = guarded::<SignedIn<Authors>, _>(me);
        let sign_out_everywhere = guarded::<SignedIn<Authors>, _>(sign_out_everywhere);
        App::new()
            .get("/", me.state(&self.authors))
            .post("/sign-up/", public(sign_up).state(self))
            .post("/sign-in/", public(sign_in).state(self))
            .post("/sign-out/", public(sign_out).state(&self.authors))
            .post(
                "/sign-out-everywhere/",
                sign_out_everywhere.state(&self.authors),
            )
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    id: i64,
    username: String,
}

/// The user who calls.
#[endpoint(tag = "account")]
async fn me(request: &Request<Author>) -> Result<Json<Me>> {
    let author = request.caller();
    Ok(Json(Me {
        id: author.user_id,
        username: author.username.clone(),
    }))
}
