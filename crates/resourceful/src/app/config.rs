//! The settings of an application: [`AppConfig`], and the setters of [`App`].

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration;
use serde::Deserialize;

use crate::app::App;
use crate::error::build_error::BuildError;
#[cfg(feature = "gzip")]
use crate::input::Codings;
use crate::proto::forwarded::Proxies;
use crate::request::settings::{
    MAX_CONCURRENT_REQUESTS, MAX_QUEUED_REQUESTS, Settings, TrailingSlash,
};
use crate::task::running::Running;

/// The settings of an [`App`] that an operator may change: limits, prefix, hosts and proxies.
///
/// Any format of serde can read it, from a file or the environment. A missing field has its default,
/// and an unknown one is an error. A duration is a text with a unit, such as `"10s"`, `"1m 30s"` or
/// `"500ms"` (the [friendly format](https://docs.rs/jiff/latest/jiff/fmt/friendly/) of jiff), or
/// ISO 8601 (`"PT10S"`).
///
/// # Examples
/// ```
/// use resourceful::{App, AppConfig};
///
/// let config: AppConfig =
///     serde_json::from_str(r#"{"timeout": "5s", "trusted_proxies": ["10.0.0.0/8"]}"#).unwrap();
/// let app = App::new().config(config);
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AppConfig {
    /// Time limit from the head of a request to its response (default 30 s); `Duration::MAX` is no
    /// limit. Slower requests get 503.
    ///
    /// A safe request is cancelled. One that may have begun to change data runs to its end. A streamed
    /// body may take longer: the limit is for its head. Hooks can read
    /// [`Request::deadline`](crate::Request::deadline). Resources and views may have their own limit.
    #[serde(with = "unsigned_duration::required")]
    pub timeout: Duration,
    /// Maximum number of requests that run at once (default 2,000): from the check of the caller to the head of the
    /// response, without the time in which a body is read. Health checks and the API document do not count. Resources
    /// may have their own limit.
    pub max_concurrent_requests: usize,
    /// Maximum number of requests that wait because [`max_concurrent_requests`](Self::max_concurrent_requests) run
    /// (default 1,000). Further ones get 503 with `Retry-After` at once.
    pub max_queued_requests: usize,
    /// Maximum size of a request body in bytes (default 2,097,152). Larger bodies get 413. Resources may
    /// have their own limit.
    pub max_body_size: u64,
    /// Maximum time between two parts of a request body (default 10 s), and time before
    /// [`min_body_rate`](Self::min_body_rate) applies. Slower bodies get 408.
    #[serde(with = "unsigned_duration::required")]
    pub body_read_timeout: Duration,
    /// Minimum rate of a request body in bytes/s (default 240; 0 is no limit). It is the average over
    /// the time in which the server waits for the client. Slower bodies get 408.
    pub min_body_rate: u64,
    /// Maximum length of path and query in bytes (default 8,192). Longer ones get 414.
    pub max_uri_length: usize,
    /// How to treat a missing or extra trailing slash (default `redirect`; also `strict`, `ignore`).
    pub trailing_slash: TrailingSlash,
    /// The path prefix that a proxy or router in front strips, such as `/api` (default none). Redirects,
    /// `Location` and the API document contain it.
    pub root_path: String,
    /// The hosts to serve, without ports (default: all). `.example.org` is `example.org` and its
    /// subdomains. Requests for other hosts get 400.
    ///
    /// Set it if [`Request::host`](crate::Request::host) gets into links. Only requests that come over
    /// our own server are checked.
    pub trusted_hosts: Vec<String>,
    /// The proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are used:
    /// addresses, networks, or `unix` for all connections over a Unix socket (default none, because
    /// any client can send these fields).
    ///
    /// Such a proxy must set or remove all three: if it forwards what its clients send, they choose
    /// their host.
    pub trusted_proxies: Vec<String>,
}

impl Default for AppConfig {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            timeout: settings.timeout,
            max_concurrent_requests: MAX_CONCURRENT_REQUESTS,
            max_queued_requests: MAX_QUEUED_REQUESTS,
            max_body_size: settings.max_body_size,
            body_read_timeout: settings.body_limits.chunk_timeout,
            min_body_rate: settings.body_limits.min_rate,
            max_uri_length: settings.max_uri_length,
            trailing_slash: settings.trailing_slash,
            root_path: settings.root_path,
            trusted_hosts: settings.trusted_hosts,
            trusted_proxies: Vec::new(),
        }
    }
}

