//! [`Call`]: one request to the upstream.

use std::fmt::{self, Display};
use std::time::Duration;

use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span, field};
use url::form_urlencoded;

use crate::error::ClientError;
use crate::path::expand;
use crate::query::pairs;
use crate::redirect::MAX_REDIRECTS;
use crate::response::ClientResponse;
use crate::retry;
use crate::upstream::CallContext;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Replaces a timeout that overflows `Instant`.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Builder of one call; [`fetch`](Self::fetch) or [`send`](Self::send) sends it.
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
#[must_use = "a call is sent by `fetch` or `send`"]
pub struct Call {
    context: CallContext,
    method: Method,
    path: String,
    parameters: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    timeout: Duration,
    /// Last error of a builder method.
    error: Option<ClientError>,
}

impl Call {
    pub(crate) fn new(context: CallContext, method: Method, path: &str) -> Self {
        let timeout = context.upstream.timeout;
        let mut headers = context.upstream.headers.clone();
        if let Some(id) = &context.request_id {
            headers.insert(REQUEST_ID, id.clone());
        }
        let traceparent = resourceful::traceparent().map(HeaderValue::try_from);
        if let Some(Ok(traceparent)) = traceparent {
            headers.insert(TRACEPARENT, traceparent);
        }
        Self {
            context,
            method,
            path: path.to_owned(),
            parameters: Vec::new(),
            query: Vec::new(),
            headers,
            body: None,
            timeout,
            error: None,
        }
    }

