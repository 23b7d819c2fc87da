//! The registered claims that every token is checked by (RFC 7519 section 4.1).

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::jwt::token::{parse_object, present};

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

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    pub(super) fn parse(payload: &[u8]) -> serde_json::Result<Self> {
        parse_object(payload)
    }

    /// Checks audience and times.
    pub(super) fn check(&self, audience: &str, leeway: Duration) -> Result<(), &'static str> {
        let is_for_us = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        };
        if !is_for_us {
            return Err("the token has another audience");
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs_f64();
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
