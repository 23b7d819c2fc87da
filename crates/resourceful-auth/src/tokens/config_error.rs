//! [`ConfigError`]: a setting that cannot work.

use resourceful::Error;

/// Error of building an authenticator from its settings.
///
/// # Examples
/// ```
/// # #[cfg(feature = "jwt")] {
/// use resourceful_auth::{Algorithm, Key};
///
/// let error = Key::from_secret(Algorithm::HS256, "secret").unwrap_err();
/// assert_eq!(error.to_string(), "the secret of HS256 is too short (RFC 7518 section 3.2)");
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::internal(error)
    }
}
