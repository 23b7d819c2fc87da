//! Where an upstream may send us: nowhere but where the operator pointed us to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_public;

pub(crate) const MAX_REDIRECTS: usize = 3;

/// What the operator allows.
#[derive(Clone)]
pub(crate) struct Allowed {
    pub(crate) base: Url,
    /// `host`, at its scheme's port, or `host:port`.
    pub(crate) hosts: Vec<String>,
    pub(crate) private: bool,
}

impl Allowed {
    /// Where a response sends those who asked for `url`, if they may go there.
    pub(crate) fn target(&self, url: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = headers.get(LOCATION)?.to_str().ok()?;
        let mut target = url.join(location).ok()?;
        if self.is_upstream(&target) {
            // The base URL's credentials are for this host, however it writes its own address.
            target.set_username(self.base.username()).ok()?;
            target.set_password(self.base.password()).ok()?;
        }
        self.leads_to(&target).then_some(target)
    }

    /// Is this the host that was named when the client was built?
    pub(crate) fn is_upstream(&self, target: &Url) -> bool {
        self.base.host() == target.host()
    }

    fn leads_to(&self, target: &Url) -> bool {
        let base = &self.base;
        let same_port = base.port_or_known_default() == target.port_or_known_default();
        let same_scheme = base.scheme() == target.scheme();
        // From http to https on their usual ports is the one change that is always welcome.
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
        let is_named = |allowed: &String| allowed.eq_ignore_ascii_case(&host_and_port);
        is_web
            && self.hosts.iter().any(is_named)
            && self.may_be_at(host.trim_matches(['[', ']']).parse().ok())
    }

    /// A name has no address yet; the resolver looks at those that it gets.
    fn may_be_at(&self, address: Option<IpAddr>) -> bool {
        self.private || address.is_none_or(is_public)
    }
}

/// The system's resolver. Of hosts other than the base URL's it hides the private addresses, so
/// that a name cannot lead where its address could not.
pub(crate) struct Resolver(pub(crate) Arc<Allowed>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0)).await?;
            let base_host = allowed.base.host_str();
            let is_base = base_host.is_some_and(|base| base.eq_ignore_ascii_case(host));
            let found: Vec<SocketAddr> = found
                .filter(|address| is_base || allowed.may_be_at(Some(address.ip())))
                .collect();
            if found.is_empty() {
                return Err(format!("`{host}` has no address that may be called").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads_to(allowed: &Allowed, target: &str) -> bool {
        allowed.leads_to(&target.parse().unwrap())
    }

    #[test]
    fn a_redirect_stays_at_its_origin() {
        let mut allowed = Allowed {
            base: "http://api.example.com/v1".parse().unwrap(),
            hosts: Vec::new(),
            private: false,
        };
        assert!(leads_to(&allowed, "http://api.example.com/v2"));
        assert!(leads_to(&allowed, "https://api.example.com/v2"));
        for elsewhere in [
            "http://api.example.com:6379/",
            "https://api.example.com:8443/",
            "http://example.com/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/",
            "ftp://api.example.com/",
        ] {
            assert!(!leads_to(&allowed, elsewhere), "{elsewhere}");
        }
        allowed.hosts = ["files.example.com", "10.0.0.1"].map(str::to_owned).into();
        assert!(leads_to(&allowed, "https://FILES.example.com/a"));
        assert!(!leads_to(&allowed, "https://files.example.com:8443/a"));
        assert!(!leads_to(&allowed, "http://10.0.0.1/"));
        allowed.private = true;
        assert!(leads_to(&allowed, "http://10.0.0.1/"));
        allowed.base = "https://api.example.com".parse().unwrap();
        assert!(!leads_to(&allowed, "http://api.example.com/"));
        assert!(!leads_to(&allowed, "http://files.example.com/"));
    }

    #[tokio::test]
    async fn a_name_does_not_lead_to_a_private_address() {
        let mut allowed = Allowed {
            base: "http://api.example.com".parse().unwrap(),
            hosts: vec!["localhost".to_owned()],
            private: false,
        };
        let resolve = async |allowed: &Allowed| {
            let resolver = Resolver(Arc::new(allowed.clone()));
            resolver.resolve("localhost".parse().unwrap()).await.is_ok()
        };
        assert!(!resolve(&allowed).await);
        allowed.private = true;
        assert!(resolve(&allowed).await);
        allowed.private = false;
        allowed.base = "http://localhost".parse().unwrap();
        assert!(resolve(&allowed).await);
    }
}
