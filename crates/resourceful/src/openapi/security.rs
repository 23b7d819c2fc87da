//! How clients show who they are, as the document tells of it.

use serde_json::{Value, json};

/// How a client shows who it is: what [`Access::security`](crate::Access::security) says.
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
///     fn security(_: Option<Action>) -> Security { Security::Bearer }
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// Nobody is asked who they are.
    Public,
    /// Some are refused; the document does not tell by what.
    #[default]
    Unspecified,
    /// `Authorization: Bearer ..` (RFC 6750).
    Bearer,
    /// `Authorization: Basic ..` (RFC 7617).
    Basic,
    /// A key in the header field of this name.
    HeaderKey(&'static str),
    /// A key in the cookie of this name.
    CookieKey(&'static str),
    /// `OpenID` Connect, discovered at this URL.
    OpenIdConnect(&'static str),
}

impl Security {
    /// Its name among the components, and its security scheme object.
    pub(crate) fn scheme(self) -> Option<(String, Value)> {
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

fn api_key(place: &str, name: &str) -> Value {
    json!({"type": "apiKey", "in": place, "name": name})
}

/// Names of components have letters, digits, `.`, `-` and `_`.
fn component_name(name: &str) -> String {
    let character = |one: char| match one {
        '.' | '-' | '_' => one,
        one if one.is_ascii_alphanumeric() => one.to_ascii_lowercase(),
        _ => '_',
    };
    name.chars().map(character).collect()
}
