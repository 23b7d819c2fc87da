//! [`Sessions`]: callers by a cookie.

mod cookie;
mod id;
mod memory_store;
#[cfg(feature = "redis")]
mod redis_store;
mod session;
#[cfg(feature = "sea-orm")]
mod sql_store;
mod store;

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use resourceful::{
    Authenticate, Authentication, Cookie, Error, ErrorStatus, Request, Result, Security, SetCookie,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::cookie::SessionCookie;
use self::id::SessionId;
pub use self::id::SessionKey;
pub use self::memory_store::MemorySessionStore;
#[cfg(feature = "redis")]
pub use self::redis_store::RedisSessionStore;
pub use self::session::{Session, SessionInfo};
#[cfg(feature = "sea-orm")]
pub use self::sql_store::SqlSessionStore;
pub use self::store::{SessionStore, StoredSession};
use crate::cross_origin::CrossOrigin;

/// NIST SP 800-63B asks for a new sign-in at least every 30 days at its lowest level, AAL1, and for no limit
/// of the idle time there. Two weeks is that of Django. OWASP's cheat sheet has 15 to 30 minutes idle and 4
/// to 8 hours in all for the work of an office: a matter of the application.
const IDLE_TIMEOUT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest interval between two writes of `last_seen_at`.
const TOUCH_INTERVAL: Duration = Duration::from_secs(60);

/// The maximum number of sessions of one owner. The next sign-in ends the one that was seen longest ago.
const MAX_SESSIONS: usize = 100;

/// The maximum size of the data of a session as JSON, in bytes.
const MAX_DATA_SIZE: usize = 16 * 1024;

/// The maximum length of an owner in bytes: it is the key of an index.
const MAX_OWNER_SIZE: usize = 256;

/// Callers by a session, whose id is in a cookie. `C` is the caller; `T` is the data of a session, such as
/// the id of a user.
///
/// * The id has 256 random bits of the operating system. The store has its SHA-256 alone.
/// * The cookie is `__Host-session=..; HttpOnly; SameSite=Lax; Secure; Path=/`.
/// * A sign-in always makes a new id, so an id that an attacker has put into a browser is worth nothing.
/// * Unsafe requests of other origins get 403 ([`CrossOrigin`]): no form needs a token.
/// * A session ends 14 days after its last request, and 30 days after the sign-in.
/// * A wrong cookie gets 401, also under [`Maybe`](resourceful::Maybe), and the response removes it from the
///   browser. A store that is away is 503.
///
/// An owner has up to 100 sessions; the next sign-in ends the one that was seen longest ago.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{CookieResponse, NoContent, SignedIn, WithCookie};
/// use resourceful_auth::{MemorySessionStore, Sessions};
///
/// #[derive(Serialize, Deserialize)]
/// struct User { id: i64, name: String }
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Credentials { #[garde(length(max = 100))] name: String, #[garde(length(max = 100))] password: String }
///
/// #[endpoint]
/// async fn sign_in(
///     state: &Sessions<User>,
///     request: &Request,
///     body: Credentials,
/// ) -> Result<CookieResponse<NoContent>> {
///     // An application compares a hash: see `Passwords`.
///     if (body.name.as_str(), body.password.as_str()) != ("ada", "engine") {
///         return Err(Error::bad_request("The name or the password is wrong."));
///     }
///     let user = User { id: 7, name: body.name };
///     let cookie = state.sign_in(request, &user, user.id).await?;
///     Ok(NoContent.with_cookie(cookie))
/// }
///
/// #[derive(AsRef)]
/// struct Notes { #[as_ref] sessions: Sessions<User> }
///
/// #[resource]
/// impl AsyncResource for Notes {
///     type Access = SignedIn<Sessions<User>>;
///
///     async fn list(&self, request: &Request<User>, _: Unpaged) -> Result<Page<String>> {
///         Ok(Page::all(vec![format!("a note of {}", request.caller().name)]))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let sessions = Sessions::new(MemorySessionStore::default());
/// let app = App::new()
///     .post("/sign-in", public(sign_in).state(&sessions))
///     .resource("/notes", Notes { sessions });
/// let client = TestClient::new(app)?;
/// assert_eq!(client.get("/notes").await.status(), 401);
///
/// let credentials = serde_json::json!({"name": "ada", "password": "engine"});
/// let response = client.post("/sign-in").json(&credentials).await;
/// let cookie = response.headers()["set-cookie"].to_str().unwrap();
/// let (cookie, attributes) = cookie.split_once("; ").unwrap();
/// assert!(cookie.starts_with("__Host-session="));
/// assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000");
///
/// let list = client.get("/notes").header("cookie", cookie).await;
/// assert_eq!(list.json()["notes"][0], "a note of ada");
/// # Ok(())
/// # }
/// ```
///
/// # The cookie while you develop
/// Chrome and Firefox keep `Secure` cookies of `http://localhost`; Safari does not. For Safari, and for
/// plain HTTP on another host, see [`with_cookie`](Self::with_cookie).
///
/// # The challenge
/// RFC 9110 section 15.5.2 wants a challenge in each 401, and no scheme for cookies is registered. The
/// challenge is `Cookie cookie-name="__Host-session"`, of the draft `broyer-http-cookie-auth`. Browsers
/// ignore it: they show no dialog.
pub struct Sessions<C, T = C> {
    store: Arc<dyn SessionStore>,
    callers: Callers<C, T>,
    /// `None` for the default, which lives as long as the session.
    cookie: Option<Cookie>,
    /// The name of the cookie, of which requests are searched.
    cookie_name: Arc<str>,
    idle_timeout: Duration,
    max_lifetime: Duration,
    cross_origin: Arc<CrossOrigin>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// From the data of a session to the caller.
enum Callers<C, T> {
    /// They are the same.
    Data(fn(T) -> C),
    Loaded(Arc<Load<C, T>>),
}

type Load<C, T> =
    dyn Fn(T) -> Pin<Box<dyn Future<Output = Result<Option<C>>> + Send>> + Send + Sync;

impl<C> Sessions<C> {
    /// Sessions whose data is the caller.
    ///
    /// The data is that of the sign-in: a user who is blocked since keeps the session. See
    /// [`with_callers`](Self::with_callers), or end the sessions by
    /// [`sign_out_everywhere`](Self::sign_out_everywhere).
    ///
    /// # Examples
    /// See [`Sessions`].
    #[must_use]
    pub fn new(store: impl SessionStore) -> Self {
        Self::with(store, Callers::Data(|data| data))
    }
}

impl<C, T> Sessions<C, T> {
    /// Sessions whose caller is loaded at each request. `None` is 401: the user is gone, or blocked.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful_auth::{MemorySessionStore, Sessions};
    ///
    /// struct User { name: String }
    ///
    /// // In an application: a query.
    /// async fn find_user(id: i64) -> Result<Option<User>> {
    ///     Ok((id == 7).then(|| User { name: "Ada".into() }))
    /// }
    ///
    /// let sessions: Sessions<User, i64> = Sessions::with_callers(MemorySessionStore::default(), find_user);
    /// ```
    #[must_use]
    pub fn with_callers<F, L>(store: impl SessionStore, load: L) -> Self
    where
        L: Fn(T) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Option<C>>> + Send + 'static,
    {
        let load = move |data| Box::pin(load(data)) as Pin<Box<_>>;
        Self::with(store, Callers::Loaded(Arc::new(load)))
    }

    fn with(store: impl SessionStore, callers: Callers<C, T>) -> Self {
        Self {
            store: Arc::new(store),
            callers,
            cookie: None,
            cookie_name: DEFAULT_COOKIE.name().into(),
            idle_timeout: IDLE_TIMEOUT,
            max_lifetime: MAX_LIFETIME,
            cross_origin: Arc::default(),
            clock: Arc::new(SystemTime::now),
        }
    }

    /// Sets the cookie: its name, and its attributes. Default: `Cookie::new("session")` with the longest
    /// lifetime of a session as its `max_age`.
    ///
    /// A cookie that is [`insecure_over_plain_http`](Cookie::insecure_over_plain_http) is for development:
    /// anyone on the way can take it and be the caller. The log has a warning.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Cookie;
    /// use resourceful_auth::{MemorySessionStore, Sessions};
    ///
    /// const SESSION: Cookie = if cfg!(debug_assertions) {
    ///     Cookie::new("session").insecure_over_plain_http()
    /// } else {
    ///     Cookie::new("session")
    /// };
    /// let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::default()).with_cookie(SESSION);
    /// ```
    #[must_use]
    pub fn with_cookie(mut self, cookie: Cookie) -> Self {
        self.cookie_name = cookie.name().into();
        if !self.cookie_name.starts_with("__Host-") {
            tracing::warn!(
                cookie = &*self.cookie_name,
                "session cookie is sent over plain HTTP: anyone on the way can take it; use it for development only"
            );
        }
        self.cookie = Some(cookie);
        self
    }

    /// Ends a session this long after its last request (default 14 days).
    ///
    /// Times are kept in seconds. The last request is recorded up to a minute late, or a tenth of this
    /// time, so a session may end that much earlier.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{MemorySessionStore, Sessions};
    /// use std::time::Duration;
    ///
    /// let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::default())
    ///     .with_idle_timeout(Duration::from_secs(30 * 60))
    ///     .with_max_lifetime(Duration::from_secs(8 * 60 * 60));
    /// ```
    #[must_use]
    pub fn with_idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = time;
        self
    }

    /// Ends a session this long after the sign-in (default 30 days).
    ///
    /// # Examples
    /// See [`with_idle_timeout`](Self::with_idle_timeout).
    #[must_use]
    pub fn with_max_lifetime(mut self, time: Duration) -> Self {
        self.max_lifetime = time;
        self
    }

    /// Sets the check of other origins, to trust some of them (default: none).
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{CrossOrigin, MemorySessionStore, Sessions};
    ///
    /// let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::default())
    ///     .with_cross_origin(CrossOrigin::trusting(["https://app.example.org"])?);
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    #[must_use]
    pub fn with_cross_origin(mut self, check: CrossOrigin) -> Self {
        self.cross_origin = Arc::new(check);
        self
    }

    /// Sets the clock (default: the system's), for tests.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{MemorySessionStore, Sessions};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::default())
    ///     .with_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Ends all sessions of an owner, at once: no request that begins later is let in by one of them.
    ///
    /// For a stolen cookie, and after a change of the password. The caller can get a new session by
    /// [`sign_in`](Self::sign_in).
    ///
    /// # Errors
    /// 503 if the store is unavailable.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_auth::{MemorySessionStore, Sessions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// # let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::default());
    /// sessions.sign_out_everywhere(7).await?;
    /// assert!(sessions.list(7).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_out_everywhere(&self, owner: impl Display) -> Result<()> {
        let owner = owner.to_string();
        self.store().delete_all(&owner).await
    }

    /// The sessions of an owner that have not expired, the latest sign-in first.
    ///
    /// # Errors
    /// 503 if the store is unavailable.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_auth::{MemorySessionStore, Sessions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// # let sessions: Sessions<u64> = Sessions::new(MemorySessionStore::default());
    /// for session in sessions.list(7).await? {
    ///     println!("signed in {:?}, last seen {:?}", session.created_at(), session.last_seen_at());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list(&self, owner: impl Display) -> Result<Vec<SessionInfo>> {
        let owner = owner.to_string();
        let now = self.now();
        let sessions = self.store().list(&owner).await?;
        let mut sessions: Vec<_> = sessions
            .iter()
            .filter(|(_, session)| now < self.expiry(session.created_at, session.last_seen_at))
            .map(|(_, session)| SessionInfo::new(session))
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at()));
        Ok(sessions)
    }

    /// Ends the session of the request, if it has one. The response removes the cookie.
    ///
    /// Call it for `POST` or `DELETE`: another site can link to a `GET`. Everybody may call it (`public`), so
    /// that a session that has expired is no error.
    ///
    /// # Errors
    /// 403 if another origin starts the request; 503 if the store is unavailable.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// use resourceful::WithCookie;
    /// # use resourceful_auth::Sessions;
    ///
    /// async fn sign_out(sessions: &Sessions<u64>, request: &Request) -> Result<impl IntoResponse> {
    ///     Ok(().with_cookie(sessions.sign_out(request).await?))
    /// }
    /// ```
    pub async fn sign_out<Q>(&self, request: &Request<Q>) -> Result<SetCookie> {
        self.cross_origin.check(request)?;
        if let SessionCookie::Id(id) = self.read_cookie(request) {
            self.store().delete(id.key()).await?;
        }
        Ok(self.cookie().remove())
    }

    /// The session of the request with this id and its key.
    ///
    /// # Errors
    /// 401 with the removal of the cookie if there is no such session.
    async fn find(&self, cookie: SessionCookie) -> Result<(SessionKey, StoredSession)> {
        let SessionCookie::Id(id) = cookie else {
            return Err(self.unauthorized());
        };
        let key = id.key();
        let now = self.now();
        let session = self.store().find(key).await?;
        let is_valid =
            |session: &StoredSession| now < self.expiry(session.created_at, session.last_seen_at);
        let session = session
            .filter(is_valid)
            .ok_or_else(|| self.unauthorized())?;
        let interval = TOUCH_INTERVAL.min(self.idle_timeout / 10);
        if now.saturating_sub(session.last_seen_at) >= seconds(interval).max(1) {
            let expiry = self.expiry(session.created_at, now);
            // The caller has a session, whether or not the time can be written.
            if let Err(error) = self.store().touch(key, now, expiry).await {
                tracing::warn!(
                    error = error.to_string(),
                    "last request of a session could not be recorded"
                );
            }
        }
        Ok((key, session))
    }

    fn read_cookie<Q>(&self, request: &Request<Q>) -> SessionCookie {
        SessionCookie::read(request.headers(), &self.cookie_name)
    }

    /// Not the `Arc`, which is a store, too: each call would box a future around that of the store.
    fn store(&self) -> &dyn SessionStore {
        &*self.store
    }

    fn cookie(&self) -> Cookie {
        let default = || DEFAULT_COOKIE.max_age(self.max_lifetime);
        self.cookie.unwrap_or_else(default)
    }

    fn unauthorized(&self) -> Error {
        Error::new(ErrorStatus::new(401))
            .with_header(WWW_AUTHENTICATE, self.challenge_field())
            .with_cookie(self.cookie().remove())
    }

    fn challenge_field(&self) -> HeaderValue {
        let challenge = format!("Cookie cookie-name=\"{}\"", self.cookie_name);
        HeaderValue::try_from(challenge).expect("the name of a cookie is a token")
    }

    /// The time after which a session is invalid, in Unix seconds.
    fn expiry(&self, created_at: i64, last_seen_at: i64) -> i64 {
        let absolute = created_at.saturating_add(seconds(self.max_lifetime));
        let idle = last_seen_at.saturating_add(seconds(self.idle_timeout));
        absolute.min(idle)
    }

    fn now(&self) -> i64 {
        let now = (self.clock)().duration_since(SystemTime::UNIX_EPOCH);
        seconds(now.unwrap_or_default())
    }
}

