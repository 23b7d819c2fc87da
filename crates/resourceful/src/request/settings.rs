//! The settings of an application that its requests need.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderMap};
use http::request::Parts;
use http::uri::Authority;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::body::read_timeout::BodyLimits;
use crate::error::Error;
use crate::error::problem::Problem;
use crate::input::Codings;
use crate::proto::connection_info::ConnectionInfo;
use crate::proto::forwarded::Proxies;
use crate::proto::host::Host;
use crate::task::detached::Detached;
use crate::task::running::Running;
use crate::task::timeout::DEFAULT_TIMEOUT;

/// Default maximum size of a request body: 2 MiB.
///
/// # Examples
/// ```
/// assert_eq!(resourceful::DEFAULT_MAX_BODY_SIZE, 2_097_152);
/// ```
pub const DEFAULT_MAX_BODY_SIZE: u64 = 2 * 1024 * 1024;

/// Default maximum number of requests that run at once, and of those that wait to run.
pub(crate) const MAX_CONCURRENT_REQUESTS: usize = 2_000;
pub(crate) const MAX_QUEUED_REQUESTS: usize = 1_000;

/// How to treat a missing or extra trailing slash.
///
/// # Examples
/// ```
/// use resourceful::{App, TrailingSlash};
/// let app = App::new().trailing_slash(TrailingSlash::Strict);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TrailingSlash {
    /// Redirect to the registered spelling with 308, which keeps method and body.
    #[default]
    Redirect,
    /// Respond with 404.
    Strict,
    /// Serve the request.
    Ignore,
}

pub(crate) type ProblemHook = Arc<dyn Fn(&Error, Problem) -> Problem + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) max_body_size: u64,
    pub(crate) body_limits: BodyLimits,
    pub(crate) codings: Codings,
    pub(crate) max_uri_length: usize,
    pub(crate) trailing_slash: TrailingSlash,
    pub(crate) root_path: String,
    pub(crate) timeout: Duration,
    /// The requests that run, of all routes.
    pub(crate) running: Arc<Running>,
    pub(crate) map_problem: Option<ProblemHook>,
    /// The number of segments before the paths of a nested application.
    pub(crate) nesting: usize,
    /// The hosts to serve; empty for all hosts.
    pub(crate) trusted_hosts: Vec<String>,
    pub(crate) has_health: bool,
    pub(crate) proxies: Proxies,
    /// Unsafe requests whose clients have disconnected. They run to their end, and the shutdown waits.
    pub(crate) detached: Detached,
    /// The shutdown timeout is over: running requests are aborted.
    pub(crate) aborted: CancellationToken,
    /// The shutdown was requested: `/readyz` returns 503.
    pub(crate) leaving: CancellationToken,
    /// The shutdown has begun: endless responses end.
    pub(crate) shutdown: CancellationToken,
    /// The settings of mounted applications, which shut down with this one.
    pub(crate) mounted: Vec<Arc<Settings>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_body_size: DEFAULT_MAX_BODY_SIZE,
            body_limits: BodyLimits::default(),
            // RFC 9110 section 4.1 recommends 8000 at least.
            codings: Codings::Refused,
            max_uri_length: 8 * 1024,
            trailing_slash: TrailingSlash::default(),
            root_path: String::new(),
            timeout: DEFAULT_TIMEOUT,
            running: Arc::new(Running::new(MAX_CONCURRENT_REQUESTS, MAX_QUEUED_REQUESTS)),
            map_problem: None,
            nesting: 0,
            trusted_hosts: Vec::new(),
            has_health: false,
            proxies: Proxies::default(),
            detached: Detached::default(),
            aborted: CancellationToken::new(),
            leaving: CancellationToken::new(),
            shutdown: CancellationToken::new(),
            mounted: Vec::new(),
        }
    }
}

impl Settings {
    /// These settings and those of all applications inside.
    pub(crate) fn with_mounted(&self) -> Vec<&Self> {
        let mounted = self.mounted.iter().flat_map(|inner| inner.with_mounted());
        std::iter::once(self).chain(mounted).collect()
    }

    /// The requested host, from a trusted proxy, the URI or the `Host` field.
    pub(crate) fn host<'p>(
        &self,
        parts: &'p Parts,
        origin: Option<ConnectionInfo>,
    ) -> Option<&'p str> {
        let forwarded = origin.and_then(|origin| self.proxies.host(origin, &parts.headers));
        let host = forwarded.or_else(|| {
            // Without the user information (RFC 3986 section 3.2.1).
            let named = parts.uri.authority().map(Authority::as_str);
            let named = named.and_then(|named| named.rsplit('@').next());
            named.or_else(|| parts.headers.get(HOST)?.to_str().ok())
        });
        host.filter(|host| Host::parse(host).is_some())
    }

    /// The address of the client, if it is known.
    pub(crate) fn client(
        &self,
        headers: &HeaderMap,
        origin: Option<ConnectionInfo>,
    ) -> Option<IpAddr> {
        self.proxies.client(origin?, headers)
    }

    /// Admits an unsafe request.
    ///
    /// # Errors
    /// 503 if too many requests run whose clients have disconnected.
    pub(crate) fn admit(&self, parts: &Parts, origin: Option<ConnectionInfo>) -> Result<(), Error> {
        let client = || self.client(&parts.headers, origin);
        self.detached.admit(client)
    }

    pub(crate) fn trusts_host(&self, parts: &Parts, origin: ConnectionInfo) -> bool {
        // Health checks of one of several servers use its address.
        if self.has_health && matches!(parts.uri.path(), "/livez" | "/readyz") {
            return true;
        }
        let host = self.host(parts, Some(origin)).and_then(Host::parse);
        host.is_some_and(|host| host.matches_any(&self.trusted_hosts))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_body_size", &self.max_body_size)
            .field("trailing_slash", &self.trailing_slash)
            .finish_non_exhaustive()
    }
}
