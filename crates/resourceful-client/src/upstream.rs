//! The upstream, and on whose behalf it is called.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use crate::redirect::Allowed;

/// What all calls of a client have in common.
pub(crate) struct Upstream {
    pub(crate) http: reqwest::Client,
    /// Sent to the upstream, and to no host that it redirects to.
    pub(crate) headers: HeaderMap,
    pub(crate) allowed: Arc<Allowed>,
    pub(crate) slots: Semaphore,
    pub(crate) timeout: Duration,
    pub(crate) max_response: usize,
    pub(crate) retries: u32,
}

/// Without credentials, which may be in the base URL and the headers.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("host", &self.allowed.base.host_str())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Who calls: the service for itself, or on behalf of a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) request_id: Option<HeaderValue>,
    pub(crate) deadline: Option<Instant>,
}
