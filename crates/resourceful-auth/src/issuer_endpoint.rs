//! [`IssuerEndpoint`]: an address of an issuer, called within limits.

use std::time::Duration;

use resourceful_client::{Call, Client};
use url::Url;

use crate::config_error::ConfigError;

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
    pub(crate) fn new(url: Url) -> Result<Self, ConfigError> {
        let mut base = url.clone();
        base.set_query(None);
        let client = Client::builder(base.as_str())
            .timeout(TIMEOUT)
            .max_response_size(MAX_RESPONSE_SIZE)
            // The caller has a schedule of its own.
            .retries(0)
            .build()
            .map_err(|error| ConfigError(error.to_string()))?;
        Ok(Self { client, url })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn get(&self) -> Call {
        let path = if self.url.path().ends_with('/') {
            "/"
        } else {
            ""
        };
        let mut call = self.client.get(path);
        for (name, value) in self.url.query_pairs() {
            call = call.query(&name, value);
        }
        call
    }
}
