//! [`Client`] and its builder.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use reqwest::redirect::Policy;
use resourceful::Request;
use tokio::sync::Semaphore;

use crate::call::Call;
use crate::error::BuildError;
use crate::redirect::{RedirectPolicy, Resolver};
use crate::upstream::{CallContext, Upstream};

const USER_AGENT: &str = concat!("resourceful-client/", env!("CARGO_PKG_VERSION"));
/// Time without a frame from the upstream before an HTTP/2 connection sends a PING, also while
/// idle. Unlike over HTTP/1, a call that times out does not close its connection, so later calls
/// would hang on it, too.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// Time limit for the reply to a PING; then the connection is closed. Interval and limit together
/// leave one second of the default timeout for another attempt.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// A client of one upstream API. Clones are cheap and share its connections.
///
/// # Examples
/// ```no_run
/// use resourceful::prelude::*;
/// use resourceful_client::Client;
///
/// # #[derive(Deserialize)]
/// # struct User { name: String }
/// # #[tokio::main]
/// # async fn main() -> Result<()> {
/// let upstream = Client::new("https://api.example.com/v1")?;
/// let user: User = upstream.get("/users/{id}").param("id", 7).fetch().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client(CallContext);

impl Client {
    /// Creates a client with the default settings.
    ///
    /// # Errors
    /// If `base` is not an absolute http or https URL.
    ///
    /// # Examples
    /// ```
    /// assert!(resourceful_client::Client::new("https://api.example.com/v1").is_ok());
    /// assert!(resourceful_client::Client::new("api.example.com").is_err());
    /// ```
    pub fn new(base: &str) -> Result<Self, BuildError> {
        Self::builder(base).build()
    }

    /// Creates a builder. `base` may have a path, which is the prefix of every call's path.
    ///
    /// # Examples
    /// ```
    /// use resourceful_client::Client;
    /// let client = Client::builder("http://localhost:9000/v1").retries(0).build();
    /// assert!(client.is_ok());
    /// ```
    pub fn builder(base: &str) -> ClientBuilder {
        ClientBuilder {
            base: base.to_owned(),
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            max_response_size: 8 * 1024 * 1024,
            max_concurrent_calls: 256,
            retries: 2,
            user_agent: None,
            headers: HeaderMap::new(),
            redirect_hosts: Vec::new(),
            private_redirects: false,
        }
    }

    /// Returns a client whose calls carry this request's id (`X-Request-Id`) and end at its
    /// deadline. HTTP has no header field for a deadline, so none is sent.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful_client::Client;
    ///
    /// async fn user(upstream: Client, request: Request) -> Result<String> {
    ///     let upstream = upstream.on_behalf_of(&request);
    ///     let id: i64 = request.param("id")?;
    ///     Ok(upstream.get("/users/{id}").param("id", id).fetch().await?)
    /// }
    /// ```
    #[must_use]
    pub fn on_behalf_of<C>(&self, request: &Request<C>) -> Self {
        Self(CallContext {
            upstream: Arc::clone(&self.0.upstream),
            request_id: HeaderValue::from_str(&request.id()).ok(),
            deadline: request.deadline(),
        })
    }

    /// `GET path`. The path is a template whose parameters are whole segments: `/users/{id}`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// let tags: Vec<String> = upstream.get("/tags").query("page", 2).fetch().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// `POST path`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// let id: i64 = upstream.post("/tags").json(&"rust").fetch().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// `PUT path`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.put("/tags/{id}").param("id", 7).json(&"rust").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// `PATCH path`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.patch("/tags/{id}").param("id", 7).json(&"rust").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    /// `DELETE path`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.delete("/tags/{id}").param("id", 7).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A call with any method.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
    /// upstream.call(http::Method::HEAD, "/tags").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.0.clone(), method, path)
    }

    pub(crate) fn base(&self) -> &Url {
        &self.0.upstream.redirects.base
    }
}

/// Settings of a [`Client`].
///
/// # Examples
/// ```
/// use resourceful_client::Client;
/// use std::time::Duration;
///
/// let client = Client::builder("https://api.example.com")
///     .timeout(Duration::from_secs(3))
///     .user_agent("blog/1.0")
///     .build()?;
/// # Ok::<(), resourceful_client::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    base: String,
    timeout: Duration,
    connect_timeout: Duration,
    max_response_size: usize,
    max_concurrent_calls: usize,
    retries: u32,
    user_agent: Option<String>,
    headers: HeaderMap,
    redirect_hosts: Vec<String>,
    private_redirects: bool,
}

