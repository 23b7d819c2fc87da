//! [`ApiKeys`]: callers by their API keys.

pub(crate) mod key;
pub(crate) mod key_text;
mod last_use;
pub(crate) mod memory_store;
#[cfg(feature = "sea-orm")]
pub(crate) mod sql_store;
pub(crate) mod store;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderValue;
use http::header::{HeaderName, WWW_AUTHENTICATE};
use resourceful::{Authenticate, Authentication, Error, ErrorStatus, Request, Result, Security};

use crate::api_keys::key::{ApiKey, IssuedApiKey, NewApiKey, is_scope, whole_seconds};
use crate::api_keys::key_text::{KeyText, NO_HASH, SecretHash, generate, is_id, is_prefix};
use crate::api_keys::last_use::LastUse;
use crate::api_keys::memory_store::MemoryApiKeyStore;
use crate::api_keys::store::ApiKeyStore;

/// The text for every key that is wrong: a client cannot tell an unknown id from a wrong secret.
const INVALID: &str = "The API key is wrong, expired or revoked.";

type CallerFuture<C> = Pin<Box<dyn Future<Output = Result<Option<C>>> + Send>>;

/// Finds callers by API keys, which have the form `prefix_id_secret`.
///
/// Clients send a key as `Authorization: Bearer <key>`, or in a header field of its own
/// ([`in_header`](Self::in_header)). The caller `C` is the record of the key, or a type of the application
/// ([`with_callers`](Self::with_callers)). Clones share the store.
///
/// The store has the SHA-256 of each secret, so nobody who reads the store can use a key.
///
/// # Examples
/// ```
/// use resourceful_auth::{ApiKeys, MemoryApiKeyStore, NewApiKey};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let keys = ApiKeys::new("acme", MemoryApiKeyStore::default());
/// let issued = keys.create(NewApiKey::new("alice", "laptop")).await?;
/// assert!(issued.text.starts_with("acme_")); // shown to Alice once
/// assert_eq!(keys.list("alice").await?, [issued.key]);
/// # Ok(())
/// # }
/// ```
pub struct ApiKeys<C = ApiKey> {
    prefix: Arc<str>,
    store: Arc<dyn ApiKeyStore>,
    callers: Arc<dyn Fn(ApiKey) -> CallerFuture<C> + Send + Sync>,
    header: Option<Header>,
    last_use: Arc<LastUse>,
}

/// A header field with a key, in the spelling of the documentation.
#[derive(Clone)]
struct Header {
    spelling: &'static str,
    name: HeaderName,
}

impl ApiKeys {
    /// Keys in this store, whose text begins with `prefix` and `_`. The caller is the record of the key.
    ///
    /// # Panics
    /// If the prefix is not 1 to 32 ASCII letters, digits and `_`.
    ///
    /// # Examples
    /// See [`ApiKeys`].
    #[must_use]
    #[track_caller]
    pub fn new(prefix: &str, store: impl ApiKeyStore) -> Self {
        assert!(
            is_prefix(prefix),
            "the prefix of API keys has 1 to 32 letters, digits and `_`, unlike {prefix:?}"
        );
        Self {
            prefix: prefix.into(),
            store: Arc::new(store),
            callers: Arc::new(|key| Box::pin(async { Ok(Some(key)) })),
            header: None,
            last_use: Arc::new(LastUse::new()),
        }
    }

