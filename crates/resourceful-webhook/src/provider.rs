//! [`Provider`]: the signature scheme and events of a sender.

use std::time::SystemTime;

use http::HeaderMap;
use resourceful::{Description, Result};

use crate::signature::SignatureError;

/// A sender of webhooks: its signature scheme and its events.
///
/// # Examples
/// A sender that authenticates by a password instead of a signature:
/// ```
/// use http::HeaderMap;
/// use resourceful::{Result, prelude::*};
/// use resourceful_webhook::{Provider, SignatureError};
/// use std::time::SystemTime;
/// use subtle::ConstantTimeEq;
///
/// #[derive(Debug, Deserialize, JsonSchema, Validate)]
/// struct Alarm { #[garde(skip)] room: u32 }
///
/// struct AlarmSystem { password: String }
///
/// impl Provider for AlarmSystem {
///     type Event = Alarm;
///     type Signature = String;
///
///     fn signature(&self, headers: &HeaderMap, _: SystemTime) -> Result<String, SignatureError> {
///         let given = headers.get("x-password").ok_or(SignatureError::Missing)?;
///         given.to_str().map(str::to_owned).map_err(|_| SignatureError::Invalid)
///     }
///
///     fn verify(&self, given: &String, _: &[u8]) -> Result<(), SignatureError> {
///         // In constant time: the time of `==` reveals how many bytes of a guess are right.
///         let is_right: bool = given.as_bytes().ct_eq(self.password.as_bytes()).into();
///         if is_right { Ok(()) } else { Err(SignatureError::Invalid) }
///     }
///
///     fn event(&self, _: &HeaderMap, body: &[u8]) -> Result<Alarm> {
///         resourceful::from_json(body)
///     }
/// }
/// ```
pub trait Provider: Send + Sync + 'static {
    /// Event of a delivery.
    type Event: Send + 'static;
    /// Parsed signature header.
    type Signature: Send + Sync;

    /// Maximum size of a body in bytes (default 2 MiB). Larger bodies get 413.
    const MAX_BODY_SIZE: u64 = 2 * 1024 * 1024;

    /// Header fields and body of a delivery, for the API document.
    fn describe() -> Description {
        Description::new().body_of("application/json")
    }

    /// Parses the signature header, before the body is read.
    ///
    /// # Errors
    /// If the signature is missing, or invalid for any body.
    fn signature(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Self::Signature, SignatureError>;

    /// Verifies that this is the signature of the body.
    ///
    /// # Errors
    /// [`SignatureError::Invalid`] if it is not.
    fn verify(&self, signature: &Self::Signature, body: &[u8]) -> Result<(), SignatureError>;

    /// Parses the event from a verified body.
    ///
    /// # Errors
    /// 400 if it is not JSON, 422 with the wrong fields.
    fn event(&self, headers: &HeaderMap, body: &[u8]) -> Result<Self::Event>;

    /// Unique id of the delivery, if the sender sets one (default none).
    fn delivery_id(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let _ = (headers, body);
        None
    }
}
