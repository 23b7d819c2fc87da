//! Error responses to HTTP/1 bytes that never became a request.
//!
//! hyper responds to a head that it cannot parse by itself, without a body. The server withholds
//! that response and sends problem details with the same status.

use std::time::SystemTime;

use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue};

use crate::body::Response;
use crate::error::{Error, ErrorStatus};

/// The reason why a head did not become a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    Malformed,
    Timeout,
    /// hyper has one limit for the whole head, the target included.
    TooLarge,
    TargetTooLong,
}

/// Length of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
const DATE_LENGTH: usize = 29;

/// hyper's responses to a head that it cannot parse, up to the date.
const HYPER_RESPONSES: [(HeadError, &str); 3] = [
    (
        HeadError::Malformed,
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
    ),
    (
        HeadError::TargetTooLong,
        "HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
    ),
    (
        HeadError::TooLarge,
        "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
    ),
];

impl HeadError {
    /// The error to which hyper responds with exactly these bytes.
    pub(super) fn from_hyper(bytes: &[u8]) -> Option<Self> {
        let is_response = |text: &str| {
            bytes.len() == text.len() + DATE_LENGTH + "\r\n\r\n".len()
                && bytes.starts_with(text.as_bytes())
        };
        let mut known = HYPER_RESPONSES.iter();
        known
            .find(|(_, text)| is_response(text))
            .map(|(error, _)| *error)
    }

    /// The value of the metric's label `reason`.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "bad_request",
            Self::Timeout => "slow_head",
            Self::TooLarge => "large_head",
            Self::TargetTooLong => "long_uri",
        }
    }
}

impl From<HeadError> for Error {
    fn from(error: HeadError) -> Self {
        let (status, detail) = match error {
            HeadError::Malformed => (ErrorStatus::new(400), "This is not an HTTP request."),
            HeadError::Timeout => (
                ErrorStatus::new(408),
                "The head of the request did not come in time.",
            ),
            HeadError::TooLarge => (
                ErrorStatus::new(431),
                "The header fields are too many or too large.",
            ),
            HeadError::TargetTooLong => (
                ErrorStatus::new(414),
                "The path and the query are too long.",
            ),
        };
        Self::new(status).with_detail(detail)
    }
}

/// A whole response as bytes. The connection is closed after it.
pub(super) fn to_bytes(response: &Response) -> Vec<u8> {
    let status: StatusCode = response.status();
    let body = response.body().as_bytes().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {status}\r\n").into_bytes();
    let mut headers = response.headers().clone();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now())) {
        headers.insert(DATE, date);
    }
    for (name, value) in &headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(body);
    head
}
