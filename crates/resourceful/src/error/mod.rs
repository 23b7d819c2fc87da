//! One opaque [`Error`] for hooks, parsers and the router.
//!
//! An error has separate texts for the client (`detail`, wrong fields) and for the log (`source`).
//! [`problem`] is its form in a response.

pub(crate) mod build_error;
pub(crate) mod field_error;
pub(crate) mod problem;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::error::field_error::FieldError;

/// Any boxed error: the source of an [`Error`].
///
/// # Examples
/// ```
/// let error: resourceful::BoxError = "disk full".into();
/// assert_eq!(error.to_string(), "disk full");
/// ```
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of hooks, views and start-up functions.
///
/// # Examples
/// ```
/// fn half(number: u32) -> resourceful::Result<u32> {
///     if number % 2 == 0 { Ok(number / 2) } else { Err(resourceful::Error::conflict("It is odd.")) }
/// }
/// assert!(half(3).is_err());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of a refused or failed request.
///
/// An `Error` has the size of a pointer and holds the status, the text for the client, every wrong field and the
/// cause, which no client sees.
///
/// # Examples
/// ```
/// use resourceful::Error;
///
/// let error = Error::not_found("There is no post 7.");
/// assert_eq!(error.status(), 404);
/// assert_eq!(error.detail(), Some("There is no post 7."));
///
/// let cause = std::io::Error::other("disk full");
/// let error = Error::internal(cause);
/// assert_eq!(error.status(), 500);
/// assert_eq!(error.detail(), None); // the client never reads the cause
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    kind: Kind,
    problem_type: Option<Cow<'static, str>>,
    title: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    fields: Vec<FieldError>,
    headers: HeaderMap,
    /// Shared, so that all requests that wait for the same work can have the error.
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    MalformedBody,
    Invalid,
    /// Invalid by the types of the hook, which did not run.
    InvalidInput,
    Panic,
}

impl Error {
    /// An error with any 4xx or 5xx status and no text.
    #[must_use]
    pub fn new(status: ErrorStatus) -> Self {
        Self(Box::new(Inner {
            status: status.0,
            kind: Kind::Plain,
            problem_type: None,
            title: None,
            detail: None,
            fields: Vec::new(),
            headers: HeaderMap::new(),
            source: None,
        }))
    }

