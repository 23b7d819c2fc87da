//! The registered claims that every token is checked by (RFC 7519 section 4.1).

use std::time::Duration;

use serde::Deserialize;

use crate::jwt::token::present;
use crate::tokens::audience::Audience;
use crate::tokens::json::{parse_object, seconds_since_epoch};

/// Registered claims. Values of a wrong type are errors, also where the claim is optional: as if missing,
/// they would switch their check off (CVE-2026-25537).
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    aud: Audience,
    exp: f64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<f64>,
}

impl Claims {
    pub(super) fn parse(payload: &[u8]) -> serde_json::Result<Self> {
        parse_object(payload)
    }

    /// Checks audience and times.
    pub(super) fn check(&self, audience: &str, leeway: Duration) -> Result<(), &'static str> {
        if !self.aud.contains(audience) {
            return Err("the token has another audience");
        }
        let now = seconds_since_epoch();
        let leeway = leeway.as_secs_f64();
        if now >= self.exp + leeway {
            return Err("the token has expired");
        }
        if self.nbf.is_some_and(|nbf| now + leeway < nbf) {
            return Err("the token is not valid yet");
        }
        if self.iat.is_some_and(|iat| now + leeway < iat) {
            return Err("the token was issued in the future");
        }
        Ok(())
    }
}
