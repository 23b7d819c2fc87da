//! Errors of calls, and their conversion into the calling service's own errors.

use bytes::Bytes;
use http::StatusCode;
use resourceful::{BoxError, Error, ErrorStatus};

/// Error of a call.
///
/// Converted into a [`resourceful::Error`], a timeout becomes 504, an invalid path parameter 404,
/// an invalid request 500, and everything else 502. The `Display` text is for the log.
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
    /// The upstream returned a status other than 2xx.
    #[error("the upstream returned {status}")]
    Status {
        /// Status of the response.
        status: StatusCode,
        /// First 64 KiB of the body.
        body: Bytes,
    },
    /// The call exceeded its time limit.
    #[error("the upstream did not respond in time")]
    Timeout,
    /// Connecting to the upstream failed.
    #[error("no connection to the upstream")]
    Connect(#[source] BoxError),
    /// The connection broke before the response was complete, or its gzip data is invalid.
    #[error("the connection to the upstream broke")]
    Interrupted(#[source] BoxError),
    /// The response exceeds the size limit.
    #[error("the upstream's response is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The response is not the expected JSON; the source names the place.
    #[error("the upstream's response is not the expected JSON")]
    Decode(#[source] serde_json::Error),
    /// The item has no `ETag`: its resource has no validators, or a proxy has removed it.
    #[error("the item has no `ETag`, so that no change can name its version")]
    MissingETag,
    /// A path parameter cannot be a path segment: it is empty, `.` or `..`.
    #[error("the path parameter `{name}` cannot be a segment of a path")]
    InvalidPathParam {
        /// Name of the parameter in the template.
        name: String,
    },
    /// The calling program built an invalid request: path template and parameters do not match, a
    /// header value is invalid, or the body does not serialize.
    #[error("the request is invalid: {0}")]
    InvalidRequest(String),
}

impl ClientError {
    /// Status of the response, for [`Status`](Self::Status).
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

    /// Whether the call exceeded its time limit.
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

    /// Text for clients of the calling service, without internals.
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
            Self::InvalidPathParam { .. } => "There is nothing at this path.",
            Self::InvalidRequest(_) => "The external service could not be called.",
            _ => "The external service failed.",
        }
    }

    /// Converts an error of reqwest.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        // The URL may contain secrets.
        let error = error.without_url();
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Connect(error.into())
        } else if error.is_builder() {
            Self::InvalidRequest(error.to_string())
        } else {
            Self::Interrupted(error.into())
        }
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let status = match error {
            ClientError::Timeout => ErrorStatus::new(504),
            ClientError::InvalidPathParam { .. } => ErrorStatus::new(404),
            ClientError::InvalidRequest(_) => return Self::internal(error),
            _ => ErrorStatus::new(502),
        };
        let detail = error.detail();
        Self::new(status).with_detail(detail).with_source(error)
    }
}

/// Error of building a client.
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
