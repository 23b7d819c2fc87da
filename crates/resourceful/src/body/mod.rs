//! Bodies of requests and responses, from complete bytes to streams and forms.
//!
//! The server makes the body of a request here and sends the body of a response from here. [`incoming`]
//! and [`read_timeout`] bound the time of a request body, [`stream`] bounds its size.

#[cfg(feature = "gzip")]
pub(crate) mod gzip;
pub(crate) mod incoming;
#[cfg(feature = "multipart")]
pub(crate) mod multipart;
pub(crate) mod read_timeout;
pub(crate) mod stream;

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};

use crate::body::incoming::{BodySource, BodyState, Incoming};
use crate::body::read_timeout::BodyLimits;
use crate::error::{BoxError, Result};

/// An [`http::Response`] with a [`Body`].
///
/// # Examples
/// ```
/// let response = resourceful::Response::new("hello".into());
/// assert_eq!(response.status(), 200);
/// ```
pub type Response = http::Response<Body>;

/// The most bytes that the server sends at once. A client that does not read occupies no more memory than
/// this and hyper's buffer.
pub(crate) const MAX_CHUNK: usize = 32 * 1024;

/// The body of a request or a response.
///
/// An empty body and complete bytes, the common cases, need no box.
///
/// # Examples
/// ```
/// use http_body::Body as _;
/// use resourceful::Body;
///
/// let body = Body::from("hello");
/// assert_eq!(body.size_hint().exact(), Some(5));
/// assert!(Body::empty().is_end_stream());
/// ```
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    Incoming(Box<Incoming>),
    /// The mutex is never locked: it makes a body that is only `Send` also `Sync`.
    Boxed(Mutex<UnsyncBoxBody<Bytes, BoxError>>),
}

impl Body {
    /// An empty body.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Boxes any other body: a stream, a file, the body of a mounted service.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Boxed(Mutex::new(
            body.map_err(Into::into).boxed_unsync(),
        )))
    }

    /// A body from a stream of chunks. Each chunk is made only when the client has received those before it.
    /// An error aborts the body, so that the client detects that it is incomplete.
    ///
    /// At shutdown the server sends the body to its end. An endless stream must watch
    /// [`Request::shutdown`](crate::Request::shutdown), as [`EventStream`](crate::EventStream) does.
    ///
    /// # Examples
    /// ```
    /// use futures_util::stream;
    /// use resourceful::prelude::*;
    /// use resourceful::Body;
    ///
    /// async fn rows(_: Request) -> Result<Response> {
    ///     let rows = stream::iter(0..1_000_000).map(|row| Ok::<_, Error>(format!("row {row}\n")));
    ///     Ok(Response::new(Body::from_stream(rows)))
    /// }
    /// # use futures_util::StreamExt;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # async fn few(_: Request) -> Result<Response> {
    /// #     Ok(Response::new(Body::from_stream(stream::iter(["a", "b"]).map(Ok::<_, Error>))))
    /// # }
    /// # let client = TestClient::new(App::new().get("/rows", public(rows)).get("/", public(few)))?;
    /// # assert_eq!(client.get("/").await.text(), "ab");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_stream<S, T, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Into<Bytes>,
        E: Into<BoxError>,
    {
        Self::new(StreamBody::new(stream.map(|chunk| match chunk {
            Ok(chunk) => Ok(Frame::data(chunk.into())),
            Err(error) => Err(error.into()),
        })))
    }

    /// Whether the body is complete and fits one chunk.
    pub(crate) fn fits_one_chunk(&self) -> bool {
        self.as_bytes()
            .is_some_and(|bytes| bytes.len() <= MAX_CHUNK)
    }

    /// The content, if it is in memory.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Empty => Some(&[]),
            Kind::Full(bytes) => Some(bytes),
            Kind::Incoming(_) | Kind::Boxed(_) => None,
        }
    }

    /// The content, if it is in memory.
    pub(crate) fn into_bytes(self) -> Option<Bytes> {
        match self.0 {
            Kind::Empty => Some(Bytes::new()),
            Kind::Full(bytes) => Some(bytes),
            Kind::Incoming(_) | Kind::Boxed(_) => None,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("size", &self.size_hint())
            .finish_non_exhaustive()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Full(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::from(Bytes::from(text))
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::from(Bytes::from_static(text.as_bytes()))
    }
}

/// A request body of hyper.
impl From<hyper::body::Incoming> for Body {
    fn from(body: hyper::body::Incoming) -> Self {
        Self::from_hyper(body, None)
    }
}

impl Body {
    /// A request body of hyper, whose progress is in `state`.
    pub(crate) fn from_hyper(body: hyper::body::Incoming, state: Option<BodyState>) -> Self {
        if body.is_end_stream() {
            return Self::empty();
        }
        let source = BodySource::Hyper(body);
        Self(Kind::Incoming(Box::new(Incoming::new(source, state))))
    }

    /// A request body from another server.
    pub(crate) fn from_service<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::new(body).into_incoming()
    }

    /// Boxes the body of another service; a body of this type stays as it is.
    #[cfg(feature = "tower")]
    pub(crate) fn from_any<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        let ours = (&mut body as &mut dyn std::any::Any).downcast_mut::<Option<Self>>();
        if let Some(ours) = ours.and_then(Option::take) {
            return ours;
        }
        body.map_or_else(Self::empty, Self::new)
    }

    /// Makes a streamed body subject to [`BodyLimits`].
    pub(crate) fn into_incoming(self) -> Self {
        match self.0 {
            Kind::Boxed(body) => {
                let incoming = Incoming::new(BodySource::Service(body), None);
                Self(Kind::Incoming(Box::new(incoming)))
            }
            kind => Self(kind),
        }
    }

    /// Sets the limits for receiving the body, unless it is in memory.
    pub(crate) fn set_limits(&mut self, limits: BodyLimits) {
        if let Kind::Incoming(incoming) = &mut self.0 {
            incoming.set_limits(limits);
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let kind = &mut self.get_mut().0;
        match kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *kind = Kind::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Kind::Incoming(incoming) => incoming.poll_frame(cx),
            Kind::Boxed(body) => Pin::new(unlocked(body)).poll_frame(cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Incoming(incoming) => incoming.is_end_stream(),
            Kind::Boxed(body) => body.lock().is_ok_and(|body| body.is_end_stream()),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Incoming(incoming) => incoming.size_hint(),
            Kind::Boxed(body) => body
                .lock()
                .map_or_else(|_| SizeHint::new(), |body| body.size_hint()),
        }
    }
}

/// Makes the response to `GET` the one to `HEAD` (RFC 9110 section 9.3.2).
pub(crate) fn strip_body(response: &mut Response) {
    // Omit `Content-Length: 0`: 204 must not carry it (RFC 9110 section 8.6).
    if let Some(length) = response
        .body()
        .size_hint()
        .exact()
        .filter(|length| *length > 0)
    {
        let headers = response.headers_mut();
        headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

fn unlocked<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex
        .get_mut()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
