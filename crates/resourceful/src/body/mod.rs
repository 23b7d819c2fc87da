//! What goes out: [`Response`] and its [`Body`].

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

use crate::body::incoming::{BodyState, Incoming, Source};
use crate::body::read_timeout::BodyLimits;
use crate::error::{BoxError, Result};

/// A response of this crate: `http`'s, with our [`Body`].
///
/// # Examples
/// ```
/// let response = resourceful::Response::new("hello".into());
/// assert_eq!(response.status(), 200);
/// ```
pub type Response = http::Response<Body>;

/// So many bytes of a body our server sends at once. A client that does not read costs us no more
/// than this and hyper's buffer.
pub(crate) const LONGEST_PART: usize = 32 * 1024;

/// The body of a request or a response.
///
/// One enum, so that the common cases (nothing, or bytes that are all there) need no box.
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
    /// A body without content.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Body::empty().as_bytes(), Some(&b""[..]));
    /// ```
    #[must_use]
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Any other body, boxed: a stream, a file, the body of a mounted service.
    ///
    /// # Examples
    /// ```
    /// let body = resourceful::Body::new(resourceful::Body::from("boxed"));
    /// assert!(body.as_bytes().is_none()); // not known without reading it
    /// ```
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Boxed(Mutex::new(
            body.map_err(Into::into).boxed_unsync(),
        )))
    }

    /// A body that is made while it is sent: part by part, and each only when the client has
    /// taken those before it. An error cuts it off, so that the client sees that it is not whole.
    ///
    /// The server sends it to its end when it stops. What has no end of its own has to look at
    /// [`Request::shutdown`](crate::Request::shutdown); [`EventStream`](crate::EventStream) does.
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
        Self::new(StreamBody::new(stream.map(|part| match part {
            Ok(part) => Ok(Frame::data(part.into())),
            Err(error) => Err(error.into()),
        })))
    }

    /// Does it go out in one part?
    pub(crate) fn is_short(&self) -> bool {
        self.as_bytes()
            .is_some_and(|bytes| bytes.len() <= LONGEST_PART)
    }

    /// The content, when it is all there already.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Body::from("hello").as_bytes(), Some(&b"hello"[..]));
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Empty => Some(&[]),
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

/// A request's body as hyper knows it.
impl From<hyper::body::Incoming> for Body {
    fn from(body: hyper::body::Incoming) -> Self {
        Self::arriving(body, None)
    }
}

impl Body {
    /// A body off the wire, which tells what becomes of it.
    pub(crate) fn arriving(body: hyper::body::Incoming, remains: Option<BodyState>) -> Self {
        if body.is_end_stream() {
            return Self::empty();
        }
        let source = Source::Hyper(body);
        Self(Kind::Incoming(Box::new(Incoming::new(source, remains))))
    }

    /// The body of a request that another server hands over.
    pub(crate) fn handed_over<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::new(body).into_arriving()
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

    /// What is not there yet is waited for as what comes from a client.
    pub(crate) fn into_arriving(self) -> Self {
        match self.0 {
            Kind::Boxed(body) => {
                let incoming = Incoming::new(Source::Service(body), None);
                Self(Kind::Incoming(Box::new(incoming)))
            }
            kind => Self(kind),
        }
    }

    /// What is expected of who sends it, where it is not there yet.
    pub(crate) fn set_limits(&mut self, terms: BodyLimits) {
        if let Kind::Incoming(incoming) = &mut self.0 {
            incoming.set_limits(terms);
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
