//! [`Client`]: built once, shared by all requests.

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
use crate::redirect::{Allowed, Resolver};
use crate::upstream::{Caller, Upstream};

const USER_AGENT: &str = concat!("resourceful-client/", env!("CARGO_PKG_VERSION"));
/// An HTTP/2 connection is sent a PING after this time without a frame from the upstream, also
/// while it is idle. A call that times out does not close it, as it does over HTTP/1, so the next
/// calls would hang there, too.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// The connection is closed when the PING is not answered in this time. Together with the interval
/// it leaves a second of the default timeout for another attempt.
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
pub struct Client(Caller);

impl Client {
    /// A client with the defaults.
    ///
    /// # Errors
    /// When `base` is not an absolute http or https URL.
    ///
    /// # Examples
    /// ```
    /// assert!(resourceful_client::Client::new("https://api.example.com/v1").is_ok());
    /// assert!(resourceful_client::Client::new("api.example.com").is_err());
    /// ```
    pub fn new(base: &str) -> Result<Self, BuildError> {
        Self::builder(base).build()
    }

    /// A client with settings of its own. `base` may have a path, which comes before every
    /// call's.
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
            max_response: 8 * 1024 * 1024,
            max_concurrent: 256,
            retries: 2,
            user_agent: None,
            headers: HeaderMap::new(),
            redirect_hosts: Vec::new(),
            redirect_to_private: false,
        }
    }

    /// The same client, working on behalf of this request: its calls carry the request's id
    /// (`X-Request-Id`) and end by its deadline. HTTP has no header field for a deadline, so
    /// none is sent.
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
    pub fn on_behalf_of(&self, request: &Request) -> Self {
        Self(Caller {
            upstream: Arc::clone(&self.0.upstream),
            request_id: HeaderValue::from_str(&request.id()).ok(),
            deadline: request.deadline(),
        })
    }

    /// `GET path`, a template with whole-segment parameters: `/users/{id}`.
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

    /// Any method.
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
        &self.0.upstream.allowed.base
    }
}

/// The settings of a [`Client`].
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
    max_response: usize,
    max_concurrent: usize,
    retries: u32,
    user_agent: Option<String>,
    headers: HeaderMap,
    redirect_hosts: Vec<String>,
    redirect_to_private: bool,
}

impl ClientBuilder {
    /// How long a call may take, with everything that belongs to it: 5 s.
    ///
    /// # Examples
    /// See [`ClientBuilder`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting may take: 2 s.
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

    /// How long a response may be, in bytes: 8 MiB. Of one that is compressed by gzip it is what
    /// was decoded that counts.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://localhost").max_response(10_000);
    /// ```
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.max_response = bytes;
        self
    }

    /// How many calls run at the same time: 256. Others wait for their turn, in order.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://localhost").max_concurrent(20);
    /// ```
    pub fn max_concurrent(mut self, calls: usize) -> Self {
        self.max_concurrent = calls;
        self
    }

    /// How often a call that failed is made again, where that does no harm: 2. Safe methods
    /// (RFC 9110 section 9.2.1) and calls with an `Idempotency-Key` are; others only where the
    /// upstream says over HTTP/2 that it did not process them (RFC 9113 section 8.7).
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://localhost").retries(0);
    /// ```
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// What the client calls itself.
    ///
    /// # Examples
    /// See [`ClientBuilder`].
    pub fn user_agent(mut self, name: &str) -> Self {
        self.user_agent = Some(name.to_owned());
        self
    }

    /// A header field of every call, like `Authorization`. It is not sent to other hosts that
    /// the upstream redirects to.
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

    /// A host besides the base URL's that the upstream may redirect to: `host`, at its scheme's
    /// own port, or `host:port`.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("https://api.example.com")
    ///     .redirect_to("files.example.com");
    /// ```
    pub fn redirect_to(mut self, host: &str) -> Self {
        self.redirect_hosts.push(host.to_owned());
        self
    }

    /// Those hosts may be at private, loopback or link-local addresses.
    ///
    /// # Examples
    /// ```
    /// let builder = resourceful_client::Client::builder("http://api.internal")
    ///     .redirect_to("files.internal")
    ///     .redirect_to_private();
    /// ```
    pub fn redirect_to_private(mut self) -> Self {
        self.redirect_to_private = true;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When the base is not an absolute http or https URL, or TLS cannot be set up.
    ///
    /// # Examples
    /// See [`ClientBuilder`].
    pub fn build(mut self) -> Result<Client, BuildError> {
        let base: Result<Url, _> = self.base.parse();
        // Not quoted: it may have a password in it.
        let base = base.map_err(|_| BuildError("the base URL is no absolute URL".to_owned()))?;
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
        // Without this field any coding is welcome (RFC 9110 section 12.5.3). Gzip that comes all the
        // same is decoded by reqwest, whose own default would be to ask for it.
        let identity = (ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let user_agent = self.user_agent.as_deref().unwrap_or(USER_AGENT);
        let allowed = Arc::new(Allowed {
            base,
            hosts: self.redirect_hosts,
            private: self.redirect_to_private,
        });
        let http = reqwest::Client::builder()
            .user_agent(user_agent)
            .default_headers(HeaderMap::from_iter([identity]))
            .connect_timeout(self.connect_timeout)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .http2_keep_alive_while_idle(true)
            // Retries are ours, and without any reqwest need not copy each request.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            // A redirect is looked at before it is followed.
            .redirect(Policy::none())
            .dns_resolver(Arc::new(Resolver(Arc::clone(&allowed))))
            // A proxy would go where we would not.
            .no_proxy()
            .build()
            .map_err(|error| BuildError(error.to_string()))?;
        let upstream = Upstream {
            http,
            headers: self.headers,
            allowed,
            slots: Semaphore::new(self.max_concurrent.clamp(1, Semaphore::MAX_PERMITS)),
            timeout: self.timeout,
            max_response: self.max_response,
            retries: self.retries,
        };
        Ok(Client(Caller {
            upstream: Arc::new(upstream),
            request_id: None,
            deadline: None,
        }))
    }
}

/// Without credentials, which may be in the base URL and the headers.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
