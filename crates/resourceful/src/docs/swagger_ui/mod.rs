//! `/docs`: a page to read and to try the API. The page loads no file from another host, and its
//! content security policy forbids that.
//!
//! The page is Swagger UI without the top bar, whose logo has inline styles. `rapidoc`,
//! `openapi-explorer` and Scalar use inline styles in many places, so their policies could not be
//! as strict.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
};

use crate::body::Response;
use crate::endpoint::Endpoint;
use crate::endpoint::public_endpoint::{Public, PublicEndpoint};
use crate::error::Result;
use crate::request::Request;
use crate::response::reply::{Content, Reply};

/// The content security policy of the page, as strict as possible. `data:` allows the icons of its
/// style sheet, `blob:` an image in a response.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const THE_PAGE: HeaderValue = HeaderValue::from_static("../docs");

/// `Cache-Control` of a file whose path contains its version.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

const FILES: [File; 4] = [
    File {
        path: "/docs",
        media_type: "text/html; charset=utf-8",
        cache_control: "no-store",
        bytes: include_bytes!("page.html"),
    },
    File {
        path: "/docs/start.js",
        media_type: "text/javascript; charset=utf-8",
        cache_control: "no-store",
        bytes: include_bytes!("start.js"),
    },
    File {
        path: "/docs/swagger-ui-5.35.0.js",
        media_type: "text/javascript; charset=utf-8",
        cache_control: IMMUTABLE,
        bytes: include_bytes!("dist/swagger-ui-bundle.js"),
    },
    File {
        path: "/docs/swagger-ui-5.35.0.css",
        media_type: "text/css; charset=utf-8",
        cache_control: IMMUTABLE,
        bytes: include_bytes!("dist/swagger-ui.css"),
    },
];

/// A function that returns the page and its files, with their paths. The linker drops the files
/// (two megabytes) from a program that does not call it.
pub(crate) type Docs = fn() -> Vec<(&'static str, Arc<dyn Endpoint>)>;

/// The default: the page in debug builds, no page in release builds. A constant, so that the linker
/// can drop the files.
pub(crate) const DEFAULT: Option<Docs> = if cfg!(debug_assertions) {
    Some(docs)
} else {
    None
};

pub(crate) fn docs() -> Vec<(&'static str, Arc<dyn Endpoint>)> {
    let endpoints = FILES.map(|file| (file.path, Arc::new(Public(file)) as _));
    endpoints.into()
}

/// Is this the path of the page, or a path below it?
pub(crate) fn is_in_docs(pattern: &str) -> bool {
    let rest = pattern.strip_prefix("/docs");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[derive(Clone, Copy)]
struct File {
    path: &'static str,
    media_type: &'static str,
    cache_control: &'static str,
    bytes: &'static [u8],
}

impl PublicEndpoint for File {
    async fn reply(&self, request: &Request) -> Result<Reply> {
        if request.path() == "/docs/" {
            return Ok(redirect_to_page());
        }
        let mut response = Response::new(Bytes::from_static(self.bytes).into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(REFERRER_POLICY, NO_REFERRER);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.cache_control));
        Ok(response.into())
    }
}

/// Redirects `/docs/` to the page, if trailing slashes are ignored: relative links to its files
/// fail there. The redirect is relative, because the path of a mount is known only to the client.
fn redirect_to_page() -> Reply {
    let content = Content::empty(StatusCode::PERMANENT_REDIRECT);
    content.with(LOCATION, THE_PAGE).into()
}
