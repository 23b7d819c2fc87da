//! The 403 for credentials that lack a scope (RFC 6750 section 3.1).

use std::borrow::Cow;

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use resourceful::Error;

/// 403 with a challenge that names the scopes, unless they are `None` or no text of a header field.
pub(crate) fn insufficient_scope(
    detail: impl Into<Cow<'static, str>>,
    scopes: Option<&str>,
) -> Error {
    let plain = "Bearer error=\"insufficient_scope\"";
    let named = scopes.and_then(|scopes| {
        let challenge = format!("{plain}, scope=\"{scopes}\"");
        HeaderValue::try_from(challenge).ok()
    });
    let challenge = named.unwrap_or(HeaderValue::from_static(plain));
    Error::forbidden(detail).with_header(WWW_AUTHENTICATE, challenge)
}
