//! The upstream, and on whose behalf it is called.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::HeaderValue;
use reqwest::Url;
use tokio::sync::Semaphore;

/// What all calls of a client have in common.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) http: reqwest::Client,
    pub(crate) base: Url,
    pub(crate) slots: Semaphore,
    pub(crate) timeout: Duration,
    pub(crate) max_response: usize,
    pub(crate) retries: u32,
}

/// Who calls: the service for itself, or on behalf of a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) request_id: Option<HeaderValue>,
    pub(crate) deadline: Option<Instant>,
}
