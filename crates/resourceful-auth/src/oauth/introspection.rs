//! [`Introspection`]: the caller of a request by a token that its issuer is asked about.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use resourceful::{
    Authenticate, Authentication, BoxError, Error, ErrorStatus, Request, Result, Security,
};
use resourceful_cache::{Cache, Memory};
use resourceful_client::ClientError;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;

use crate::oauth::response::{Expected, IntrospectionResponse};
use crate::tokens::address::parse_address;
use crate::tokens::bearer::{Challenges, insufficient_scope};
use crate::tokens::config_error::ConfigError;
use crate::tokens::issuer_endpoint::IssuerEndpoint;
use crate::tokens::json::parse_object;
use crate::tokens::make_caller::{FromClaims, FromFunction, MakeCaller};

const CACHE_SIZE: u64 = 16 * 1024 * 1024;
const MAX_CACHE_TIME: Duration = Duration::from_secs(60 * 60);
const INACTIVE_CACHE_TIME: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Finds the caller by an opaque bearer token, which the issuer is asked about (RFC 7662).
///
/// The caller `C` is a type of the members of the response, or what [`with_callers`](Self::with_callers) makes of them.
///
/// # Defaults
/// | what | default | setting |
/// |---|---|---|
/// | `active` | has to be `true` | |
/// | `token_type` | missing, `Bearer` or `access_token` | |
/// | `exp`, `nbf` | checked if present, without leeway | |
/// | `iss`, `aud`, `scope` | not checked | [`issuer`](Self::issuer), [`audience`](Self::audience), [`scope`](Self::scope) |
/// | cache | 60 s, and at most until `exp`; 5 s for a token that is not active; 16 MiB | [`cache_time`](Self::cache_time) |
/// | concurrent requests with one token | one call of the issuer | |
/// | the issuer does not respond within 5 s, or wrongly | 503 with `Retry-After` | |
/// | size of a token | at most 8 KiB | [`max_token_size`](Self::max_token_size) |
///
/// The cache has the SHA-256 of a token, not the token. A token that was revoked is accepted until its entry
/// expires.
///
/// A token that is not active is [`Authentication::Foreign`]: another issuer may know it. In an
/// [`Any`](resourceful::Any), an authenticator that knows its tokens by their form, such as
/// `Jwt`, stands before this one: it keeps its tokens from the issuer.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_auth::Introspection;
///
/// #[derive(Deserialize)]
/// struct Token { sub: String, client_id: String }
///
/// # fn main() -> Result<()> {
/// # let secret = "s3cret";
/// let tokens = Introspection::<Token>::new("https://issuer.example.com/introspect", "posts-api", secret)?
///     .issuer("https://issuer.example.com")
///     .audience("https://api.example.com");
/// # Ok(())
/// # }
/// ```
pub struct Introspection<C> {
    endpoint: IssuerEndpoint,
    expected: Expected,
    scope: Option<&'static str>,
    cache_time: Duration,
    active: Cache,
    inactive: Cache,
    max_token_size: usize,
    challenges: Challenges,
    caller: Arc<dyn MakeCaller<C>>,
}

/// The issuer's word on a token.
enum Verdict {
    Active(Box<RawValue>),
    Inactive,
}

