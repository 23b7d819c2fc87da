//! What the senders of webhooks differ in.

use std::time::SystemTime;

use http::HeaderMap;
use resourceful::{Description, Result};

use crate::signature::SignatureError;

/// A sender of webhooks: how it signs, and what it sends.
///
/// # Examples
/// One that signs with a password, which is better than nothing:
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
///         // In constant time: `==` takes longer the more of a guess is right.
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
    /// What a delivery tells.
    type Event: Send + 'static;
    /// What the header says of the signature.
    type Signature: Send + Sync;

    /// How long a delivery may be, in bytes; over it, the answer is 413.
    const MAX_BODY_SIZE: u64 = 2 * 1024 * 1024;

    /// The header fields and the body of a delivery, for the document of the API.
    fn describe() -> Description {
        Description::new().body_of("application/json")
    }

    /// Reads the signature off the header, before the body is read.
    ///
    /// # Errors
    /// When there is none, or one that no body could make good.
    fn signature(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Self::Signature, SignatureError>;

    /// Is it the signature of this body?
    ///
    /// # Errors
    /// [`SignatureError::Invalid`] when it is not.
    fn verify(&self, signature: &Self::Signature, body: &[u8]) -> Result<(), SignatureError>;

    /// The event in a body that was verified.
    ///
    /// # Errors
    /// 400 when it is not JSON, 422 that names what has the wrong shape.
    fn event(&self, headers: &HeaderMap, body: &[u8]) -> Result<Self::Event>;

    /// What tells this delivery from others, if it has such a thing.
    fn delivery_id(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let _ = (headers, body);
        None
    }
}
