//! Limits redirects to the hosts and addresses that the operator allows.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_public;

pub(crate) const MAX_REDIRECTS: usize = 3;

/// Redirects that the operator allows.
#[derive(Clone)]
pub(crate) struct RedirectPolicy {
    pub(crate) base: Url,
    /// `host` (at the default port of its scheme) or `host:port`.
    pub(crate) hosts: Vec<String>,
    pub(crate) allow_private: bool,
}

impl RedirectPolicy {
    /// Returns the target of a redirect from `url`, if it is allowed.
    pub(crate) fn redirect_target(
        &self,
        url: &Url,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Url> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = headers.get(LOCATION)?.to_str().ok()?;
        let mut target = url.join(location).ok()?;
        if self.is_upstream(&target) {
            // The base URL's credentials belong to this host, so keep them.
            target.set_username(self.base.username()).ok()?;
            target.set_password(self.base.password()).ok()?;
        }
        self.allows(&target).then_some(target)
    }

    /// Whether this is the host of the base URL.
    pub(crate) fn is_upstream(&self, target: &Url) -> bool {
        self.base.host() == target.host()
    }

    fn allows(&self, target: &Url) -> bool {
        let base = &self.base;
        let same_port = base.port_or_known_default() == target.port_or_known_default();
        let same_scheme = base.scheme() == target.scheme();
        // Upgrading from http to https at the default ports is always allowed.
        let upgrade = base.scheme() == "http"
            && target.scheme() == "https"
            && base.port().is_none()
            && target.port().is_none();
        if base.host() == target.host() {
            return (same_scheme && same_port) || upgrade;
        }
        let downgrade = base.scheme() == "https" && target.scheme() == "http";
        let Some(host) = target.host_str().filter(|_| !downgrade) else {
            return false;
        };
        let is_web = matches!(target.scheme(), "http" | "https");
        let host_and_port = match target.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let is_named = |redirects: &String| redirects.eq_ignore_ascii_case(&host_and_port);
        is_web
            && self.hosts.iter().any(is_named)
            && self.allows_address(host.trim_matches(['[', ']']).parse().ok())
    }

    /// Whether this address is allowed. A host name has none yet; [`Resolver`] checks its addresses.
    fn allows_address(&self, address: Option<IpAddr>) -> bool {
        self.allow_private || address.is_none_or(is_public)
    }
}

/// The system's resolver. It drops private addresses of hosts other than the base URL's, so a name
/// cannot bypass the check.
pub(crate) struct Resolver(pub(crate) Arc<RedirectPolicy>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let redirects = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str();
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            let base_host = redirects.base.host_str();
            let is_base = base_host.is_some_and(|base| base.eq_ignore_ascii_case(host));
            let addresses: Vec<SocketAddr> = addresses
                .filter(|address| is_base || redirects.allows_address(Some(address.ip())))
                .collect();
            if addresses.is_empty() {
                return Err(format!("`{host}` has no allowed address").into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(redirects: &RedirectPolicy, target: &str) -> bool {
        redirects.allows(&target.parse().unwrap())
    }

    #[test]
    fn a_redirect_stays_at_its_origin() {
        let mut redirects = RedirectPolicy {
            base: "http://api.example.com/v1".parse().unwrap(),
            hosts: Vec::new(),
            allow_private: false,
        };
        assert!(allows(&redirects, "http://api.example.com/v2"));
        assert!(allows(&redirects, "https://api.example.com/v2"));
        for elsewhere in [
            "http://api.example.com:6379/",
            "https://api.example.com:8443/",
            "http://example.com/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/",
            "ftp://api.example.com/",
        ] {
            assert!(!allows(&redirects, elsewhere), "{elsewhere}");
        }
        redirects.hosts = ["files.example.com", "10.0.0.1"].map(str::to_owned).into();
        assert!(allows(&redirects, "https://FILES.example.com/a"));
        assert!(!allows(&redirects, "https://files.example.com:8443/a"));
        assert!(!allows(&redirects, "http://10.0.0.1/"));
        redirects.allow_private = true;
        assert!(allows(&redirects, "http://10.0.0.1/"));
        redirects.base = "https://api.example.com".parse().unwrap();
        assert!(!allows(&redirects, "http://api.example.com/"));
        assert!(!allows(&redirects, "http://files.example.com/"));
    }

    #[tokio::test]
    async fn a_name_with_a_private_address_is_not_resolved() {
        let mut redirects = RedirectPolicy {
            base: "http://api.example.com".parse().unwrap(),
            hosts: vec!["localhost".to_owned()],
            allow_private: false,
        };
        let resolve = async |redirects: &RedirectPolicy| {
            let resolver = Resolver(Arc::new(redirects.clone()));
            resolver.resolve("localhost".parse().unwrap()).await.is_ok()
        };
        assert!(!resolve(&redirects).await);
        redirects.allow_private = true;
        assert!(resolve(&redirects).await);
        redirects.allow_private = false;
        redirects.base = "http://localhost".parse().unwrap();
        assert!(resolve(&redirects).await);
    }
}
