//! Secrets, and verification of signatures.

use std::fmt;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use resourceful::Error;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Maximum difference of a signed timestamp from now, in both directions.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Error of verifying a delivery.
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
    /// The signature is missing.
    #[error("the delivery is not signed")]
    Missing,
    /// The signature does not match this body and any of the secrets.
    #[error("the signature is wrong")]
    Invalid,
    /// The signature is too old, or from the future.
    #[error("the signature's time is more than five minutes off")]
    Expired,
}

impl From<SignatureError> for Error {
    fn from(error: SignatureError) -> Self {
        let error_for_client = match error {
            SignatureError::Missing => Self::bad_request("Missing signature"),
            // The client does not learn which of the two it was.
            SignatureError::Invalid | SignatureError::Expired => {
                Self::forbidden("Invalid signature")
            }
        };
        error_for_client.with_source(error)
    }
}

/// Error of an invalid secret.
///
/// # Examples
/// ```
/// let error = resourceful_webhook::GitHub::new("").unwrap_err();
/// assert_eq!(error.to_string(), "the secret is empty");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The secret is empty, so everybody could sign.
    #[error("the secret is empty")]
    Empty,
    /// The secret is not base64 after `whsec_`.
    #[error("the secret is not base64")]
    NotBase64,
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        Self::internal(error)
    }
}

/// Secrets, any of which may have signed. Debug output omits them.
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

    /// Verifies that one of the `given` signatures, encoded by `encode`, matches `parts` under one
    /// of the secrets. Compares in constant time.
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
            for signature in given {
                is_valid |= bool::from(expected.as_bytes().ct_eq(signature.as_bytes()));
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

/// Returns the value of a required header field that must not be repeated.
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

/// Checks that a Unix timestamp is within [`TOLERANCE`] of now.
pub(crate) fn check_timestamp(seconds: &str, now: SystemTime) -> Result<(), SignatureError> {
    // Only plain digits: another spelling would have another signature.
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
