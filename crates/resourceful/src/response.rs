//! What goes out: [`Response`], its [`Body`], and what turns into one.

use std::pin::Pin;
use std::sync::{LazyLock, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use serde::Serialize;

use crate::error::{BoxError, Error, Result};
use crate::incoming::{Incoming, Remains, Source};
use crate::patience::Terms;

/// A response of this crate: `http`'s, with our [`Body`].
///
/// # Examples
/// ```
/// let response = resourceful::Response::new("hello".into());
/// assert_eq!(response.status(), 200);
/// ```
pub type Response = http::Response<Body>;

static JSON: LazyLock<HeaderMap> = LazyLock::new(|| headers_of("application/json"));
static TEXT: LazyLock<HeaderMap> = LazyLock::new(|| headers_of("text/plain; charset=utf-8"));

/// What our answers of one type say, to be cloned: cheaper than to insert the fields one by one.
pub(crate) fn headers_of(content_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    say_defaults(&mut headers);
    headers
}

/// What holds of an answer that does not say otherwise: nobody keeps it, and nobody takes it for
/// anything but its `Content-Type`.
pub(crate) fn say_defaults(headers: &mut HeaderMap) {
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(CACHE_CONTROL).or_insert(no_store);
    let no_sniff = HeaderValue::from_static("nosniff");
    headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(no_sniff);
}

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
    /// [`Request::stopping`](crate::Request::stopping); [`EventStream`](crate::EventStream) does.
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
    pub(crate) fn arriving(body: hyper::body::Incoming, remains: Option<Remains>) -> Self {
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
    pub(crate) fn agree(&mut self, terms: Terms) {
        if let Kind::Incoming(incoming) = &mut self.0 {
            incoming.agree(terms);
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

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

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Incoming(incoming) => incoming.is_end_stream(),
            Kind::Boxed(body) => body.lock().is_ok_and(|body| body.is_end_stream()),
        }
    }

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

fn unlocked<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex
        .get_mut()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a view may return: turned into a [`Response`] once.
///
/// # Examples
/// ```
/// use http::StatusCode;
/// use resourceful::{IntoResponse, Json};
///
/// assert_eq!("hello".into_response().headers()["content-type"], "text/plain; charset=utf-8");
/// assert_eq!(Json([1, 2]).into_response().body().as_bytes(), Some(&b"[1,2]"[..]));
/// assert_eq!((StatusCode::ACCEPTED, "later").into_response().status(), 202);
/// assert_eq!(().into_response().status(), 204);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    note = "return `Json(value)`, a `String`, `(StatusCode, ..)`, `()` or a `resourceful::Response`"
)]
pub trait IntoResponse {
    /// The response.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

/// 204, without a body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        with_status(StatusCode::NO_CONTENT, Body::empty())
    }
}

/// The status, without a body.
impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        with_status(self, Body::empty())
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        with_headers(StatusCode::OK, &TEXT, self.into())
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        with_headers(StatusCode::OK, &TEXT, self.into())
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }
}

/// Any serialisable value as a JSON response, for views.
///
/// A value that cannot be serialised (a map whose keys are no strings) is answered with 500.
///
/// # Examples
/// ```
/// use resourceful::{IntoResponse, Json};
///
/// let response = Json("hi").into_response();
/// assert_eq!(response.headers()["content-type"], "application/json");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0, 128).unwrap_or_else(|error| {
            tracing::error!(%error, "a view's answer could not be written as JSON");
            with_status(StatusCode::INTERNAL_SERVER_ERROR, Body::empty())
        })
    }
}

/// `value` as JSON, in a buffer of `expected` bytes to begin with.
pub(crate) fn json(
    status: StatusCode,
    value: &impl Serialize,
    expected: usize,
) -> Result<Response> {
    let mut bytes = Vec::with_capacity(expected);
    serde_json::to_writer(&mut bytes, value).map_err(Error::internal)?;
    Ok(with_headers(status, &JSON, bytes.into()))
}

pub(crate) fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

pub(crate) fn with_headers(status: StatusCode, headers: &HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().clone_from(headers);
    response
}