impl App {
    /// Sets all fields of [`AppConfig`]. Setters that follow change single ones.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{App, AppConfig};
    ///
    /// let mut config = AppConfig::default();
    /// config.max_body_size = 64 * 1024;
    /// let app = App::new().config(config).root_path("/api");
    /// ```
    #[track_caller]
    pub fn config(mut self, config: AppConfig) -> Self {
        self.belongs_to_outermost("config");
        self.part.timeout = Some(config.timeout);
        self.part.max_body_size = Some(config.max_body_size);
        self.part.body_read_timeout = Some(config.body_read_timeout);
        self.part.min_body_rate = Some(config.min_body_rate);
        self.settings.max_uri_length = config.max_uri_length;
        self.settings.trailing_slash = config.trailing_slash;
        self.settings.trusted_hosts = config.trusted_hosts;
        self.settings.running = Arc::new(Running::new(
            config.max_concurrent_requests,
            config.max_queued_requests,
        ));
        self.settings.proxies = Proxies::default();
        self.root_path(&config.root_path)
            .trusted_proxies(config.trusted_proxies.iter().map(String::as_str))
    }

    /// Sets [`AppConfig::trailing_slash`].
    #[track_caller]
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.belongs_to_outermost("trailing_slash");
        self.settings.trailing_slash = policy;
        self
    }

    /// Sets [`AppConfig::max_body_size`].
    pub fn max_body_size(mut self, bytes: u64) -> Self {
        self.part.max_body_size = Some(bytes);
        self
    }

    /// Accepts request bodies with `Content-Encoding: gzip` (RFC 9110 section 8.4). Default: 415.
    ///
    /// Limits of size count the decompressed bytes: a body that grows over its limit gets 413, and the rest is not
    /// decompressed. Hooks, and [`Request::body`](crate::Request::body) and the methods above it, read the content;
    /// [`Request::take_body`](crate::Request::take_body) and mounted services get the bytes as they were sent.
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().decompress_requests().max_body_size(64 * 1024);
    /// ```
    #[cfg(feature = "gzip")]
    pub fn decompress_requests(mut self) -> Self {
        self.part.codings = Some(Codings::Decoded);
        self
    }

    /// Sets [`AppConfig::body_read_timeout`].
    pub fn body_read_timeout(mut self, time: Duration) -> Self {
        self.part.body_read_timeout = Some(time);
        self
    }

    /// Sets [`AppConfig::min_body_rate`].
    pub fn min_body_rate(mut self, bytes_per_second: u64) -> Self {
        self.part.min_body_rate = Some(bytes_per_second);
        self
    }

    /// Sets [`AppConfig::max_uri_length`].
    #[track_caller]
    pub fn max_uri_length(mut self, bytes: usize) -> Self {
        self.belongs_to_outermost("max_uri_length");
        self.settings.max_uri_length = bytes;
        self
    }

    /// Sets [`AppConfig::root_path`].
    #[track_caller]
    pub fn root_path(mut self, prefix: &str) -> Self {
        self.belongs_to_outermost("root_path");
        prefix
            .trim_end_matches('/')
            .clone_into(&mut self.settings.root_path);
        self
    }

    /// Sets [`AppConfig::timeout`].
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use std::time::Duration;
    ///
    /// async fn hang(_: Request) -> Result<()> { std::future::pending().await }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().timeout(Duration::from_millis(10)).get("/hang", public(hang));
    /// assert_eq!(TestClient::new(app)?.get("/hang").await.status(), 503);
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, time: Duration) -> Self {
        self.part.timeout = Some(time);
        self
    }

    /// Sets [`AppConfig::max_concurrent_requests`] and [`AppConfig::max_queued_requests`].
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().max_concurrent_requests(200, 100);
    /// ```
    #[track_caller]
    pub fn max_concurrent_requests(mut self, max: usize, max_queued: usize) -> Self {
        self.belongs_to_outermost("max_concurrent_requests");
        self.settings.running = Arc::new(Running::new(max, max_queued));
        self
    }

    /// Adds to [`AppConfig::trusted_hosts`].
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().trusted_hosts(["example.org", ".example.net", "[::1]"]);
    /// ```
    #[track_caller]
    pub fn trusted_hosts<'h>(mut self, hosts: impl IntoIterator<Item = &'h str>) -> Self {
        self.belongs_to_outermost("trusted_hosts");
        let hosts = hosts.into_iter().map(str::to_owned);
        self.settings.trusted_hosts.extend(hosts);
        self
    }

    /// Adds to [`AppConfig::trusted_proxies`]. [`build`](Self::build) reports invalid proxies.
    ///
    /// # Examples
    /// ```
    /// use resourceful::App;
    /// let app = App::new().trusted_proxies(["10.0.0.0/8", "::1"]);
    /// assert!(App::new().trusted_proxies(["example.org"]).build().is_err());
    /// ```
    #[track_caller]
    pub fn trusted_proxies<'p>(mut self, proxies: impl IntoIterator<Item = &'p str>) -> Self {
        self.belongs_to_outermost("trusted_proxies");
        for proxy in proxies {
            if self.settings.proxies.add(proxy).is_none() {
                self.errors.push(BuildError::new(
                    format!("`{proxy}` is no address, no network and not `unix`"),
                    &[Location::caller()],
                ));
            }
        }
        self
    }
}