impl<C: Send + Sync + 'static> Introspection<C> {
    /// Asks the endpoint at `address`, with the id and secret of this service at the issuer.
    ///
    /// # Errors
    /// If the address is not an `https` URL (or `http` on this machine).
    ///
    /// # Examples
    /// See [`Introspection`].
    pub fn new(address: &str, client_id: &str, client_secret: &str) -> Result<Self, ConfigError>
    where
        C: DeserializeOwned,
    {
        // RFC 6749 section 2.3.1: both are encoded as in a form, then as in Basic.
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let credentials = format!("{}:{}", encode(client_id), encode(client_secret));
        let credentials = STANDARD.encode(credentials);
        let mut authorization = HeaderValue::try_from(format!("Basic {credentials}"))
            .map_err(|_| ConfigError("the credentials are too long".to_owned()))?;
        authorization.set_sensitive(true);
        let endpoint = parse_address(address)?;
        let cache = Cache::new(Memory::with_capacity(CACHE_SIZE), "introspection", 1);
        let inactive = Cache::new(Memory::with_capacity(CACHE_SIZE), "inactive", 1);
        Ok(Self {
            endpoint: IssuerEndpoint::with_authorization(endpoint, authorization)?,
            expected: Expected::default(),
            scope: None,
            cache_time: Duration::from_secs(60),
            active: cache,
            inactive,
            max_token_size: 8 * 1024,
            challenges: Challenges::new(),
            caller: Arc::new(FromClaims),
        })
    }

    /// Makes the caller of the response, for example a user from the database.
    ///
    /// `None` refuses the token, for example that of a user who was deleted. An error is the response.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful_auth::Introspection;
    ///
    /// #[derive(Deserialize)]
    /// struct Token { sub: String }
    ///
    /// struct User { id: i64 }
    ///
    /// # fn main() -> Result<()> {
    /// let tokens = Introspection::<Token>::new("https://issuer.example.com/introspect", "posts-api", "s3cret")?
    ///     .with_callers(|token: Token| async move { Ok(token.sub.parse().ok().map(|id| User { id })) });
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_callers<D, F, Fut>(self, make: F) -> Introspection<D>
    where
        C: DeserializeOwned,
        F: Fn(C) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<D>>> + Send + 'static,
    {
        Introspection {
            endpoint: self.endpoint,
            expected: self.expected,
            scope: self.scope,
            cache_time: self.cache_time,
            active: self.active,
            inactive: self.inactive,
            max_token_size: self.max_token_size,
            challenges: self.challenges,
            caller: Arc::new(FromFunction::new(make)),
        }
    }

    /// Accepts only tokens with this `iss`.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.expected.issuer = Some(issuer.into());
        self
    }

    /// Accepts only tokens with this `aud`, as the one or as one of several. Without it, a token that another
    /// service got may be replayed here.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.expected.audience = Some(audience.into());
        self
    }

    /// Accepts only tokens with this scope; others get 403 with `insufficient_scope`.
    #[must_use]
    pub fn scope(mut self, scope: &'static str) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Sets the time for which the issuer's response is kept. Default: 60 s; at most an hour.
    #[must_use]
    pub fn cache_time(mut self, time: Duration) -> Self {
        self.cache_time = time.min(MAX_CACHE_TIME);
        self
    }

    /// Sets the maximum size of a token in bytes. Default: 8 KiB. Larger tokens get 401.
    #[must_use]
    pub fn max_token_size(mut self, bytes: usize) -> Self {
        self.max_token_size = bytes;
        self
    }

    /// Names the protected-resource metadata in challenges (RFC 9728 section 5.1).
    ///
    /// # Errors
    /// If the address is not an `https` URL (or `http` on this machine).
    pub fn resource_metadata(mut self, address: &str) -> Result<Self, ConfigError> {
        self.challenges = Challenges::with_resource_metadata(address)?;
        Ok(self)
    }

    /// Finds the caller by a token that came otherwise than in `Authorization`, such as in the first message
    /// of a WebSocket.
    ///
    /// # Errors
    /// 401 for a token that is refused; 403 if it lacks the scope; 503 if the issuer cannot be asked.
    pub async fn verify(&self, token: &str) -> Result<C> {
        self.challenges.caller(self.find(token).await?)
    }

    async fn find(&self, token: &str) -> Result<Authentication<C>> {
        let refuse = |reason: &'static str| self.challenges.invalid_token(reason);
        if token.len() > self.max_token_size {
            return Err(refuse("the token is too large"));
        }
        if !is_token(token) {
            return Ok(Authentication::Foreign(refuse(
                "the token is not in the form of a bearer token",
            )));
        }
        let response = match self.ask(token).await? {
            Verdict::Active(response) => response,
            Verdict::Inactive => {
                return Ok(Authentication::Foreign(refuse("the token is not active")));
            }
        };
        let response = response.get().as_bytes();
        let invalid = |error| self.challenges.wrong_claims(&error);
        let checked: IntrospectionResponse = parse_object(response).map_err(invalid)?;
        checked.check(&self.expected).map_err(refuse)?;
        if let Some(scope) = self.scope.filter(|scope| !checked.has_scope(scope)) {
            return Err(insufficient_scope(scope));
        }
        let caller = self.caller.make(response).map_err(invalid)?;
        match caller.await? {
            Some(caller) => Ok(Authentication::Caller(caller)),
            None => Err(refuse("the application refused the token")),
        }
    }

    /// The issuer's word, or that of the cache.
    async fn ask(&self, token: &str) -> Result<Verdict> {
        // The tokens themselves would be a prize for anyone who reads the memory of the cache.
        let key = STANDARD.encode(Sha256::digest(token));
        if self.inactive.get::<()>(&key).await.is_some() {
            return Ok(Verdict::Inactive);
        }
        // Boxed: the future of a call is large, and `get_or_compute` holds it several times.
        let call = Box::pin(async {
            let response = self.call(token).await.map_err(unavailable)?;
            let members: IntrospectionResponse =
                parse_object(response.get().as_bytes()).map_err(|error| {
                    unavailable(format!(
                        "no introspection response at column {}",
                        error.column()
                    ))
                })?;
            if members.active {
                return Ok(response);
            }
            // A cache that fails makes us ask again.
            let _ = self.inactive.set(&key, &(), INACTIVE_CACHE_TIME).await;
            Err(Error::new(ErrorStatus::new(401)))
        });
        match self
            .active
            .get_or_compute(&key, self.cache_time, call)
            .await
        {
            Ok(response) => Ok(Verdict::Active(response)),
            Err(error) if error.status() == 401 => Ok(Verdict::Inactive),
            Err(error) => Err(error),
        }
    }

    async fn call(&self, token: &str) -> Result<Box<RawValue>, ClientError> {
        let fields = [("token", token), ("token_type_hint", "access_token")];
        self.endpoint.post().form(fields).fetch().await
    }
}

/// The issuer does not respond, or with something else.
fn unavailable(error: impl Into<BoxError>) -> Error {
    Error::unavailable(RETRY_AFTER).with_source(error)
}

/// Whether the text has the form of a bearer token (RFC 6750 section 2.1).
fn is_token(text: &str) -> bool {
    let text = text.trim_end_matches('=').as_bytes();
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    !text.is_empty() && text.iter().all(is_allowed)
}

impl<C: Send + Sync + 'static> Authenticate for Introspection<C> {
    type Caller = C;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<C>> {
        match request.credentials("Bearer")? {
            Some(token) => self.find(token).await,
            None => Ok(Authentication::Missing),
        }
    }

    fn challenge(&self) -> HeaderValue {
        self.challenges.missing()
    }

    fn security(&self) -> Security {
        Security::Bearer
    }
}

impl<C> AsRef<Self> for Introspection<C> {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<C> Clone for Introspection<C> {
    fn clone(&self) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            expected: self.expected.clone(),
            scope: self.scope,
            cache_time: self.cache_time,
            active: self.active.clone(),
            inactive: self.inactive.clone(),
            max_token_size: self.max_token_size,
            challenges: self.challenges.clone(),
            caller: Arc::clone(&self.caller),
        }
    }
}

impl<C> fmt::Debug for Introspection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("address", &self.endpoint.url().as_str())
            .field("expected", &self.expected)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
