//! The answers to what never became a request, on HTTP/1.
//!
//! hyper answers by itself what it cannot read, without a body. That answer is held back here, and
//! the same status said as a problem.

use std::time::SystemTime;

use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue};

use crate::body::Response;
use crate::error::{Error, ErrorStatus};

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
const DATE_LENGTH: usize = 29;

/// What hyper says of a head that it cannot read.
const HYPERS: [(u16, &str); 3] = [
    (
        400,
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
    ),
    (
        414,
        "HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
    ),
    (
        431,
        "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
    ),
];

/// The status of hyper's own refusal, when these bytes are one and nothing else.
pub(super) fn hypers_own(bytes: &[u8]) -> Option<u16> {
    let is_it = |text: &str| {
        bytes.len() == text.len() + DATE_LENGTH + "\r\n\r\n".len()
            && bytes.starts_with(text.as_bytes())
    };
    let mut known = HYPERS.iter();
    known
        .find(|(_, text)| is_it(text))
        .map(|(status, _)| *status)
}

/// Why a head was refused, by the status hyper has for it.
pub(super) fn error(status: u16) -> Error {
    let (status, detail) = match status {
        408 => (
            ErrorStatus::new(408),
            "The head of the request did not come in time.",
        ),
        414 => (
            ErrorStatus::new(414),
            "The path and the query are too long.",
        ),
        431 => (
            ErrorStatus::new(431),
            "The header fields are too many or too large.",
        ),
        _ => (ErrorStatus::new(400), "This is not an HTTP request."),
    };
    Error::new(status).with_detail(detail)
}

/// The same for numbers.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        408 => "slow_head",
        414 => "long_uri",
        431 => "large_head",
        _ => "bad_request",
    }
}

/// A whole response as it goes over the wire, after which the connection is closed.
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