    /// The keys with these texts, for the beginning: from a setting, without a database.
    ///
    /// Each is `prefix_id_secret`, with 1 to 32 letters and digits as its id, and 32 to 128 as its secret. A
    /// shell makes one by `echo acme_alice_$(openssl rand -hex 32)`. The owner and the name of a key are its
    /// id, and it has no scopes.
    ///
    /// # Errors
    /// 500 if a text is no such key, or two have the same id. The error does not contain the text.
    ///
    /// # Panics
    /// If the prefix is not 1 to 32 ASCII letters, digits and `_`.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::ApiKeys;
    ///
    /// # let setting = "acme_alice_7f3b9e0c2d4a5f6b7f3b9e0c2d4a5f6b";
    /// # let setting = String::from(setting);
    /// // let setting = std::env::var("API_KEY")?;
    /// let keys = ApiKeys::fixed("acme", [setting])?;
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    #[track_caller]
    pub fn fixed<T: AsRef<str>>(prefix: &str, texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let store = MemoryApiKeyStore::default();
        let created_at = whole_seconds(SystemTime::now());
        for text in texts {
            let KeyText::Key { id, secret } = KeyText::parse(prefix, text.as_ref()) else {
                return Err(Error::internal(format!(
                    "an API key is not `{prefix}_<id>_<secret>`, with 1 to 32 letters and digits as id and 32 to \
                     128 as secret"
                )));
            };
            let key = ApiKey {
                id: id.to_owned(),
                owner: id.to_owned(),
                name: id.to_owned(),
                scopes: Vec::new(),
                created_at,
                expires_at: None,
                revoked_at: None,
                last_used_at: None,
            };
            if !store.add(key, SecretHash::of(secret)) {
                return Err(Error::internal(format!("two API keys have the id `{id}`")));
            }
        }
        Ok(Self::new(prefix, store))
    }

    /// Makes the caller of a key by this function, such as the user that owns it.
    ///
    /// If the function returns `None`, the request gets 401 as with a wrong key. Its error is the response.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{ApiKey, ApiKeys, MemoryApiKeyStore};
    ///
    /// struct User { name: String }
    ///
    /// async fn user(key: ApiKey) -> resourceful::Result<Option<User>> {
    ///     Ok(Some(User { name: key.owner })) // an application looks in its database
    /// }
    ///
    /// let keys: ApiKeys<User> = ApiKeys::new("acme", MemoryApiKeyStore::default()).with_callers(user);
    /// ```
    #[must_use]
    pub fn with_callers<C, F>(
        self,
        find: impl Fn(ApiKey) -> F + Send + Sync + 'static,
    ) -> ApiKeys<C>
    where
        F: Future<Output = Result<Option<C>>> + Send + 'static,
    {
        ApiKeys {
            prefix: self.prefix,
            store: self.store,
            callers: Arc::new(move |key| Box::pin(find(key))),
            header: self.header,
            last_use: self.last_use,
        }
    }
}

impl<C> ApiKeys<C> {
    /// Reads the key from this header field, such as `X-Api-Key`, in place of `Authorization`.
    ///
    /// # Panics
    /// If this is not the name of a header field.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{ApiKeys, MemoryApiKeyStore};
    ///
    /// let keys = ApiKeys::new("acme", MemoryApiKeyStore::default()).in_header("X-Api-Key");
    /// ```
    #[must_use]
    #[track_caller]
    pub fn in_header(self, spelling: &'static str) -> Self {
        let name = spelling
            .parse()
            .expect("this is the name of a header field");
        let header = Some(Header { spelling, name });
        Self { header, ..self }
    }

    /// Creates a key. Its text is in the result only: the store has no more than a hash.
    ///
    /// # Errors
    /// 400 if a scope is not one of RFC 6749 (visible ASCII without `"` and `\`), or if the owner or the name has
    /// U+0000, which databases refuse; the error of the store.
    ///
    /// # Examples
    /// See [`ApiKeys`].
    pub async fn create(&self, new: NewApiKey) -> Result<IssuedApiKey> {
        if !new.scopes.iter().all(|scope| is_scope(scope)) {
            return Err(Error::bad_request(
                "A scope has visible ASCII characters without quotes and backslashes.",
            ));
        }
        if new.owner.contains('\0') || new.name.contains('\0') {
            return Err(Error::bad_request(
                "The owner and the name of an API key have no U+0000.",
            ));
        }
        let (id, secret) = generate()?;
        let now = whole_seconds(SystemTime::now());
        let expires_at = new.lifetime.and_then(|lifetime| now.checked_add(lifetime));
        let text = format!("{}_{id}_{secret}", self.prefix);
        let key = ApiKey {
            id,
            owner: new.owner,
            name: new.name,
            scopes: new.scopes,
            created_at: now,
            expires_at: expires_at.map(whole_seconds),
            revoked_at: None,
            last_used_at: None,
        };
        self.store.insert(&key, &SecretHash::of(&secret)).await?;
        Ok(IssuedApiKey { key, text })
    }

