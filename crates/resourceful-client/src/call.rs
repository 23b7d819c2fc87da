//! [`Call`]: one request to the upstream, from its path to its result.

use std::fmt::{self, Display};
use std::time::Duration;

use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span, field};

use crate::error::ClientError;
use crate::path::fill;
use crate::query::pairs;
use crate::redirect::MAX_REDIRECTS;
use crate::reply::Reply;
use crate::retry;
use crate::upstream::Caller;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// For a time that cannot be added to now.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A call that is being put together; [`fetch`](Self::fetch) or [`send`](Self::send) makes it.
///
/// # Examples
/// ```no_run
/// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
/// let tags: Vec<String> = upstream
///     .get("/users/{id}/tags")
///     .param("id", 7)
///     .query("limit", 100)
///     .fetch()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a call is made by `fetch` or `send`"]
pub struct Call {
    caller: Caller,
    method: Method,
    path: String,
    parameters: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    timeout: Duration,
    mistake: Option<ClientError>,
}

impl Call {
    pub(crate) fn new(caller: Caller, method: Method, path: &str) -> Self {
        let timeout = caller.upstream.timeout;
        let mut headers = caller.upstream.headers.clone();
        if let Some(id) = &caller.request_id {
            headers.insert(REQUEST_ID, id.clone());
        }
        Self {
            caller,
            method,
            path: path.to_owned(),
            parameters: Vec::new(),
            query: Vec::new(),
            headers,
            body: None,
            timeout,
            mistake: None,
        }
    }

    /// The value of a path parameter. It stays in its segment, whatever it is.
    ///
    /// # Examples
    /// See [`Call`].
    pub fn param(mut self, name: &str, value: impl Display) -> Self {
        self.parameters.push((name.to_owned(), value.to_string()));
        self
    }

    /// A parameter of the query string.
    ///
    /// # Examples
    /// See [`Call`].
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// All members of a value as parameters of the query string.
    pub(crate) fn query_of(mut self, value: &impl Serialize) -> Self {
        match pairs(value) {
            Ok(pairs) => self.query.extend(pairs),
            Err(error) => self.mistake = Some(error),
        }
        self
    }

