//! [`Jwt`]: the caller of a request by a token that its issuer has signed.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use resourceful::{Authenticate, Authentication, Request, Result, Security};
use serde::de::DeserializeOwned;

use crate::jwt::algorithm::Algorithm;
use crate::jwt::claims::Claims;
use crate::jwt::jwks::Jwks;
use crate::jwt::keys::Keys;
use crate::jwt::token::{Header, Token};
use crate::tokens::bearer::Challenges;
use crate::tokens::config_error::ConfigError;
use crate::tokens::make_caller::{FromClaims, FromFunction, MakeCaller};

const MAX_LEEWAY: Duration = Duration::from_secs(10 * 60);

/// Finds the caller by a signed bearer token (RFC 7519), such as the access tokens of OAuth 2 (RFC 9068).
///
/// The caller `C` is the type of the application's claims, or what [`with_callers`](Self::with_callers) makes of them.
///
/// # Defaults
/// | check | default | setting |
/// |---|---|---|
/// | `iss`, `aud` | equal to those of [`new`](Self::new) | |
/// | `alg` | one of those of [`new`](Self::new), and that of the key | |
/// | `exp`, and `nbf` and `iat` if present | 60 s of leeway | [`leeway`](Self::leeway) |
/// | `typ` | missing, `JWT` or `at+jwt` | [`token_type`](Self::token_type) |
/// | `crit` | missing: no extension is known | |
/// | `jku`, `jwk`, `x5u`, `x5c` | ignored: the sender does not choose the key | |
/// | size | at most 8 KiB | [`max_token_size`](Self::max_token_size) |
///
/// A token that fails is 401 with `error="invalid_token"` (RFC 6750 section 3.1). The reason is the cause
/// of the error, for [`App::map_problem`](resourceful::App::map_problem) to log; no client sees it. A bearer token that is no signed JWT, or has another `iss`, is [`Authentication::Foreign`].
///
/// # Examples
/// ```
/// use resourceful::SignedIn;
/// use resourceful::prelude::*;
/// use resourceful_auth::{Algorithm, Jwt, Key};
///
/// #[derive(Deserialize)]
/// struct Claims { sub: String }
///
/// #[endpoint]
/// async fn me(request: &Request<Claims>) -> Result<String> { Ok(request.caller().sub.clone()) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// // The issuer is a service of one's own, and shares a secret. A provider publishes its keys: `Jwks`.
/// let key = Key::from_secret(Algorithm::HS256, b"a secret of at least 32 random bytes")?;
/// let jwt = Jwt::<Claims>::new("https://issuer.example.com", "https://api.example.com", [Algorithm::HS256], key)?;
///
/// let app = App::new().get("/me", guarded::<SignedIn<Jwt<Claims>>, _>(me).state(&jwt));
/// let client = TestClient::new(app)?;
/// let refused = client.get("/me").header("authorization", "Bearer t0ken").await;
/// assert_eq!(refused.status(), 401);
/// assert_eq!(refused.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
/// # Ok(())
/// # }
/// ```
pub struct Jwt<C> {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    keys: Keys,
    leeway: Duration,
    token_type: Option<String>,
    max_token_size: usize,
    challenges: Challenges,
    caller: Arc<dyn MakeCaller<C>>,
}