    /// Lists the newest 1000 keys of an owner, the newest first, with those that expired or were revoked.
    ///
    /// # Errors
    /// The error of the store.
    ///
    /// # Examples
    /// See [`ApiKeys`].
    pub async fn list(&self, owner: &str) -> Result<Vec<ApiKey>> {
        self.store.list(owner).await
    }

    /// Revokes a key of this owner. Requests that begin later get 401.
    ///
    /// # Errors
    /// 404 if the owner has no such key, also if another owner has it; the error of the store.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_auth::{ApiKeys, MemoryApiKeyStore, NewApiKey};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// # let keys = ApiKeys::new("acme", MemoryApiKeyStore::default());
    /// let id = keys.create(NewApiKey::new("alice", "laptop")).await?.key.id;
    /// assert_eq!(keys.revoke("bob", &id).await.unwrap_err().status(), 404);
    /// assert!(keys.revoke("alice", &id).await?.revoked_at.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke(&self, owner: &str, id: &str) -> Result<ApiKey> {
        let now = whole_seconds(SystemTime::now());
        // Other texts are no ids, and databases refuse those with U+0000.
        let revoked = if is_id(id) {
            self.store.revoke(owner, id, now).await?
        } else {
            None
        };
        revoked.ok_or_else(|| Error::not_found("There is no such API key."))
    }

    /// The token of a request, if it has one.
    fn token<'r>(&self, request: &'r Request) -> Result<Option<&'r str>> {
        let Some(header) = &self.header else {
            return request.credentials("Bearer").map_err(|_| self.invalid());
        };
        let mut values = request.headers().get_all(&header.name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| self.invalid()),
            (Some(_), Some(_)) => Err(self.invalid()),
        }
    }

    /// 401, the same for all keys that are wrong.
    fn invalid(&self) -> Error {
        let challenge = format!(
            "{}, error=\"invalid_token\", error_description=\"{INVALID}\"",
            self.challenge_text()
        );
        Error::new(ErrorStatus::new(401))
            .with_detail(INVALID)
            .with_header(WWW_AUTHENTICATE, field_value(challenge))
    }

    /// RFC 6750 section 3 demands a parameter. No registered scheme is for keys in other header fields.
    fn challenge_text(&self) -> String {
        let prefix = &self.prefix;
        match &self.header {
            None => format!("Bearer realm=\"{prefix}\""),
            Some(header) => format!("ApiKey realm=\"{prefix}\", header=\"{}\"", header.spelling),
        }
    }
}

fn field_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("its parts are visible ASCII")
}

impl<C: Send + Sync + 'static> Authenticate for ApiKeys<C> {
    type Caller = C;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<C>> {
        let Some(token) = self.token(request)? else {
            return Ok(Authentication::Missing);
        };
        let (id, secret) = match KeyText::parse(&self.prefix, token) {
            KeyText::Foreign => return Ok(Authentication::Foreign(self.invalid())),
            KeyText::Malformed => return Err(self.invalid()),
            KeyText::Key { id, secret } => (id, secret),
        };
        let found = self.store.find(id).await?;
        // An unknown id takes the time of a wrong secret.
        let given = SecretHash::of(secret);
        let stored = found.as_ref().map_or(&NO_HASH, |(_, hash)| hash);
        let is_same = given.matches(stored);
        let now = SystemTime::now();
        let valid = found.filter(|(key, _)| is_same && !key.is_invalid(now));
        let Some((key, _)) = valid else {
            return Err(self.invalid());
        };
        self.last_use.record(&self.store, &key, now).await;
        let caller = (self.callers)(key).await?;
        caller
            .map(Authentication::Caller)
            .ok_or_else(|| self.invalid())
    }

    fn challenge(&self) -> HeaderValue {
        field_value(self.challenge_text())
    }

    fn security(&self) -> Security {
        match &self.header {
            None => Security::Bearer,
            Some(header) => Security::HeaderKey(header.spelling.into()),
        }
    }
}

impl<C> AsRef<Self> for ApiKeys<C> {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<C> Clone for ApiKeys<C> {
    fn clone(&self) -> Self {
        Self {
            prefix: Arc::clone(&self.prefix),
            store: Arc::clone(&self.store),
            callers: Arc::clone(&self.callers),
            header: self.header.clone(),
            last_use: Arc::clone(&self.last_use),
        }
    }
}

impl<C> fmt::Debug for ApiKeys<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("prefix", &self.prefix)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