    /// A header field.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.get("/tags").header(http::header::ACCEPT_LANGUAGE, "de").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(error) => self.mistake = Some(ClientError::Malformed(format!("{name}: {error}"))),
        }
        self
    }

    /// A JSON body.
    ///
    /// # Examples
    /// See [`Client::post`](crate::Client::post).
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => {
                self.body = Some(body);
                self.headers.insert(CONTENT_TYPE, JSON);
            }
            Err(error) => self.mistake = Some(ClientError::Malformed(error.to_string())),
        }
        self
    }

    /// Sends `Idempotency-Key`: the upstream does the same key's work once, so the call may be
    /// made again when it fails.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.post("/payments").idempotency_key("order-7").json(&10).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header(IDEMPOTENCY_KEY, key)
    }

    /// How long this call may take, instead of the client's timeout.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.get("/report").timeout(Duration::from_secs(20)).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the call; the result is the response's JSON. An empty response is read as `null`, so
    /// that `fetch::<()>` is for answers without a body.
    ///
    /// # Errors
    /// Every [`ClientError`]; [`ClientError::Decode`] when the response is no `T`.
    ///
    /// # Examples
    /// See [`Call`].
    pub async fn fetch<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        self.send().await?.json()
    }

    /// Makes the call; the result is the response as it is.
    ///
    /// # Errors
    /// Every [`ClientError`]; [`ClientError::Status`] when its status is not 2xx.
    ///
    /// # Examples
    /// See [`Reply`].
    pub async fn send(self) -> Result<Reply, ClientError> {
        self.answer().await.map_err(|failure| failure.error)
    }

    /// Makes the call; a failure says more than its error.
    pub(crate) async fn answer(mut self) -> Result<Reply, Failure> {
        let url = self.url()?;
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake.into());
        }
        let now = Instant::now();
        let mut deadline = now.checked_add(self.timeout).unwrap_or(now + FOREVER);
        if let Some(earlier) = self.caller.deadline {
            deadline = deadline.min(earlier.into());
        }
        let span = tracing::info_span!(
            "upstream",
            method = %self.method,
            host = url.host_str(),
            path = self.path,
            attempts = field::Empty,
            status = field::Empty,
        );
        let attempts = self.attempts(&url, deadline).instrument(span);
        // A deadline that is past already is not tried.
        let outcome = if deadline <= Instant::now() {
            Err(ClientError::Timeout.into())
        } else {
            timeout_at(deadline, attempts)
                .await
                .unwrap_or_else(|_| Err(ClientError::Timeout.into()))
        };
        if let Err(Failure { error, .. }) = &outcome {
            tracing::debug!(method = %self.method, path = self.path, error = error.to_string(), "an upstream call failed");
        }
        outcome
    }

    fn url(&self) -> Result<Url, ClientError> {
        let mut url = self.caller.upstream.allowed.base.clone();
        let path = fill(&self.path, &self.parameters)?;
        let path = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    async fn attempts(&self, url: &Url, deadline: Instant) -> Result<Reply, Failure> {
        let may_repeat = self.method.is_safe() || self.headers.contains_key(IDEMPOTENCY_KEY);
        let retries = self.caller.upstream.retries;
        for number in 1.. {
            Span::current().record("attempts", number);
            let failure = match self.attempt(url, deadline).await {
                Ok(reply) => {
                    Span::current().record("status", reply.status().as_u16());
                    return Ok(reply);
                }
                Err(failure) => failure,
            };
            if let Some(status) = failure.error.status() {
                Span::current().record("status", status.as_u16());
            }
            let may_retry = may_repeat || failure.is_unprocessed;
            if number > retries || !may_retry || !retry::is_transient(&failure.error) {
                return Err(failure);
            }
            let pause = retry::pause(number, failure.asked);
            if pause >= deadline.saturating_duration_since(Instant::now()) {
                return Err(failure);
            }
            sleep(pause).await;
        }
        unreachable!("the last attempt returns")
    }

    /// One request and its response, read to its end.
    async fn attempt(&self, url: &Url, deadline: Instant) -> Result<Reply, Failure> {
        let upstream = &self.caller.upstream;
        let slot = upstream.slots.acquire().await;
        let _slot = slot.expect("the semaphore is never closed");
        let response = self.follow(url).await.map_err(|error| Failure {
            is_unprocessed: retry::is_unprocessed(&error),
            ..error.into()
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(Reply::read(response, upstream.max_response).await?);
        }
        let asked = retry::retry_after(response.headers());
        let is_problem = is_problem(response.headers());
        // The status must be told before the time of the call is over.
        let left = deadline.saturating_duration_since(Instant::now());
        let body = Reply::read_beginning(response, left / 2).await;
        let error = ClientError::Status { status, body };
        Err(Failure {
            error,
            asked,
            is_problem,
            is_unprocessed: false,
        })
    }

    /// The response, after the redirects that may be followed. What changes something is not
    /// sent elsewhere, and above all does not become a `GET`: its redirect is its answer.
    async fn follow(&self, url: &Url) -> Result<reqwest::Response, ClientError> {
        let upstream = &self.caller.upstream;
        let redirects = if self.method.is_safe() {
            MAX_REDIRECTS
        } else {
            0
        };
        let mut response = self.request(url).await?;
        let mut url = url.clone();
        for _ in 0..redirects {
            let (status, headers) = (response.status(), response.headers());
            let Some(target) = upstream.allowed.target(&url, status, headers) else {
                break;
            };
            url = target;
            response = self.request(&url).await?;
        }
        Ok(response)
    }

    async fn request(&self, url: &Url) -> Result<reqwest::Response, ClientError> {
        let upstream = &self.caller.upstream;
        let mut request = upstream.http.request(self.method.clone(), url.clone());
        if upstream.allowed.is_upstream(url) {
            // Others get neither credentials nor anything else that is the upstream's.
            request = request.headers(self.headers.clone());
            if let Some(body) = &self.body {
                request = request.body(body.clone());
            }
        }
        request.send().await.map_err(ClientError::from_transport)
    }
}

/// Without headers, body and values, which may be secret.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// An attempt that failed, and what its answer says of itself.
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    /// How long the upstream asks to wait.
    asked: Option<Duration>,
    /// Is the body a problem (RFC 9457)?
    pub(crate) is_problem: bool,
    /// Did the upstream say that it did nothing?
    is_unprocessed: bool,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self {
            error,
            asked: None,
            is_problem: false,
            is_unprocessed: false,
        }
    }
}

fn is_problem(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/problem+json")
}
