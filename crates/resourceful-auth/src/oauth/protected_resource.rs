//! [`ProtectedResource`]: metadata that lead a client from a 401 to the issuer (RFC 9728).

use resourceful::prelude::*;
use url::Url;

use crate::tokens::address::parse_address;
use crate::tokens::config_error::ConfigError;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata of this API as a protected resource (RFC 9728), as a view.
///
/// A client that gets 401 finds the address of the metadata in the challenge, and in the metadata the issuers
/// whose tokens are accepted.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_auth::ProtectedResource;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let metadata = ProtectedResource::new("https://api.example.com")?
///     .authorization_server("https://issuer.example.com")
///     .scopes(["posts:read", "posts:write"]);
/// // For `Jwt::resource_metadata` and `Introspection::resource_metadata`.
/// assert_eq!(metadata.address(), "https://api.example.com/.well-known/oauth-protected-resource");
///
/// let client = TestClient::new(App::new().view(&metadata.path(), metadata))?;
/// let response = client.get("/.well-known/oauth-protected-resource").await;
/// assert_eq!(response.json()["authorization_servers"][0], "https://issuer.example.com");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ProtectedResource {
    resource: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip)]
    address: Url,
}

impl ProtectedResource {
    /// The metadata of the API with this identifier, which is its address, and the audience of its tokens.
    ///
    /// # Errors
    /// If the identifier is not an `https` URL (or `http` on this machine).
    ///
    /// # Examples
    /// See [`ProtectedResource`].
    pub fn new(resource: &str) -> Result<Self, ConfigError> {
        let mut address = parse_address(resource)?;
        // RFC 9728 section 3.1: between the host and the path.
        let path = address.path().trim_end_matches('/');
        let path = format!("{WELL_KNOWN}{path}");
        address.set_path(&path);
        Ok(Self {
            resource: resource.to_owned(),
            authorization_servers: Vec::new(),
            scopes_supported: Vec::new(),
            bearer_methods_supported: ["header"],
            address,
        })
    }

    /// Adds an issuer whose tokens are accepted.
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Adds scopes that clients can ask for.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes_supported
            .extend(scopes.into_iter().map(Into::into));
        self
    }

    /// The path of the metadata on this server, such as `/.well-known/oauth-protected-resource`.
    #[must_use]
    pub fn path(&self) -> String {
        self.address.path().to_owned()
    }

    /// The address of the metadata, for challenges.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.as_str()
    }
}

#[view]
impl AsyncView for ProtectedResource {
    type Access = Public;

    /// The metadata of this API as a protected resource of OAuth 2 (RFC 9728).
    async fn get(&self, _: Request) -> Result<Response> {
        Ok(Json(self.clone()).into_response())
    }
}
