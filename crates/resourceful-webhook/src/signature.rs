//! Secrets, and whether a text is the signature of some bytes.

use std::fmt;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use resourceful::Error;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How old a signed timestamp may be, and how far ahead.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Why a delivery is not believed.
///
/// # Examples
/// ```
/// use resourceful::Error;
/// use resourceful_webhook::SignatureError;
///
/// assert_eq!(Error::from(SignatureError::Missing).status(), 400);
/// assert_eq!(Error::from(SignatureError::Invalid).detail(), Some("Invalid signature"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no signature.
    #[error("the delivery is not signed")]
    Missing,
    /// It is not the signature of this body by one of our secrets.
    #[error("the signature is wrong")]
    Invalid,
    /// It was signed too long ago, or is from the future.
    #[error("the signature's time is over five minutes off")]
    Expired,
}

impl From<SignatureError> for Error {
    fn from(error: SignatureError) -> Self {
        let outside = match error {
            SignatureError::Missing => Self::bad_request("Missing signature"),
            // Which of the two it was is nothing to tell a stranger.
            SignatureError::Invalid | SignatureError::Expired => {
                Self::forbidden("Invalid signature")
            }
        };
        outside.with_source(error)
    }
}

/// Why a secret cannot be one.
///
/// # Examples
/// ```
/// let error = resourceful_webhook::GitHub::new("").unwrap_err();
/// assert_eq!(error.to_string(), "the secret is empty");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// With an empty secret everybody could sign.
    #[error("the secret is empty")]
    Empty,
    /// It is not base64 after `whsec_`.
    #[error("the secret is not base64")]
    NotBase64,
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        Self::internal(error)
    }
}

/// The secrets of which one signed. Not in debug output.
#[derive(Clone)]
pub(crate) struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    pub(crate) fn new(secret: &[u8]) -> Result<Self, SecretError> {
        Self(Vec::new()).with(secret)
    }

    pub(crate) fn with(mut self, secret: &[u8]) -> Result<Self, SecretError> {
        if secret.is_empty() {
            return Err(SecretError::Empty);
        }
        self.0.push(secret.to_vec());
        Ok(self)
    }

    /// Is one of `given` what one of the secrets makes of `parts`, written by `encode`? The
    /// comparison takes the same time wherever they differ.
    pub(crate) fn verify(
        &self,
        parts: &[&[u8]],
        given: &[&str],
        encode: impl Fn(&[u8]) -> String,
    ) -> Result<(), SignatureError> {
        let mut is_valid = false;
        for secret in &self.0 {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
            for part in parts {
                mac.update(part);
            }
            let expected = encode(&mac.finalize().into_bytes());
            for one in given {
                is_valid |= bool::from(expected.as_bytes().ct_eq(one.as_bytes()));
            }
        }
        if is_valid {
            Ok(())
        } else {
            Err(SignatureError::Invalid)
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// The one value of a header field that every delivery has.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next().filter(|value| !value.is_empty()) else {
        return Err(SignatureError::Missing);
    };
    if values.next().is_some() {
        return Err(SignatureError::Invalid);
    }
    value.to_str().map_err(|_| SignatureError::Invalid)
}

/// Is this a time of now, in seconds since 1970?
pub(crate) fn check_time(seconds: &str, now: SystemTime) -> Result<(), SignatureError> {
    // A number that is written in another way is signed in another way.
    if seconds.is_empty() || !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::Invalid);
    }
    let seconds = seconds.parse().map_err(|_| SignatureError::Invalid)?;
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    if now.abs_diff(Duration::from_secs(seconds)) > TOLERANCE {
        return Err(SignatureError::Expired);
    }
    Ok(())
}
