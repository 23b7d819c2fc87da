//! [`IssuerEndpoint`]: an address of an issuer, called within limits.

use std::time::Duration;

use http::Method;
#[cfg(feature = "oauth")]
use http::header::{AUTHORIZATION, HeaderValue};
use resourceful_client::{Call, Client, ClientBuilder};
use url::Url;

use crate::tokens::config_error::ConfigError;

/// Large enough for the documents of big issuers, which have 10 KiB.
const MAX_RESPONSE_SIZE: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);

/// An endpoint of an issuer.
#[derive(Clone, Debug)]
pub(crate) struct IssuerEndpoint {
    client: Client,
    url: Url,
}

impl IssuerEndpoint {
    /// `url` comes from `parse_address`.
    #[cfg(feature = "jwt")]
    pub(crate) fn new(url: Url) -> Result<Self, ConfigError> {
        Self::build(url, |client| client)
    }

    /// With credentials of this service. `url` comes from `parse_address`.
    #[cfg(feature = "oauth")]
    pub(crate) fn with_authorization(url: Url, value: HeaderValue) -> Result<Self, ConfigError> {
        Self::build(url, |client| client.header(AUTHORIZATION, value))
    }

    fn build(
        url: Url,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, ConfigError> {
        let mut base = url.clone();
        base.set_query(None);
        let client = Client::builder(base.as_str())
            .timeout(TIMEOUT)
            .max_response_size(MAX_RESPONSE_SIZE)
            // The caller has a schedule of its own.
            .retries(0);
        let client = configure(client).build();
        let client = client.map_err(|error| ConfigError(error.to_string()))?;
        Ok(Self { client, url })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    #[cfg(feature = "jwt")]
    pub(crate) fn get(&self) -> Call {
        self.call(Method::GET)
    }

    #[cfg(feature = "oauth")]
    pub(crate) fn post(&self) -> Call {
        self.call(Method::POST)
    }

    fn call(&self, method: Method) -> Call {
        // The client appends the path to the base without its last slash.
        let path = if self.url.path().ends_with('/') {
            "/"
        } else {
            ""
        };
        let mut call = self.client.call(method, path);
        for (name, value) in self.url.query_pairs() {
            call = call.query(&name, value);
        }
        call
    }
}
