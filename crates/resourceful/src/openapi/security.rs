//! The authentication schemes of the API document.

use std::borrow::Cow;

use serde_json::{Value, json};

/// The authentication scheme in the API document, from [`Access::security`](crate::Access::security).
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::Security;
/// use subtle::ConstantTimeEq;
///
/// struct Staff;
///
/// impl<R: Sync> Access<R> for Staff {
///     type Caller = ();
///
///     fn security(_: &R, _: Option<Action>) -> Vec<Security> { vec![Security::Bearer] }
///
///     async fn check(_: &R, request: &Request) -> Result<()> {
///         let credentials = request.header("authorization").and_then(|value| value.split_once(' '));
///         let is_known = |token: &str| token.as_bytes().ct_eq(b"s3cret").into(); // in constant time
///         match credentials {
///             Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") && is_known(token) => Ok(()),
///             _ => Err(Error::unauthorized("Bearer")),
///         }
///     }
/// }
///
/// async fn report(_: Request) -> Result<&'static str> { Ok("all is well") }
///
/// let document = App::new().get("/report", guarded::<Staff, _>(report)).openapi()?;
/// let operation = &document.as_value()["paths"]["/report"]["get"];
/// assert_eq!(operation["security"], serde_json::json!([{"bearer": []}]));
/// assert!(operation["responses"].get("401").is_some());
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// No authentication.
    Public,
    /// Requests may be refused, but the document names no scheme.
    #[default]
    Unspecified,
    /// `Authorization: Bearer ..` (RFC 6750).
    Bearer,
    /// `Authorization: Basic ..` (RFC 7617).
    Basic,
    /// A key in the header field of this name.
    HeaderKey(Cow<'static, str>),
    /// A key in the cookie of this name.
    CookieKey(Cow<'static, str>),
    /// `OpenID` Connect, discovered at this URL.
    OpenIdConnect(Cow<'static, str>),
}

impl Security {
    /// The component name and the security scheme object.
    pub(crate) fn scheme(&self) -> Option<(String, Value)> {
        let (name, scheme) = match self {
            Self::Public | Self::Unspecified => return None,
            Self::Bearer => (
                "bearer".to_owned(),
                json!({"type": "http", "scheme": "bearer"}),
            ),
            Self::Basic => (
                "basic".to_owned(),
                json!({"type": "http", "scheme": "basic"}),
            ),
            Self::HeaderKey(name) => (component_name(name), api_key("header", name)),
            Self::CookieKey(name) => (component_name(name), api_key("cookie", name)),
            Self::OpenIdConnect(url) => (
                "openIdConnect".to_owned(),
                json!({"type": "openIdConnect", "openIdConnectUrl": url}),
            ),
        };
        Some((name, scheme))
    }
}

fn api_key(location: &str, name: &str) -> Value {
    json!({"type": "apiKey", "in": location, "name": name})
}

/// A component name, which has only letters, digits, `.`, `-` and `_`.
fn component_name(name: &str) -> String {
    let to_allowed = |character: char| match character {
        '.' | '-' | '_' => character,
        character if character.is_ascii_alphanumeric() => character.to_ascii_lowercase(),
        _ => '_',
    };
    name.chars().map(to_allowed).collect()
}
