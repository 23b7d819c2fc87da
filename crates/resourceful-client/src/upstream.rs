//! State shared by all calls of a client.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use crate::redirect::RedirectPolicy;

/// Settings and connections of a client.
pub(crate) struct Upstream {
    pub(crate) http: reqwest::Client,
    /// Sent to the upstream only, not to other redirect hosts.
    pub(crate) headers: HeaderMap,
    pub(crate) redirects: Arc<RedirectPolicy>,
    pub(crate) permits: Semaphore,
    pub(crate) timeout: Duration,
    pub(crate) max_response_size: usize,
    pub(crate) retries: u32,
}

/// Omits credentials, which may be in the base URL and the headers.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("host", &self.redirects.base.host_str())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A client, and the request on whose behalf it calls.
#[derive(Clone, Debug)]
pub(crate) struct CallContext {
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) request_id: Option<HeaderValue>,
    pub(crate) deadline: Option<Instant>,
}