    /// Sets a path parameter. Its value is encoded as one segment.
    ///
    /// # Examples
    /// See [`Call`].
    pub fn param(mut self, name: &str, value: impl Display) -> Self {
        self.parameters.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a parameter to the query string.
    ///
    /// # Examples
    /// See [`Call`].
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds all members of a value to the query string.
    pub(crate) fn query_struct(mut self, value: &impl Serialize) -> Self {
        match pairs(value) {
            Ok(pairs) => self.query.extend(pairs),
            Err(error) => self.error = Some(error),
        }
        self
    }

    /// Sets a header field.
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
            Err(error) => {
                self.error = Some(ClientError::InvalidRequest(format!("{name}: {error}")));
            }
        }
        self
    }

    pub(crate) fn header_value(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a JSON body.
    ///
    /// # Examples
    /// See [`Client::post`](crate::Client::post).
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => {
                self.body = Some(body);
                self.headers.insert(CONTENT_TYPE, JSON);
            }
            Err(error) => self.error = Some(ClientError::InvalidRequest(error.to_string())),
        }
        self
    }

    /// Sets the body to this form (`application/x-www-form-urlencoded`).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(issuer: resourceful_client::Client) -> Result<(), resourceful_client::ClientError> {
    /// issuer.post("/introspect").form([("token", "a b"), ("token_type_hint", "access_token")]).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn form<N, V>(mut self, fields: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut form = form_urlencoded::Serializer::new(String::new());
        self.body = Some(form.extend_pairs(fields).finish().into_bytes());
        self.headers.insert(CONTENT_TYPE, FORM);
        self
    }

    /// Sets `Idempotency-Key`. The upstream processes a key once, so a failed call is retried even
    /// if its method is unsafe.
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

    /// Sets a key that no other call has.
    pub(crate) fn random_idempotency_key(mut self) -> Self {
        let mut bytes = [0; 16];
        match getrandom::fill(&mut bytes) {
            Ok(()) => self.idempotency_key(&format!("{:032x}", u128::from_ne_bytes(bytes))),
            Err(error) => {
                self.error = Some(ClientError::InvalidRequest(error.to_string()));
                self
            }
        }
    }

    /// Sets the time limit of this call (default: the client's timeout).
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

    /// Sends the call and deserializes the response's JSON. An empty response counts as `null`, so
    /// use `fetch::<()>` for responses without a body.
    ///
    /// # Errors
    /// Every [`ClientError`]; [`ClientError::Decode`] if the response is not a `T`.
    ///
    /// # Examples
    /// See [`Call`].
    pub async fn fetch<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        self.send().await?.json()
    }

    /// Sends the call and returns the response.
    ///
    /// # Errors
    /// Every [`ClientError`]; [`ClientError::Status`] if its status is not 2xx.
    ///
    /// # Examples
    /// See [`ClientResponse`].
    pub async fn send(self) -> Result<ClientResponse, ClientError> {
        self.execute().await.map_err(|failure| failure.error)
    }

    /// Sends the call. A [`Failure`] has more details than its error.
    pub(crate) async fn execute(mut self) -> Result<ClientResponse, Failure> {
        let url = self.url()?;
        if let Some(error) = self.error.take() {
            return Err(error.into());
        }
        let now = Instant::now();
        let mut deadline = now.checked_add(self.timeout).unwrap_or(now + MAX_TIMEOUT);
        if let Some(earlier) = self.context.deadline {
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
        // Send no request after the deadline.
        let result = if deadline <= Instant::now() {
            Err(ClientError::Timeout.into())
        } else {
            timeout_at(deadline, attempts)
                .await
                .unwrap_or_else(|_| Err(ClientError::Timeout.into()))
        };
        if let Err(Failure { error, .. }) = &result {
            tracing::debug!(method = %self.method, path = self.path, error = error.to_string(), "upstream call failed");
        }
        result
    }

    fn url(&self) -> Result<Url, ClientError> {
        let mut url = self.context.upstream.redirects.base.clone();
        let path = expand(&self.path, &self.parameters)?;
        let path = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    async fn attempts(&self, url: &Url, deadline: Instant) -> Result<ClientResponse, Failure> {
        let has_key = self.headers.contains_key(IDEMPOTENCY_KEY);
        let may_repeat = self.method.is_safe() || has_key;
        let retries = self.context.upstream.retries;
        for number in 1.. {
            Span::current().record("attempts", number);
            let failure = match self.attempt(url, deadline).await {
                Ok(response) => {
                    Span::current().record("status", response.status().as_u16());
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            if let Some(status) = failure.error.status() {
                Span::current().record("status", status.as_u16());
            }
            let may_retry = may_repeat || failure.is_unprocessed;
            let is_transient = retry::is_transient(&failure.error)
                || has_key && retry::still_runs(&failure.error, failure.retry_after);
            if number > retries || !may_retry || !is_transient {
                return Err(failure);
            }
            let pause = retry::pause(number, failure.retry_after);
            if pause >= deadline.saturating_duration_since(Instant::now()) {
                return Err(failure);
            }
            sleep(pause).await;
        }
        unreachable!("the last attempt returns")
    }

    /// Sends one request and reads its response.
    async fn attempt(&self, url: &Url, deadline: Instant) -> Result<ClientResponse, Failure> {
        let upstream = &self.context.upstream;
        let permit = upstream.permits.acquire().await;
        let _permit = permit.expect("the semaphore is never closed");
        let response = self
            .send_following_redirects(url)
            .await
            .map_err(|error| Failure {
                is_unprocessed: retry::is_unprocessed(&error),
                ..error.into()
            })?;
        let status = response.status();
        if status.is_success() {
            return Ok(ClientResponse::read(response, upstream.max_response_size).await?);
        }
        let retry_after = retry::retry_after(response.headers());
        let is_problem = is_problem(response.headers());
        // The error with its status must be returned before the deadline.
        let left = deadline.saturating_duration_since(Instant::now());
        let body = ClientResponse::read_error_body(response, left / 2).await;
        let error = ClientError::Status { status, body };
        Err(Failure {
            error,
            retry_after,
            is_problem,
            is_unprocessed: false,
        })
    }

    /// Sends a request and follows allowed redirects. Unsafe methods are not redirected: they must
    /// not become a `GET`, so the caller gets the redirect as the response.
    async fn send_following_redirects(&self, url: &Url) -> Result<reqwest::Response, ClientError> {
        let upstream = &self.context.upstream;
        let max_redirects = if self.method.is_safe() {
            MAX_REDIRECTS
        } else {
            0
        };
        let mut response = self.request(url).await?;
        let mut url = url.clone();
        for _ in 0..max_redirects {
            let (status, headers) = (response.status(), response.headers());
            let Some(target) = upstream.redirects.redirect_target(&url, status, headers) else {
                break;
            };
            url = target;
            response = self.request(&url).await?;
        }
        Ok(response)
    }

    async fn request(&self, url: &Url) -> Result<reqwest::Response, ClientError> {
        let upstream = &self.context.upstream;
        let mut request = upstream.http.request(self.method.clone(), url.clone());
        if upstream.redirects.is_upstream(url) {
            // Only the upstream's own host gets its headers, credentials and body.
            request = request.headers(self.headers.clone());
            if let Some(body) = &self.body {
                request = request.body(body.clone());
            }
        }
        request.send().await.map_err(ClientError::from_transport)
    }
}

/// Omits headers, body and values, which may be secret.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A failed attempt with details of its response.
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    /// Pause that the upstream requests.
    retry_after: Option<Duration>,
    /// Whether the body is a problem (RFC 9457).
    pub(crate) is_problem: bool,
    /// Whether the upstream reported that it did not process the request.
    is_unprocessed: bool,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self {
            error,
            retry_after: None,
            is_problem: false,
            is_unprocessed: false,
        }
    }
}

fn is_problem(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/problem+json")
}