    /// 400: the request cannot be understood.
    #[must_use]
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorStatus::new(400)).with_detail(detail)
    }

    /// 401: the client is not authenticated. `challenge` is the value of `WWW-Authenticate`, which
    /// RFC 9110 section 15.5.2 requires.
    #[must_use]
    pub fn unauthorized(challenge: &'static str) -> Self {
        Self::new(ErrorStatus::new(401)).with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        )
    }

    /// 403: the client is authenticated but not permitted.
    #[must_use]
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorStatus::new(403)).with_detail(detail)
    }

    /// 404: the resource does not exist.
    #[must_use]
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorStatus::new(404)).with_detail(detail)
    }

    /// 409: the request conflicts with the current state.
    #[must_use]
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorStatus::new(409)).with_detail(detail)
    }

    /// 422: the request is well formed, but these fields are wrong.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, FieldError};
    /// let error = Error::invalid([FieldError::body("/title", "is taken")]);
    /// assert!(error.is_invalid());
    /// assert_eq!(error.fields()[0].detail(), "is taken");
    /// ```
    #[must_use]
    pub fn invalid(fields: impl IntoIterator<Item = FieldError>) -> Self {
        let mut error = Self::new(ErrorStatus::new(422));
        error.0.kind = Kind::Invalid;
        error.0.fields = fields.into_iter().collect();
        error
    }

    /// 500. The client gets no details; `source` is logged.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Result};
    /// fn read() -> Result<String> {
    ///     std::fs::read_to_string("/no/such/file").map_err(Error::internal)
    /// }
    /// assert_eq!(read().unwrap_err().status(), 500);
    /// ```
    #[must_use]
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::new(ErrorStatus::new(500)).with_source(source)
    }

    /// 503: temporarily unavailable. `retry_after` is sent in seconds, rounded up.
    #[must_use]
    pub fn unavailable(retry_after: Duration) -> Self {
        Self::new(ErrorStatus::new(503)).with_retry_after(whole_seconds(retry_after))
    }

    /// 400: the body is not valid JSON; `detail` has the position.
    pub(crate) fn malformed_body(detail: String) -> Self {
        let mut error = Self::bad_request(detail);
        error.0.kind = Kind::MalformedBody;
        error
    }

    /// 422: the request does not match the types of the hook.
    pub(crate) fn invalid_input(fields: impl IntoIterator<Item = FieldError>) -> Self {
        let mut error = Self::invalid(fields);
        error.0.kind = Kind::InvalidInput;
        error
    }

    /// 500: a hook panicked with this message.
    pub(crate) fn panicked(message: &str) -> Self {
        let mut error = Self::internal(format!("panicked: {message}"));
        error.0.kind = Kind::Panic;
        error
    }

    /// Sets the text for the client, a whole sentence.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets the problem type (a URI, RFC 9457 section 3.1.1) and its title. Default: `about:blank` and the
    /// status phrase.
    ///
    /// # Examples
    /// ```
    /// let error = resourceful::Error::conflict("You have 3 of 3 drafts.")
    ///     .with_type("https://example.com/problems/quota", "Quota exceeded");
    /// assert_eq!(error.status(), 409);
    /// ```
    #[must_use]
    pub fn with_type(
        mut self,
        problem_type: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.problem_type = Some(problem_type.into());
        self.0.title = Some(title.into());
        self
    }

    /// Adds a header to the response.
    ///
    /// # Examples
    /// ```
    /// use http::header::{HeaderValue, ALLOW};
    /// use resourceful::{Error, ErrorStatus};
    /// let error = Error::new(ErrorStatus::new(405)).with_header(ALLOW, HeaderValue::from_static("GET"));
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// Adds `Retry-After` (RFC 9110 section 10.2.3): the seconds to wait before a retry.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, seconds.into())
    }

    /// Sets the cause, which no client sees. The log has the cause of a 5xx; [`App::map_problem`](crate::App::map_problem)
    /// gets each error with its cause.
    ///
    /// # Examples
    /// ```
    /// use std::error::Error as _;
    /// let error = resourceful::Error::conflict("The name is taken.")
    ///     .with_source(std::io::Error::other("unique index users_name"));
    /// assert!(error.source().is_some_and(|cause| cause.is::<std::io::Error>()));
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// The status of the response: always 4xx or 5xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The text for the client, if any.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The wrong fields in the order of detection.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Whether the body is not valid JSON.
    #[must_use]
    pub fn is_malformed_body(&self) -> bool {
        self.0.kind == Kind::MalformedBody
    }

    /// Whether the error lists wrong fields.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self.0.kind, Kind::Invalid | Kind::InvalidInput)
    }

    /// Whether the request does not match the types of the hook, which did not run.
    pub(crate) fn is_invalid_input(&self) -> bool {
        self.0.kind == Kind::InvalidInput
    }

    /// Whether a hook panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.0.kind == Kind::Panic
    }

    pub(crate) fn problem_type(&self) -> Option<&str> {
        self.0.problem_type.as_deref()
    }

    pub(crate) fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }
}

/// The text for a log or a terminal: the status, the text for the client, then the causes. For an internal
/// error only the causes.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = match (&self.0.detail, &self.0.source) {
            (None, Some(_)) if self.0.status == StatusCode::INTERNAL_SERVER_ERROR => String::new(),
            (None, _) => self.0.status.to_string(),
            (Some(detail), _) => format!("{}: {detail}", self.0.status),
        };
        for field in &self.0.fields {
            write!(text, "; {field}")?;
        }
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let inner = error.to_string();
            // The text of many errors includes their cause.
            if !text.contains(&inner) {
                let separator = if text.is_empty() { "" } else { ": " };
                text.push_str(separator);
                text.push_str(&inner);
            }
            cause = error.source();
        }
        f.write_str(&text)
    }
}

/// The same text as `Display`, since `main` prints its error by `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// An error status: 400 to 599.
///
/// # Examples
/// ```
/// use resourceful::ErrorStatus;
/// const TEAPOT: ErrorStatus = ErrorStatus::new(418);
/// ```
///
/// An error that claims success does not compile:
/// ```compile_fail
/// const FINE: resourceful::ErrorStatus = resourceful::ErrorStatus::new(200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorStatus(StatusCode);

impl ErrorStatus {
    /// The status with this code.
    ///
    /// # Panics
    /// If `code` is not in 400..=599. In a `const` this is a compile error.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        assert!(
            code >= 400 && code <= 599,
            "an error's status is 400 to 599"
        );
        match StatusCode::from_u16(code) {
            Ok(status) => Self(status),
            Err(_) => panic!("400 to 599 are all status codes"),
        }
    }

    pub(crate) fn code(self) -> u16 {
        self.0.as_u16()
    }
}

/// The seconds of a time, rounded up, so that nobody comes too early.
#[must_use]
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