impl ClientBuilder {
    /// Time limit of a whole call, including waiting, retries and reading (default 5 s).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Time limit for connecting (default 2 s).
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// let builder = resourceful_client::Client::builder("http://localhost")
    ///     .connect_timeout(Duration::from_millis(500));
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Maximum size of a response in bytes (default 8 MiB), after gzip decoding.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://localhost").max_response_size(10_000);
    /// ```
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.max_response_size = bytes;
        self
    }

    /// Maximum number of concurrent calls (default 256). Further calls wait in order.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://localhost").max_concurrent_calls(20);
    /// ```
    pub fn max_concurrent_calls(mut self, calls: usize) -> Self {
        self.max_concurrent_calls = calls;
        self
    }

    /// Maximum number of retries of a failed call (default 2). Safe methods (RFC 9110 section
    /// 9.2.1) and calls with an `Idempotency-Key` are retried; others only if the upstream reports
    /// over HTTP/2 that it did not process them (RFC 9113 section 8.7).
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://localhost").retries(0);
    /// ```
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets `User-Agent` (default `resourceful-client/` and the version).
    ///
    /// # Examples
    /// See [`ClientBuilder`].
    pub fn user_agent(mut self, name: &str) -> Self {
        self.user_agent = Some(name.to_owned());
        self
    }

    /// Sets a header field of every call, like `Authorization`. Redirects to other hosts omit it.
    ///
    /// # Examples
    /// ```
    /// use http::header::{AUTHORIZATION, HeaderValue};
    /// let token = HeaderValue::from_static("Bearer secret");
    /// let builder = resourceful_client::Client::builder("http://localhost")
    ///     .header(AUTHORIZATION, token);
    /// ```
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Allows redirects to another host: `host` (at the default port of its scheme) or `host:port`.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("https://api.example.com")
    ///     .allow_redirects_to("files.example.com");
    /// ```
    pub fn allow_redirects_to(mut self, host: &str) -> Self {
        self.redirect_hosts.push(host.to_owned());
        self
    }

    /// Allows these other hosts to have private, loopback or link-local addresses.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://api.internal")
    ///     .allow_redirects_to("files.internal")
    ///     .allow_private_redirects();
    /// ```
    pub fn allow_private_redirects(mut self) -> Self {
        self.private_redirects = true;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// If the base URL is not an absolute http or https URL, or TLS cannot be set up.
    ///
    /// # Examples
    /// See [`ClientBuilder`].
    pub fn build(mut self) -> Result<Client, BuildError> {
        let base: Result<Url, _> = self.base.parse();
        // The message omits the URL, which may contain a password.
        let base =
            base.map_err(|_| BuildError("the base URL is not an absolute URL".to_owned()))?;
        if !matches!(base.scheme(), "http" | "https") {
            let scheme = base.scheme();
            return Err(BuildError(format!(
                "the base URL is {scheme}, not http or https"
            )));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(BuildError(
                "the base URL has a query or a fragment".to_owned(),
            ));
        }
        self.headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        // Without this field any coding is acceptable (RFC 9110 section 12.5.3). reqwest would
        // request gzip by default; it still decodes gzip responses.
        let identity = (ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let user_agent = self.user_agent.as_deref().unwrap_or(USER_AGENT);
        let redirects = Arc::new(RedirectPolicy {
            base,
            hosts: self.redirect_hosts,
            allow_private: self.private_redirects,
        });
        let http = reqwest::Client::builder()
            .user_agent(user_agent)
            .default_headers(HeaderMap::from_iter([identity]))
            .connect_timeout(self.connect_timeout)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .http2_keep_alive_while_idle(true)
            // `Call` retries. Without its own retries reqwest does not copy each request.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            // `Call` checks redirects before it follows them.
            .redirect(Policy::none())
            .dns_resolver(Arc::new(Resolver(Arc::clone(&redirects))))
            // A proxy would bypass the check of addresses.
            .no_proxy()
            .build()
            .map_err(|error| BuildError(error.to_string()))?;
        let upstream = Upstream {
            http,
            headers: self.headers,
            redirects,
            permits: Semaphore::new(self.max_concurrent_calls.clamp(1, Semaphore::MAX_PERMITS)),
            timeout: self.timeout,
            max_response_size: self.max_response_size,
            retries: self.retries,
        };
        Ok(Client(CallContext {
            upstream: Arc::new(upstream),
            request_id: None,
            deadline: None,
        }))
    }
}

/// Omits credentials, which may be in the base URL and the headers.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
