//! [`TestRequest`] and [`TestResponse`].

use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::timeout;

use super::operation::Operation;
use resourceful::Body;
use resourceful::BoxError;
use resourceful::TestClient;
use resourceful::hidden::InvalidInput;

#[derive(Clone, Debug)]
pub(super) struct TestRequest {
    pub(super) method: Method,
    /// Path with query.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Payload,
}

#[derive(Clone, Debug)]
pub(super) enum Payload {
    None,
    Text {
        media: Option<String>,
        text: String,
    },
    /// JSON, padded by spaces to this length.
    Padded {
        text: String,
        length: u64,
    },
    /// A body that records whether it was read.
    Tracked {
        media: &'static str,
        text: &'static str,
        /// The announced length.
        length: u64,
        is_read: Arc<AtomicBool>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct TestResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: ResponseBody,
    /// Whether the library refused the request before a hook ran.
    pub(super) is_invalid_input: bool,
}

#[derive(Clone, Debug)]
pub(super) enum ResponseBody {
    Complete(Bytes),
    /// An event stream, which is not read.
    Stream,
    /// The body did not end in time, or broke off.
    Incomplete,
}

pub(super) const IF_MATCH: &str = "If-Match";
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Time limit for reading a response body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

impl Payload {
    pub(super) fn json(media: &str, value: &Value) -> Self {
        Self::Text {
            media: Some(media.to_owned()),
            text: value.to_string(),
        }
    }
}

/// A key that no other request has.
pub(super) fn new_key() -> String {
    // `RandomState` is the standard library's source of random numbers.
    let random = || RandomState::new().hash_one(());
    format!("{:016x}{:016x}", random(), random())
}

impl TestRequest {
    /// Builds the request of an `input`, an instance of [`Operation::input`].
    pub(super) fn new(operation: &Operation, input: &Value) -> Self {
        let part = |name| input.get(name).and_then(Value::as_object);
        let mut path = operation.path.clone();
        for (name, value) in part("path").into_iter().flatten() {
            path = path.replace(&format!("{{{name}}}"), &encoded(value));
        }
        let query = part("query")
            .into_iter()
            .flatten()
            .flat_map(|(name, value)| {
                let values = match value {
                    Value::Array(values) => values.iter().collect(),
                    value => vec![value],
                };
                let values = values.into_iter().filter(|value| !value.is_null());
                values.map(move |value| format!("{}={}", encoded_text(name), encoded(value)))
            });
        let query = query.collect::<Vec<_>>().join("&");
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let json = operation.body.as_ref().and_then(|body| body.json.as_ref());
        let headers = part("header").into_iter().flatten();
        let headers = headers.map(|(name, value)| (name.clone(), as_text(value)));
        let required = [(IF_MATCH, "*".to_owned()), (IDEMPOTENCY_KEY, new_key())];
        let required = required.into_iter().filter(|(name, _)| {
            let parameter = operation.header(name);
            parameter.is_some_and(|parameter| parameter.is_required)
        });
        let required = required.map(|(name, value)| (name.to_owned(), value));
        Self {
            method: operation.method.clone(),
            path,
            headers: headers.chain(required).collect(),
            body: match (json, input.get("body")) {
                (Some((media, _)), Some(body)) => Payload::json(media, body),
                _ => Payload::None,
            },
        }
    }

    /// The same request without a header field.
    pub(super) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// The same request with this value of a header field alone.
    pub(super) fn with_header(self, name: &str, value: &str) -> Self {
        let mut request = self.without_header(name);
        let field = (name.to_owned(), value.to_owned());
        request.headers.push(field);
        request
    }

    /// Whether it has another path or another body.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let text = |request: &Self| match &request.body {
            Payload::Text { text, .. } => Some(text.clone()),
            _ => None,
        };
        (&self.path, text(self)) != (&other.path, text(other))
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        match &self.body {
            Payload::None => None,
            Payload::Text { media, .. } => media.as_deref(),
            Payload::Padded { .. } => Some("application/json"),
            Payload::Tracked { media, .. } => Some(media),
        }
    }

    pub(super) async fn send(&self, client: &TestClient) -> TestResponse {
        let mut request = client.request(self.method.clone(), &self.path);
        let fields = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in fields.chain(self.content_type().map(|value| ("content-type", value)))
        {
            // A valid string may still be an invalid field value.
            if HeaderValue::from_str(value).is_ok() {
                request = request.header(name, value);
            }
        }
        let request = match &self.body {
            Payload::None => request,
            Payload::Text { text, .. } => request.body(text.clone()),
            Payload::Padded { text, length } => {
                request.body(Body::new(PaddedBody::new(text, *length)))
            }
            Payload::Tracked {
                text,
                length,
                is_read,
                ..
            } => request.body(Body::new(TrackedBody {
                text,
                length: *length,
                is_read: Arc::clone(is_read),
            })),
        };
        TestResponse::read(request.streaming().await).await
    }
}

impl TestResponse {
    async fn read(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let is_event_stream = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
        let body = match body.as_bytes() {
            Some(bytes) => ResponseBody::Complete(Bytes::copy_from_slice(bytes)),
            None if is_event_stream => ResponseBody::Stream,
            None => match timeout(BODY_TIMEOUT, body.collect()).await {
                Ok(Ok(body)) => ResponseBody::Complete(body.to_bytes()),
                Ok(Err(_)) | Err(_) => ResponseBody::Incomplete,
            },
        };
        Self {
            status: parts.status,
            is_invalid_input: parts.extensions.get::<InvalidInput>().is_some(),
            headers: parts.headers,
            body,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body, if it is complete.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.body {
            ResponseBody::Complete(bytes) => Some(bytes),
            ResponseBody::Stream | ResponseBody::Incomplete => None,
        }
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        match &self.body {
            ResponseBody::Complete(bytes) => serde_json::from_slice(bytes).ok(),
            ResponseBody::Stream | ResponseBody::Incomplete => None,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Whether a rule of the application refused a request that its document allows. A name may be
    /// taken, or an author unknown.
    pub(super) fn is_application_refusal(&self) -> bool {
        match self.status.as_u16() {
            409 => true,
            422 => !self.is_invalid_input,
            _ => false,
        }
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn encoded(value: &Value) -> String {
    encoded_text(&as_text(value))
}

fn encoded_text(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A body that is generated while it is read.
struct PaddedBody {
    text: Option<Bytes>,
    length_left: u64,
}

impl PaddedBody {
    fn new(text: &str, length: u64) -> Self {
        Self {
            text: Some(Bytes::from(text.to_owned())),
            length_left: length,
        }
    }
}

type PolledFrame = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

impl http_body::Body for PaddedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> PolledFrame {
        let part = self.text.take().unwrap_or_else(|| {
            let length = self.length_left.min(64 * 1024);
            vec![b' '; usize::try_from(length).unwrap_or_default()].into()
        });
        self.length_left = self.length_left.saturating_sub(part.len() as u64);
        Poll::Ready((!part.is_empty()).then(|| Ok(Frame::data(part))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length_left)
    }
}

struct TrackedBody {
    text: &'static str,
    length: u64,
    is_read: Arc<AtomicBool>,
}

impl http_body::Body for TrackedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> PolledFrame {
        let first = !self.is_read.swap(true, Ordering::Relaxed);
        Poll::Ready(first.then(|| Ok(Frame::data(Bytes::from_static(self.text.as_bytes())))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
