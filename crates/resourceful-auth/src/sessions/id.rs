//! The id of a session in its cookie, and the key of a session in a store.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use resourceful::{Error, Result};
use sha2::{Digest, Sha256};

/// 256 random bits of the operating system.
const ID_SIZE: usize = 32;

/// The id of a session. Whoever knows it is the caller: only the browser keeps it.
pub(super) struct SessionId([u8; ID_SIZE]);

impl SessionId {
    /// # Errors
    /// 500 if the operating system has no random numbers.
    pub(super) fn random() -> Result<Self> {
        let mut id = [0; ID_SIZE];
        getrandom::fill(&mut id).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self(id))
    }

    /// Parses the value of a cookie: base64url without padding (RFC 4648 section 5). A value that is too long
    /// is not decoded.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let mut id = [0; ID_SIZE];
        let size = URL_SAFE_NO_PAD.decode_slice(value, &mut id).ok()?;
        (size == ID_SIZE).then_some(Self(id))
    }

    #[cfg(test)]
    pub(super) fn of(bytes: [u8; ID_SIZE]) -> Self {
        Self(bytes)
    }

    pub(super) fn to_cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(super) fn key(&self) -> SessionKey {
        SessionKey(Sha256::digest(self.0).into())
    }
}

/// The key of a session in a [`SessionStore`](crate::SessionStore): the SHA-256 of its id.
///
/// A copy of the store does not let anybody in. A search by the key takes a time that says nothing of the
/// id.
///
/// # Examples
/// ```
/// use resourceful_auth::SessionKey;
/// let key = SessionKey::new([7; 32]);
/// assert_eq!(SessionKey::from_hex(&key.to_hex()), Some(key));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Restores a key from its text.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey").finish_non_exhaustive()
    }
}
