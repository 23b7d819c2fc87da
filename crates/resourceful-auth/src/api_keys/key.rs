//! [`ApiKey`]: the record of an API key, without its secret.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use resourceful::Result;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::scope::insufficient_scope;

/// The record of an API key, without its secret. It may be sent to the owner of the key.
///
/// Times have whole seconds. JSON has them as in RFC 3339.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// use resourceful_auth::{ApiKeys, MemoryApiKeyStore, NewApiKey};
///
/// let keys = ApiKeys::new("acme", MemoryApiKeyStore::default());
/// let issued = keys.create(NewApiKey::new("alice", "laptop").with_scopes(["posts:write"])).await?;
/// assert!(issued.key.has_scope("posts:write"));
/// assert_eq!(issued.key.require_scope("users:write").unwrap_err().status(), 403);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiKey {
    /// Identifies the key. It is the middle part of the key's text, and no secret.
    pub id: String,
    /// Id of the user or the machine that the key belongs to.
    pub owner: String,
    /// The name by which the owner knows the key.
    pub name: String,
    /// The permissions of the key.
    pub scopes: Vec<String>,
    /// Time of creation.
    #[serde(serialize_with = "time")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: SystemTime,
    /// From this time on the key is refused.
    #[serde(serialize_with = "optional_time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<SystemTime>,
    /// The key is refused if it is set.
    #[serde(serialize_with = "optional_time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub revoked_at: Option<SystemTime>,
    /// Time of the last use, which may be a minute late.
    #[serde(serialize_with = "optional_time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<SystemTime>,
}

impl ApiKey {
    /// Whether the key has this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|found| found == scope)
    }

    /// Checks that the key has this scope.
    ///
    /// # Errors
    /// 403 with `error="insufficient_scope"` (RFC 6750 section 3.1) that names the missing scope.
    ///
    /// # Examples
    /// See [`ApiKey`].
    pub fn require_scope(&self, scope: &'static str) -> Result<()> {
        if self.has_scope(scope) {
            return Ok(());
        }
        let detail = format!("The API key needs the scope `{scope}`.");
        let named = Some(scope).filter(|scope| is_scope(scope));
        Err(insufficient_scope(detail, named))
    }

    /// Whether requests with the key are refused.
    pub(crate) fn is_invalid(&self, now: SystemTime) -> bool {
        self.revoked_at.is_some() || self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Whether the text is a scope (RFC 6749 section 3.3).
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// The properties of a key that is to be created.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use resourceful_auth::NewApiKey;
///
/// let new = NewApiKey::new("alice", "backup on the laptop")
///     .with_scopes(["posts:read"])
///     .expires_in(Duration::from_secs(90 * 24 * 60 * 60));
/// ```
#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) lifetime: Option<Duration>,
}

impl NewApiKey {
    /// A key without scopes that does not expire.
    pub fn new(owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            name: name.into(),
            scopes: Vec::new(),
            lifetime: None,
        }
    }

    /// Sets the scopes.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the lifetime. Default: the key does not expire.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

/// A key that was just created, with its text. `Debug` omits the text.
///
/// # Examples
/// See [`ApiKeys::create`](crate::ApiKeys::create).
#[derive(Clone)]
pub struct IssuedApiKey {
    /// The record of the key.
    pub key: ApiKey,
    /// The text that the client sends. It cannot be had again.
    pub text: String,
}

impl fmt::Debug for IssuedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedApiKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The time without its fraction of a second, as stores keep it.
pub(crate) fn whole_seconds(time: SystemTime) -> SystemTime {
    from_unix(to_unix(time))
}

pub(crate) fn to_unix(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

pub(crate) fn from_unix(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

fn time<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    // A time that RFC 3339 cannot express is later than the year 9999.
    let time = jiff::Timestamp::try_from(*time).unwrap_or(jiff::Timestamp::MAX);
    serializer.collect_str(&time)
}

#[expect(clippy::ref_option, reason = "serde calls it with this type")]
fn optional_time<S: Serializer>(
    optional: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match optional {
        Some(found) => time(found, serializer),
        None => serializer.serialize_none(),
    }
}
