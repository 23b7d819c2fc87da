//! Responses to bearer tokens that are missing, wrong or too weak (RFC 6750 section 3).

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use resourceful::{Authentication, BoxError, Error, ErrorStatus, Result};

use crate::scope;
use crate::tokens::address::parse_address;
use crate::tokens::config_error::ConfigError;

/// The `WWW-Authenticate` fields of one authenticator.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    missing: HeaderValue,
    invalid: HeaderValue,
}

impl Challenges {
    pub(crate) fn new() -> Self {
        Self {
            missing: HeaderValue::from_static("Bearer"),
            invalid: HeaderValue::from_static("Bearer error=\"invalid_token\""),
        }
    }

    /// Challenges that name the protected-resource metadata (RFC 9728 section 5.1).
    pub(crate) fn with_resource_metadata(address: &str) -> Result<Self, ConfigError> {
        // The serialized form of a URL has no quotes, and is visible ASCII.
        let address = parse_address(address)?;
        let value = |start: &str| {
            HeaderValue::try_from(format!("{start} resource_metadata=\"{address}\""))
                .expect("a URL is visible ASCII")
        };
        Ok(Self {
            missing: value("Bearer"),
            invalid: value("Bearer error=\"invalid_token\","),
        })
    }

    /// The challenge for a request without a token.
    pub(crate) fn missing(&self) -> HeaderValue {
        self.missing.clone()
    }

    /// The error for claims that cannot be read. The text of a JSON error may quote them.
    pub(crate) fn wrong_claims(&self, error: &serde_json::Error) -> Error {
        self.invalid_token(format!(
            "claims have another form at column {}",
            error.column()
        ))
    }

    /// The error for a wrong token. The reason is its cause, which no client sees: it would help those who forge
    /// tokens.
    pub(crate) fn invalid_token(&self, reason: impl Into<BoxError>) -> Error {
        Error::new(ErrorStatus::new(401))
            .with_header(WWW_AUTHENTICATE, self.invalid.clone())
            .with_source(reason)
    }

    /// The caller of a token that came otherwise than in `Authorization`.
    pub(crate) fn caller<C>(&self, found: Authentication<C>) -> Result<C> {
        match found {
            Authentication::Caller(caller) => Ok(caller),
            Authentication::Foreign(error) => Err(error),
            Authentication::Missing => Err(self.invalid_token("the token is missing")),
        }
    }
}

/// 403: the token is valid, but lacks this scope (RFC 6750 section 3.1).
///
/// `scope` lists the scopes that the request needs, separated by spaces.
///
/// # Examples
/// ```
/// let error = resourceful_auth::insufficient_scope("posts:write");
/// assert_eq!(error.status(), 403);
/// ```
#[must_use]
pub fn insufficient_scope(scope: &'static str) -> Error {
    let is_scope = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    debug_assert!(
        scope.bytes().all(is_scope),
        "`{scope}` is no scope (RFC 6749 section 3.3)"
    );
    let detail = "The access token has not the scope that this request needs.";
    scope::insufficient_scope(detail, Some(scope))
}