impl<C: Send + Sync + 'static> Jwt<C> {
    /// Accepts the tokens of `issuer` for `audience`, which `keys` verify by one of `algorithms`.
    ///
    /// Each of them has to be chosen. A token for another audience is one that somebody else got, and may
    /// replay here.
    ///
    /// # Errors
    /// If one of them is empty, HMAC is mixed with public keys, HMAC is used with published keys, or a fixed
    /// key has an algorithm that is not listed.
    ///
    /// # Examples
    /// See [`Jwt`].
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        algorithms: impl IntoIterator<Item = Algorithm>,
        keys: impl Into<Keys>,
    ) -> Result<Self, ConfigError>
    where
        C: DeserializeOwned,
    {
        let (issuer, audience) = (issuer.into(), audience.into());
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        let keys = keys.into();
        if issuer.is_empty() || audience.is_empty() || algorithms.is_empty() {
            let message = "tokens need an issuer, an audience and an algorithm";
            return Err(ConfigError(message.to_owned()));
        }
        let is_symmetric = algorithms[0].is_symmetric();
        if algorithms
            .iter()
            .any(|one| one.is_symmetric() != is_symmetric)
        {
            let message = "HMAC cannot be mixed with algorithms of public keys";
            return Err(ConfigError(message.to_owned()));
        }
        keys.check(&algorithms)?;
        Ok(Self {
            issuer,
            audience,
            algorithms,
            keys,
            leeway: Duration::from_secs(60),
            token_type: None,
            max_token_size: 8 * 1024,
            challenges: Challenges::new(),
            caller: Arc::new(FromClaims),
        })
    }

    /// Accepts the tokens of `issuer` for `audience`, with the keys that the issuer's metadata leads to.
    ///
    /// The first token makes the service fetch them: see [`Jwks::discover`].
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`Jwks::discover`].
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful_auth::{Algorithm, Jwt};
    ///
    /// #[derive(Deserialize)]
    /// struct Claims { sub: String }
    ///
    /// # fn main() -> Result<()> {
    /// let jwt = Jwt::<Claims>::discover("https://issuer.example.com", "https://api.example.com", [Algorithm::RS256])?
    ///     .token_type("at+jwt");
    /// # Ok(())
    /// # }
    /// ```
    pub fn discover(
        issuer: &str,
        audience: impl Into<String>,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<Self, ConfigError>
    where
        C: DeserializeOwned,
    {
        Self::new(issuer, audience, algorithms, Jwks::discover(issuer)?)
    }

    /// Makes the caller of the claims, for example a user from the database.
    ///
    /// `None` refuses the token, for example that of a user who was deleted. An error is the response.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful_auth::{Algorithm, Jwt, Key};
    ///
    /// #[derive(Deserialize)]
    /// struct Claims { sub: String }
    ///
    /// struct User { id: i64 }
    ///
    /// # fn main() -> Result<()> {
    /// # let key = Key::from_secret(Algorithm::HS256, b"a secret of at least 32 random bytes")?;
    /// let jwt = Jwt::<Claims>::new("https://issuer.example.com", "https://api.example.com", [Algorithm::HS256], key)?
    ///     .with_callers(|claims: Claims| async move { Ok(claims.sub.parse().ok().map(|id| User { id })) });
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_callers<D, F, Fut>(self, make: F) -> Jwt<D>
    where
        C: DeserializeOwned,
        F: Fn(C) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<D>>> + Send + 'static,
    {
        Jwt {
            issuer: self.issuer,
            audience: self.audience,
            algorithms: self.algorithms,
            keys: self.keys,
            leeway: self.leeway,
            token_type: self.token_type,
            max_token_size: self.max_token_size,
            challenges: self.challenges,
            caller: Arc::new(FromFunction::new(make)),
        }
    }

    /// Sets the difference of clocks that is allowed for `exp`, `nbf` and `iat`. Default: 60 s; at most 10
    /// minutes.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// Accepts only tokens with this `typ`, such as `at+jwt` of RFC 9068. Without it, an ID token for the
    /// same audience is accepted, too (RFC 8725 section 3.11).
    #[must_use]
    pub fn token_type(mut self, name: impl Into<String>) -> Self {
        self.token_type = Some(name.into());
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
    /// 401 for a token that is refused; 503 if the key is unknown and the issuer cannot be asked.
    pub async fn verify(&self, token: &str) -> Result<C> {
        self.challenges.caller(self.find(token).await?)
    }

    async fn find(&self, text: &str) -> Result<Authentication<C>> {
        let refuse = |reason: &'static str| self.challenges.invalid_token(reason);
        if text.len() > self.max_token_size {
            return Err(refuse("the token is too large"));
        }
        let Some(token) = Token::parse(text) else {
            return Ok(Authentication::Foreign(refuse(
                "the token is not a signed JWT",
            )));
        };
        // All that needs no key comes first: a token that is wrong anyway must not make us fetch keys.
        let claims =
            Claims::parse(&token.payload).map_err(|error| self.challenges.wrong_claims(&error))?;
        if claims.iss != self.issuer {
            return Ok(Authentication::Foreign(refuse(
                "the token has another issuer",
            )));
        }
        let algorithm = self.check_header(&token.header).map_err(refuse)?;
        claims.check(&self.audience, self.leeway).map_err(refuse)?;
        if !self.keys.verify(&token, algorithm).await? {
            return Err(refuse("no key of the issuer verifies the signature"));
        }
        let caller = self.caller.make(&token.payload);
        let caller = caller.map_err(|error| self.challenges.wrong_claims(&error))?;
        match caller.await? {
            Some(caller) => Ok(Authentication::Caller(caller)),
            None => Err(refuse("the application refused the claims")),
        }
    }

    fn check_header(&self, header: &Header) -> Result<Algorithm, &'static str> {
        let known = self.algorithms.iter().find(|one| one.is_named(&header.alg));
        let algorithm = *known.ok_or("the token has an algorithm that is not allowed")?;
        if header.crit.is_some() {
            // RFC 7515 section 4.1.11.
            return Err("the token has an extension that is not understood");
        }
        // Media types are case-insensitive; `application/` may be omitted (RFC 7515 section 4.1.9).
        let token_type = header
            .typ
            .as_deref()
            .map(|typ| match typ.split_at_checked(12) {
                Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
                _ => typ,
            });
        let is_expected = match (&self.token_type, token_type) {
            (None, None) => true,
            (None, Some(given)) => ["JWT", "at+jwt"]
                .iter()
                .any(|one| one.eq_ignore_ascii_case(given)),
            (Some(_), None) => false,
            (Some(expected), Some(given)) => expected.eq_ignore_ascii_case(given),
        };
        if is_expected {
            Ok(algorithm)
        } else {
            Err("the token has another type")
        }
    }
}

impl<C: Send + Sync + 'static> Authenticate for Jwt<C> {
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

impl<C> AsRef<Self> for Jwt<C> {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<C> Clone for Jwt<C> {
    fn clone(&self) -> Self {
        Self {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            algorithms: self.algorithms.clone(),
            keys: self.keys.clone(),
            leeway: self.leeway,
            token_type: self.token_type.clone(),
            max_token_size: self.max_token_size,
            challenges: self.challenges.clone(),
            caller: Arc::clone(&self.caller),
        }
    }
}

impl<C> fmt::Debug for Jwt<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
