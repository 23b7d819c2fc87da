//! Strict readers of claims, of tokens and of introspection.

use std::time::SystemTime;

use serde::de::{DeserializeOwned, Error as _};

/// Reads a JSON object. serde reads a struct from an array, too, and does not check the encoding of members
/// that it ignores.
pub(crate) fn parse_object<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    match str::from_utf8(json) {
        Ok(text) if text.trim_start().starts_with('{') => serde_json::from_str(text),
        _ => Err(serde_json::Error::custom("not a JSON object")),
    }
}

/// The time now as a `NumericDate` (RFC 7519 section 2).
pub(crate) fn seconds_since_epoch() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}
