//! The page and its script.

use resourceful::http::HeaderValue;
use resourceful::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use resourceful::prelude::*;

/// Only this server's script runs, it talks to this server only, and no other page shows this one in a frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// The page.
#[endpoint]
pub(crate) async fn html() -> Result<Response> {
    let mut response = include_str!("index.html").into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

/// The script of the page.
#[endpoint]
pub(crate) async fn script() -> Result<Response> {
    let mut response = include_str!("page.js").into_response();
    let content_type = HeaderValue::from_static("text/javascript; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}
