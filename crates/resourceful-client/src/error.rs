//! What goes wrong with a call, and what the clients of the calling service read of it.

use bytes::Bytes;
use http::StatusCode;
use resourceful::{BoxError, Error, ErrorStatus};

/// Why a call has no result.
///
/// As a [`resourceful::Error`] it is 504 for a timeout, 404 for a path parameter that cannot be
/// one, 500 for a mistake in the calling program and 502 for everything else. Its own text is for
/// the log.
///
/// # Examples
/// ```
/// use resourceful::Error;
/// use resourceful_client::ClientError;
///
/// assert_eq!(Error::from(ClientError::Timeout).status(), 504);
/// assert_eq!(Error::from(ClientError::TooLarge { limit: 1 }).status(), 502);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The upstream answered with a status other than 2xx.
    #[error("the upstream answered {status}")]
    Status {
        /// Its status.
        status: StatusCode,
        /// The beginning of its body, up to 64 KiB.
        body: Bytes,
    },
    /// There was no answer in the time the call had.
    #[error("the upstream did not answer in time")]
    Timeout,
    /// No connection to the upstream.
    #[error("no connection to the upstream")]
    Connect(#[source] BoxError),
    /// The connection broke before the response was complete, or its gzip is not complete or wrong.
    #[error("the connection to the upstream broke")]
    Interrupted(#[source] BoxError),
    /// The response was longer than allowed.
    #[error("the upstream's response is larger than {limit} bytes")]
    TooLarge {
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// The response was not the JSON that was expected; the source says where.
    #[error("the upstream's response is not what was expected")]
    Decode(#[source] serde_json::Error),
    /// A path parameter that cannot be a path segment: empty, `.` or `..`.
    #[error("the path parameter `{name}` cannot be a segment of a path")]
    Segment {
        /// Its name in the template.
        name: String,
    },
    /// A mistake in the calling program: a path template and its parameters do not go together,
    /// a header value that is none, a body that does not serialise.
    #[error("the call is not well made: {0}")]
    Malformed(String),
}

impl ClientError {
    /// The status the upstream answered with, if that is what went wrong.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_client::ClientError;
    /// let error = ClientError::Status { status: http::StatusCode::NOT_FOUND, body: Default::default() };
    /// assert_eq!(error.status(), Some(http::StatusCode::NOT_FOUND));
    /// assert_eq!(ClientError::Timeout.status(), None);
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Was there no answer in time?
    ///
    /// # Examples
    /// ```
    /// # use resourceful_client::ClientError;
    /// assert!(ClientError::Timeout.is_timeout());
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// What clients of the calling service may read of it.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_client::ClientError;
    /// let detail = ClientError::Timeout.detail();
    /// assert_eq!(detail, "The external service did not answer in time.");
    /// ```
    #[must_use]
    pub fn detail(&self) -> &'static str {
        match self {
            Self::Timeout => "The external service did not answer in time.",
            Self::Segment { .. } => "There is nothing at this path.",
            Self::Malformed(_) => "The external service could not be called.",
            _ => "The external service failed.",
        }
    }

    /// Reqwest's error in our words.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        // The URL may carry what is nobody's business.
        let error = error.without_url();
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Connect(error.into())
        } else if error.is_builder() {
            Self::Malformed(error.to_string())
        } else {
            Self::Interrupted(error.into())
        }
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let status = match error {
            ClientError::Timeout => ErrorStatus::new(504),
            ClientError::Segment { .. } => ErrorStatus::new(404),
            ClientError::Malformed(_) => return Self::internal(error),
            _ => ErrorStatus::new(502),
        };
        let detail = error.detail();
        Self::new(status).with_detail(detail).with_source(error)
    }
}

/// Why a client could not be built.
///
/// # Examples
/// ```
/// let error = resourceful_client::Client::new("ftp://example.com").unwrap_err();
/// assert_eq!(error.to_string(), "the base URL is ftp, not http or https");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(pub(crate) String);

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::internal(error)
    }
}