impl<C, T: Serialize + DeserializeOwned> Sessions<C, T> {
    /// Begins a session with a new id, and ends the session that the request has, if any. The response sets
    /// the cookie.
    ///
    /// Call it after each change of what the caller may do, too: a sign-in, a second factor, "sudo".
    /// `owner` identifies the user, for [`sign_out_everywhere`](Self::sign_out_everywhere); it has up to 256
    /// bytes.
    ///
    /// Call it for `POST`: for a `GET`, another site can link to it, and sign a user in as somebody else.
    /// The callback of OAuth 2 is a `GET`, and has its `state` against that.
    ///
    /// # Errors
    /// 403 if another origin starts the request; 503 if the store is unavailable; 500 if the data is no JSON
    /// or longer than 16 KiB, or if the owner is too long.
    ///
    /// # Examples
    /// See [`Sessions`].
    pub async fn sign_in<Q>(
        &self,
        request: &Request<Q>,
        data: &T,
        owner: impl Display,
    ) -> Result<SetCookie> {
        let owner = owner.to_string();
        let data = to_json(data)?;
        self.start(request, data, owner).await
    }

    async fn start<Q>(
        &self,
        request: &Request<Q>,
        data: String,
        owner: String,
    ) -> Result<SetCookie> {
        self.cross_origin.check(request)?;
        // PostgreSQL has no texts with NUL.
        if owner.len() > MAX_OWNER_SIZE || owner.contains('\0') {
            return Err(Error::internal(
                "the owner of a session has up to 256 bytes, and no NUL",
            ));
        }
        let id = SessionId::random()?;
        let now = self.now();
        let session = StoredSession {
            owner: owner.as_str().into(),
            data: data.into(),
            version: 0,
            created_at: now,
            last_seen_at: now,
            expires_at: self.expiry(now, now),
        };
        self.store().create(id.key(), session).await?;
        // After the new one, so that a user whose request is dropped keeps one of the two.
        if let SessionCookie::Id(old) = self.read_cookie(request) {
            self.store().delete(old.key()).await?;
        }
        let mut others = self.store().list(&owner).await?;
        others.retain(|(key, _)| *key != id.key());
        others.sort_by_key(|(_, session)| session.last_seen_at);
        let excess = (others.len() + 1).saturating_sub(MAX_SESSIONS);
        for (key, _) in others.into_iter().take(excess) {
            self.store().delete(key).await?;
        }
        self.cookie().set(id.to_cookie())
    }

