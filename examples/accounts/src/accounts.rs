//! The users, and the credentials by which they are found.

use resourceful::{Any, CookieResponse, NoContent, WithCookie, prelude::*};
use resourceful_auth::{ApiKey, ApiKeys, Passwords, Sessions, SqlApiKeyStore, SqlSessionStore};
use resourceful_db::Db;
use sea_orm::DbErr;

use crate::user::{self, User};

/// Users by the cookie of their browser.
pub(crate) type Browsers = Sessions<User, SessionData>;
/// Users by the API key of their machine.
pub(crate) type Machines = ApiKeys<User>;
/// Users by either.
pub(crate) type Callers = Any<(Browsers, Machines)>;

/// The data of a session.
#[derive(Serialize, Deserialize)]
pub(crate) struct SessionData {
    user: i64,
    /// Ends the sessions of an old password, also that of a sign-in that was under way when it was changed.
    password_version: i64,
}

impl SessionData {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            user: user.id,
            password_version: user.password_version,
        }
    }

    /// The user at the moment: `None` is a 401, so a user who is blocked is out at once.
    async fn find_user(self, database: Db) -> Result<Option<User>> {
        let user = user::active(&database, self.user).await?;
        Ok(user.filter(|user| user.password_version == self.password_version))
    }
}

/// The owner of an API key at the moment.
async fn find_owner(key: ApiKey, database: Db) -> Result<Option<User>> {
    let id = key.owner.parse().map_err(Error::internal)?;
    user::active(&database, id).await
}

/// The state of the functions. Resources take what they need of it.
#[derive(Clone, Debug, AsRef)]
pub(crate) struct Accounts {
    pub(crate) database: Db,
    pub(crate) passwords: Passwords,
    #[as_ref]
    pub(crate) browsers: Browsers,
    #[as_ref]
    pub(crate) machines: Machines,
}

impl Accounts {
    pub(crate) async fn new(database: &Db) -> Result<Self, DbErr> {
        user::create_table(database).await?;
        let sessions = SqlSessionStore::new(database.clone()).await?;
        let keys = SqlApiKeyStore::new(database.clone()).await?;
        let (of_session, of_key) = (database.clone(), database.clone());
        Ok(Self {
            database: database.clone(),
            passwords: Passwords::new(),
            browsers: Sessions::with_callers(sessions, move |data: SessionData| {
                data.find_user(of_session.clone())
            }),
            machines: ApiKeys::new("notes", keys)
                .with_callers(move |key| find_owner(key, of_key.clone())),
        })
    }

    /// Whether the password is that of the user. If there is no user, the answer takes the same time.
    pub(crate) async fn is_password_of(&self, user: Option<&User>, password: &str) -> Result<bool> {
        let hash = user.map(|user| &*user.password_hash);
        Ok(self.passwords.verify(password, hash).await?.is_some())
    }

    /// Begins a session of the user. The response sets its cookie.
    pub(crate) async fn begin_session<C>(
        &self,
        request: &Request<C>,
        user: &User,
    ) -> Result<CookieResponse<NoContent>> {
        let data = SessionData::of(user);
        let cookie = self.browsers.sign_in(request, &data, user.id).await?;
        Ok(NoContent.with_cookie(cookie))
    }
}
