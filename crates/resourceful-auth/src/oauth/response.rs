//! The response of an introspection endpoint (RFC 7662 section 2.2), and its checks.

use serde::Deserialize;

use crate::tokens::audience::Audience;
use crate::tokens::json::seconds_since_epoch;

/// Members of the response that are checked. Those that are missing may be `null`; one of a wrong type makes the
/// whole response wrong.
#[derive(Debug, Deserialize)]
pub(super) struct IntrospectionResponse {
    pub(super) active: bool,
    token_type: Option<String>,
    iss: Option<String>,
    aud: Option<Audience>,
    scope: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
}

/// The values that the application expects.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
}

impl IntrospectionResponse {
    /// Checks an active token. The clock is ours: a cached response may have expired since.
    pub(super) fn check(&self, expected: &Expected) -> Result<(), &'static str> {
        let token_type = self.token_type.as_deref().unwrap_or("Bearer");
        // A DPoP token is bound to a key (RFC 9449 section 7.1), and a refresh token is for the issuer.
        if !["Bearer", "access_token"]
            .iter()
            .any(|one| one.eq_ignore_ascii_case(token_type))
        {
            return Err("the token is no bearer token");
        }
        if expected.issuer.is_some() && self.iss != expected.issuer {
            return Err("the token has another issuer");
        }
        let audience = expected.audience.as_deref();
        let has_audience = |audience| self.aud.as_ref().is_some_and(|aud| aud.contains(audience));
        if !audience.is_none_or(has_audience) {
            return Err("the token has another audience");
        }
        let now = seconds_since_epoch();
        if self.exp.is_some_and(|exp| now >= exp) {
            return Err("the token has expired");
        }
        if self.nbf.is_some_and(|nbf| now < nbf) {
            return Err("the token is not valid yet");
        }
        Ok(())
    }

    pub(super) fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.scope.as_deref().unwrap_or_default();
        scopes.split(' ').any(|one| one == scope)
    }
}