    /// The session of the request with its data, to read or to change it.
    ///
    /// # Errors
    /// 401 if the request has no valid session; 403 if another origin starts it; 503 if the store is
    /// unavailable.
    ///
    /// # Examples
    /// See [`save`](Self::save).
    pub async fn session<Q>(&self, request: &Request<Q>) -> Result<Session<T>> {
        let cookie = self.read_cookie(request);
        self.cross_origin.check(request)?;
        let (key, stored) = self.find(cookie).await?;
        Ok(Session {
            key,
            version: stored.version,
            info: SessionInfo::new(&stored),
            data: self.parse_data(&stored.data)?,
            owner: stored.owner,
        })
    }

    /// Stores the data of a session, if no other request has changed it since it was read.
    ///
    /// The caller of the present request stays as it is.
    ///
    /// # Errors
    /// 409 if another request has changed the data: read the session again. 401 if the session has ended;
    /// 503 if the store is unavailable; 500 if the data is no JSON or longer than 16 KiB.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_auth::Sessions;
    /// #[derive(Serialize, Deserialize)]
    /// struct Visitor { theme: String }
    ///
    /// async fn set_theme(sessions: &Sessions<Visitor>, request: &Request) -> Result<()> {
    ///     let mut session = sessions.session(request).await?;
    ///     session.data.theme = "dark".into();
    ///     sessions.save(&mut session).await
    /// }
    /// ```
    pub async fn save(&self, session: &mut Session<T>) -> Result<()> {
        let data = to_json(&session.data)?;
        let (key, version) = (session.key, session.version);
        if self.store().replace(key, version, &data).await? {
            session.version += 1;
            return Ok(());
        }
        match self.store().find(key).await? {
            Some(_) => Err(Error::conflict(
                "Another request has changed the session at the same time.",
            )),
            None => Err(self.unauthorized()),
        }
    }

