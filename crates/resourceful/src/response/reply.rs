//! [`Reply`]: the result of an endpoint, before it is a [`Response`].

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
};
use serde::Serialize;

use crate::body::{Body, Response};
use crate::error::Result;
use crate::json;

/// The result of an endpoint: content of the library, or a complete response.
///
/// Content is a few words long, so moving it is cheap. Its header fields are written when it is
/// sent, into the header map of the request: that saves an allocation.
#[derive(Debug)]
pub enum Reply {
    Content(Content),
    Response(Box<Response>),
}

#[derive(Clone, Debug)]
pub struct Content {
    status: StatusCode,
    media_type: Option<&'static HeaderValue>,
    /// Further header fields.
    fields: Vec<(HeaderName, HeaderValue)>,
    bytes: Bytes,
}

static JSON: HeaderValue = HeaderValue::from_static("application/json");
static PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
static TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

impl Content {
    fn new(status: StatusCode, media_type: Option<&'static HeaderValue>, bytes: Bytes) -> Self {
        Self {
            status,
            media_type,
            fields: Vec::new(),
            bytes,
        }
    }

    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Self> {
        Ok(Self::new(status, Some(&JSON), json::to_bytes(value)?))
    }

    /// A response with this JSON.
    pub(crate) fn written_json(bytes: Bytes) -> Self {
        Self::new(StatusCode::OK, Some(&JSON), bytes)
    }

    pub(crate) fn problem(status: StatusCode, bytes: Bytes) -> Self {
        Self::new(status, Some(&PROBLEM), bytes)
    }

    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, Some(&TEXT), text.into())
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, None, Bytes::new())
    }

    /// Adds a field. `Content-Type` replaces that of the content.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if name == CONTENT_TYPE {
            self.media_type = None;
        }
        self.fields.push((name, value));
        self
    }

    /// Converts the content into a response. It reuses the memory of `headers`.
    #[inline]
    fn into_response(self, headers: &mut HeaderMap) -> Response {
        headers.clear();
        if let Some(media_type) = self.media_type {
            headers.insert(CONTENT_TYPE, media_type.clone());
        }
        if !self.fields.iter().any(|(name, _)| *name == CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, NO_STORE);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        for (name, value) in self.fields {
            headers.append(name, value);
        }
        let mut response = Response::new(self.bytes.into());
        *response.status_mut() = self.status;
        // Swapped: an assignment would drop one map here and need a new one for the request.
        std::mem::swap(response.headers_mut(), headers);
        response
    }
}

impl Reply {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Content(content) => content.status,
            Self::Response(response) => response.status(),
        }
    }

    /// The body; `None` if it is a stream.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Content(content) => Some(&content.bytes),
            Self::Response(response) => response.body().as_bytes(),
        }
    }

    /// Length of the body in bytes; `None` if unknown.
    pub(crate) fn len(&self) -> Option<usize> {
        self.bytes().map(<[u8]>::len)
    }

    /// The same fields without a body and without those that describe it.
    pub(crate) fn without_content(self, status: StatusCode) -> Self {
        match self {
            Self::Content(content) => Self::Content(Content {
                fields: content.fields,
                ..Content::empty(status)
            }),
            Self::Response(mut response) => {
                *response.status_mut() = status;
                *response.body_mut() = Body::empty();
                response.headers_mut().remove(CONTENT_TYPE);
                response.headers_mut().remove(CONTENT_LENGTH);
                Self::Response(response)
            }
        }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        match self {
            Self::Content(content) => Self::Content(Content { status, ..content }),
            Self::Response(mut response) => {
                *response.status_mut() = status;
                Self::Response(response)
            }
        }
    }

    /// Whether the reply has a field of this name.
    pub(crate) fn has(&self, name: &HeaderName) -> bool {
        match self {
            Self::Content(content) => content.fields.iter().any(|(known, _)| known == name),
            Self::Response(response) => response.headers().contains_key(name),
        }
    }

    pub(crate) fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        match self {
            Self::Content(content) => Self::Content(content.with(name, value)),
            Self::Response(mut response) => {
                let headers = response.headers_mut();
                if name == CONTENT_TYPE {
                    headers.remove(&name);
                }
                headers.append(name, value);
                Self::Response(response)
            }
        }
    }

    pub(crate) fn map_body(self, change: impl FnOnce(Body) -> Body) -> Self {
        let response = self.into_response(&mut HeaderMap::new());
        Self::from(response.map(change))
    }

    /// Converts the reply into a response. It may reuse the memory of `headers`.
    #[inline]
    pub(crate) fn into_response(self, headers: &mut HeaderMap) -> Response {
        match self {
            Self::Content(content) => content.into_response(headers),
            Self::Response(response) => with_defaults(*response),
        }
    }
}

impl From<Content> for Reply {
    fn from(content: Content) -> Self {
        Self::Content(content)
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self::Response(Box::new(response))
    }
}

impl From<Content> for Response {
    fn from(content: Content) -> Self {
        Reply::from(content).into_response(&mut HeaderMap::new())
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Sets `no-store` and `nosniff`, unless the response has these fields.
fn with_defaults(mut response: Response) -> Response {
    // A stream with a validator (`ETag`, `Last-Modified`) is a file or the like of a mounted
    // service: clients may cache and revalidate it.
    let headers = response.headers();
    let has_validator = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
    if response.body().as_bytes().is_some() || !has_validator {
        let headers = response.headers_mut();
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
        headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(NO_SNIFF);
    }
    response
}
