//! Finds the address of an issuer's keys in its metadata (`OpenID` Connect Discovery, RFC 8414).

use std::sync::{Arc, Mutex, PoisonError};

use resourceful::BoxError;
use resourceful_client::ClientError;
use serde::Deserialize;
use url::Url;

use crate::tokens::address::parse_address;
use crate::tokens::config_error::ConfigError;
use crate::tokens::issuer_endpoint::IssuerEndpoint;

/// The metadata of an issuer.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: String,
    openid: IssuerEndpoint,
    oauth: IssuerEndpoint,
    /// The endpoint of the keys at the latest discovery. A new one has a new pool of connections.
    keys: Mutex<Option<Arc<IssuerEndpoint>>>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Discovery {
    pub(super) fn new(issuer: &str) -> Result<Self, ConfigError> {
        let url = parse_address(issuer)?;
        if url.query().is_some() {
            return Err(ConfigError(format!("the issuer `{issuer}` has a query")));
        }
        let path = url.path().trim_end_matches('/');
        let at = |path: String| {
            let mut url = url.clone();
            url.set_path(&path);
            IssuerEndpoint::new(url)
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            // The one appends its name to the path of the issuer, and the other inserts it before.
            openid: at(format!("{path}/.well-known/openid-configuration"))?,
            oauth: at(format!("/.well-known/oauth-authorization-server{path}"))?,
            keys: Mutex::default(),
        })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The endpoint of the keys. It is discovered at each call, because an issuer may move its keys.
    pub(super) async fn keys(&self) -> Result<Arc<IssuerEndpoint>, BoxError> {
        let metadata: Metadata = match self.openid.get().fetch().await {
            Err(ClientError::Status { status, .. }) if status.is_client_error() => {
                self.oauth.get().fetch().await?
            }
            other => other?,
        };
        // A document of another issuer could name the keys of that one.
        if metadata.issuer != self.issuer {
            return Err(format!("the metadata is of the issuer `{}`", metadata.issuer).into());
        }
        let url = parse_address(&metadata.jwks_uri)?;
        self.endpoint(url).map_err(Into::into)
    }

    fn endpoint(&self, url: Url) -> Result<Arc<IssuerEndpoint>, ConfigError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = keys.as_ref().filter(|known| *known.url() == url) {
            return Ok(Arc::clone(known));
        }
        let endpoint = Arc::new(IssuerEndpoint::new(url)?);
        *keys = Some(Arc::clone(&endpoint));
        Ok(endpoint)
    }
}