    /// # Errors
    /// 401 if an older version of the program has stored other data: the user signs in again.
    fn parse_data(&self, data: &str) -> Result<T> {
        serde_json::from_str(data).map_err(|error| {
            // The text of a JSON error may quote the data.
            let (line, column) = (error.line(), error.column());
            tracing::warn!(line, column, "data of a session has another type");
            self.unauthorized()
        })
    }
}

impl<C, T> Authenticate for Sessions<C, T>
where
    C: Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + 'static,
{
    type Caller = C;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<C>> {
        let cookie = self.read_cookie(request);
        if matches!(cookie, SessionCookie::Missing) {
            return Ok(Authentication::Missing);
        }
        self.cross_origin.check(request)?;
        let (_, session) = self.find(cookie).await?;
        let data = self.parse_data(&session.data)?;
        let caller = match &self.callers {
            Callers::Data(caller) => Some(caller(data)),
            Callers::Loaded(load) => load(data).await?,
        };
        let caller = caller.ok_or_else(|| self.unauthorized())?;
        Ok(Authentication::Caller(caller))
    }

    fn challenge(&self) -> HeaderValue {
        self.challenge_field()
    }

    fn security(&self) -> Security {
        Security::CookieKey(self.cookie_name.to_string().into())
    }
}

const DEFAULT_COOKIE: Cookie = Cookie::new("session");

/// For the state of a function.
impl<C, T> AsRef<Self> for Sessions<C, T> {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A clone has the same store.
impl<C, T> Clone for Sessions<C, T> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            callers: match &self.callers {
                Callers::Data(caller) => Callers::Data(*caller),
                Callers::Loaded(load) => Callers::Loaded(Arc::clone(load)),
            },
            cookie: self.cookie,
            cookie_name: Arc::clone(&self.cookie_name),
            idle_timeout: self.idle_timeout,
            max_lifetime: self.max_lifetime,
            cross_origin: Arc::clone(&self.cross_origin),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl<C, T> fmt::Debug for Sessions<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("store", &self.store)
            .field("cookie_name", &self.cookie_name)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_lifetime", &self.max_lifetime)
            .finish_non_exhaustive()
    }
}

fn to_json(data: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(data).map_err(Error::internal)?;
    if json.len() > MAX_DATA_SIZE {
        return Err(Error::internal(
            "the data of a session is longer than 16 KiB",
        ));
    }
    Ok(json)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
