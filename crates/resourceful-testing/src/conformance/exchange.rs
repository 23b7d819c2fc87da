//! A request that a check makes, and the answer it gets.

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

use super::document::Operation;
use resourceful::Body;
use resourceful::BoxError;
use resourceful::TestClient;
use resourceful::hidden::InvalidInput;

#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) method: Method,
    /// With its query.
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
    /// JSON, and then spaces up to this length.
    Padded {
        text: String,
        length: u64,
    },
    /// Tells whether somebody wanted to read it.
    Watched(Arc<AtomicBool>),
}

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Content,
    /// Did the library refuse the request, before a hook saw it?
    pub(super) is_invalid_input: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Read(Bytes),
    /// Of events, which go on.
    Unread,
    /// It did not end, or broke off.
    Endless,
}

/// A body that does not end by then has none.
const PATIENCE: Duration = Duration::from_secs(10);

impl Payload {
    pub(super) fn json(media: &str, value: &Value) -> Self {
        Self::Text {
            media: Some(media.to_owned()),
            text: value.to_string(),
        }
    }
}

impl Probe {
    /// The request that `input` describes, as [`Operation::input`] says.
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
                    Value::Array(several) => several.iter().collect(),
                    one => vec![one],
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
        Self {
            method: operation.method.clone(),
            path,
            headers: headers
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
            body: match (json, input.get("body")) {
                (Some((media, _)), Some(body)) => Payload::json(media, body),
                _ => Payload::None,
            },
        }
    }

    pub(super) fn media(&self) -> Option<&str> {
        match &self.body {
            Payload::None => None,
            Payload::Text { media, .. } => media.as_deref(),
            Payload::Padded { .. } | Payload::Watched(_) => Some("application/json"),
        }
    }

    pub(super) async fn send(&self, client: &TestClient) -> Answer {
        let mut request = client.request(self.method.clone(), &self.path);
        let fields = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in fields.chain(self.media().map(|media| ("content-type", media))) {
            // What a schema admits may still be no field value.
            if HeaderValue::from_str(value).is_ok() {
                request = request.header(name, value);
            }
        }
        let request = match &self.body {
            Payload::None => request,
            Payload::Text { text, .. } => request.body(text.clone()),
            Payload::Padded { text, length } => request.body(Body::new(Padded::new(text, *length))),
            Payload::Watched(is_read) => request.body(Body::new(Watched(Arc::clone(is_read)))),
        };
        Answer::read(request.streaming().await).await
    }
}

impl Answer {
    async fn read(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let is_of_events = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
        let body = match body.as_bytes() {
            Some(bytes) => Content::Read(Bytes::copy_from_slice(bytes)),
            None if is_of_events => Content::Unread,
            None => match timeout(PATIENCE, body.collect()).await {
                Ok(Ok(body)) => Content::Read(body.to_bytes()),
                Ok(Err(_)) | Err(_) => Content::Endless,
            },
        };
        Self {
            status: parts.status,
            is_invalid_input: parts.extensions.get::<InvalidInput>().is_some(),
            headers: parts.headers,
            body,
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Its body, where that is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        match &self.body {
            Content::Read(bytes) => serde_json::from_slice(bytes).ok(),
            Content::Unread | Content::Endless => None,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Does a rule of the application refuse what its document allows? A name may be taken, an
    /// author unknown.
    pub(super) fn is_own_refusal(&self) -> bool {
        match self.status.as_u16() {
            409 => true,
            422 => !self.is_invalid_input,
            _ => false,
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn encoded(value: &Value) -> String {
    encoded_text(&plain(value))
}

fn encoded_text(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Nothing of it is there before it is asked for, however long it is.
struct Padded {
    text: Option<Bytes>,
    left: u64,
}

impl Padded {
    fn new(text: &str, length: u64) -> Self {
        Self {
            text: Some(Bytes::from(text.to_owned())),
            left: length,
        }
    }
}

type Next = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

impl http_body::Body for Padded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Next {
        let part = self.text.take().unwrap_or_else(|| {
            let length = self.left.min(64 * 1024);
            vec![b' '; usize::try_from(length).unwrap_or_default()].into()
        });
        self.left = self.left.saturating_sub(part.len() as u64);
        Poll::Ready((!part.is_empty()).then(|| Ok(Frame::data(part))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

struct Watched(Arc<AtomicBool>);

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Next {
        let first = !self.0.swap(true, Ordering::Relaxed);
        Poll::Ready(first.then(|| Ok(Frame::data(Bytes::from_static(b"{}")))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(2)
    }
}
