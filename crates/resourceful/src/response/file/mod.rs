//! [`FileResponse`]: a file from disk or from memory as a response, with conditions and ranges.
//!
//! [`preconditions`](crate::proto::preconditions) decide whether the file is sent (RFC 9110 section 13), [`ranges`]
//! which part of it (section 14), and [`file_body`] reads that part while the client takes it.

mod disposition;
mod file_body;
mod if_range;
mod media_type;
pub(crate) mod open;
mod ranges;

use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};

use crate::body::{Body, Response};
use crate::error::problem::Problem;
use crate::error::{Error, ErrorStatus, Result};
use crate::openapi::{Operation, Registry, StandardError};
use crate::proto::preconditions::{Outcome, evaluate};
use crate::request::Request;
use crate::request::head::Head;
use crate::response::file::disposition::Disposition;
use crate::response::file::file_body::{FileBody, Piece};
use crate::response::file::if_range::range_counts;
pub use crate::response::file::media_type::AnyType;
use crate::response::file::open::{OpenFile, open_error};
use crate::response::file::ranges::{Selection, selection};
use crate::response::into_response::IntoResponse;
use crate::response::media_type::MediaType;
use crate::response::problem_reply::problem_reply;
use crate::response::reply::Reply;
use crate::response::representation::Representation;
use crate::task::blocking::blocking;

/// A file from disk or from memory as a response: for views, and for the typed hooks of a resource.
///
/// The file is read while the client takes it, 64 KiB at a time, so a large file costs no memory. The
/// response to `GET` and `HEAD` follows RFC 9110:
///
/// * `ETag` and `Last-Modified`, and 304 or 412 by `If-Match`, `If-Unmodified-Since`, `If-None-Match` and
///   `If-Modified-Since` (section 13);
/// * 206 for one range or several of them, 416 for a range behind the end, `If-Range` (section 14). A
///   request for more than 32 ranges, or for more than two that overlap, gets the whole file;
/// * `Content-Type` by the extension of the name, and `X-Content-Type-Options: nosniff`;
/// * `Cache-Control: private, no-cache`: a browser keeps the file and asks each time whether it is
///   current, so that access is checked each time.
///
/// If a file becomes shorter while it is sent, the connection (HTTP/2: the stream) ends with an error.
///
/// # Security
/// A file that a user uploaded may be a page with scripts. Send it as an
/// [`attachment`](Self::attachment): a browser then saves it, and does not run it in your origin.
///
/// # Examples
/// ```
/// use resourceful::FileResponse;
/// use resourceful::prelude::*;
///
/// async fn manifest(request: Request) -> Result<FileResponse> {
///     let file = FileResponse::open(&request, "Cargo.toml").await?; // 404 if it is missing
///     Ok(file.attachment("Übersicht.toml"))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/manifest", public(manifest)))?;
/// let part = client.get("/manifest").header("range", "bytes=0-8").await;
/// assert_eq!((part.status().as_u16(), part.text()), (206, "[package]"));
/// # Ok(())
/// # }
/// ```
pub struct FileResponse<M = AnyType> {
    request: Arc<Head>,
    content: Content,
    headers: HeaderMap,
    media_type: PhantomData<fn() -> M>,
}

#[derive(Debug)]
enum Content {
    Disk(OpenFile),
    Memory(Bytes),
}

impl FileResponse {
    /// Opens a file.
    ///
    /// The path is yours: do not build it from a client's text. [`App::files`](crate::App::files) serves a
    /// directory by the client's path.
    ///
    /// # Errors
    /// 404 if there is no regular file at the path or no permission to read it; 500 for any other error of
    /// the disk. No response has the path.
    ///
    /// # Examples
    /// ```
    /// use resourceful::FileResponse;
    /// use resourceful::prelude::*;
    ///
    /// async fn missing(request: Request) -> Result<FileResponse> {
    ///     FileResponse::open(&request, "missing.txt").await
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(missing)))?;
    /// assert_eq!(client.get("/").await.status(), 404);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open<C>(request: &Request<C>, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let name = file_name(&path);
        let file =
            blocking(move || OpenFile::open(&path).map_err(|error| open_error(&path, &error)));
        Ok(Self::from_open(request, &name, file.await??))
    }

    /// A file that is open already, for example a temporary one. Its name gives the `Content-Type`.
    ///
    /// It is sent from its first byte, wherever it was read.
    ///
    /// # Errors
    /// 404 if it is no regular file; 500 if the disk fails.
    ///
    /// # Examples
    /// ```
    /// use resourceful::FileResponse;
    /// use resourceful::prelude::*;
    ///
    /// async fn licence(request: Request) -> Result<FileResponse> {
    ///     let file = blocking(|| std::fs::File::open("LICENSE-MIT")).await?;
    ///     let file = file.map_err(Error::internal)?;
    ///     FileResponse::from_file(&request, "licence.txt", file).await
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(licence)))?;
    /// let response = client.get("/").await;
    /// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn from_file<C>(
        request: &Request<C>,
        name: &str,
        file: std::fs::File,
    ) -> Result<Self> {
        let file = blocking(move || {
            OpenFile::new(file).map_err(|error| open_error(Path::new("an open file"), &error))
        });
        Ok(Self::from_open(request, name, file.await??))
    }

    /// A file in memory. Its name gives the `Content-Type`.
    ///
    /// Its `ETag` is a hash of the bytes, which takes about a millisecond per MiB. Set `ETag` by
    /// [`with_header`](Self::with_header) if you know a cheaper one that is new with each change.
    ///
    /// # Examples
    /// ```
    /// use resourceful::FileResponse;
    /// use resourceful::prelude::*;
    ///
    /// async fn table(request: Request) -> Result<FileResponse> {
    ///     Ok(FileResponse::from_bytes(&request, "table.csv", "id,title\n").attachment("table.csv"))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().get("/", public(table)))?;
    /// let response = client.get("/").await;
    /// assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_bytes<C>(request: &Request<C>, name: &str, bytes: impl Into<Bytes>) -> Self {
        Self::new(request, name, Content::Memory(bytes.into()))
    }

    pub(crate) fn from_open<C>(request: &Request<C>, name: &str, file: OpenFile) -> Self {
        let mut response = Self::new(request, name, Content::Disk(file));
        if let Content::Disk(file) = &response.content {
            file.add_validators(&mut response.headers);
        }
        response
    }

    fn new<C>(request: &Request<C>, name: &str, content: Content) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CONTENT_TYPE, media_type::of_name(name));
        headers.insert(CACHE_CONTROL, PRIVATE);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        headers.insert(ACCEPT_RANGES, BYTES);
        Self {
            request: Arc::clone(request.head()),
            content,
            headers,
            media_type: PhantomData,
        }
    }
}

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const BYTES: HeaderValue = HeaderValue::from_static("bytes");

impl<M: MediaType> FileResponse<M> {
    /// Tells browsers to save the file under this name (`Content-Disposition`, RFC 6266).
    ///
    /// Any name is safe. Control characters and path separators become `_`; a name over 255 bytes is cut
    /// before its extension.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::FileResponse;
    /// # use resourceful::prelude::*;
    /// async fn report(request: Request) -> Result<FileResponse> {
    ///     Ok(FileResponse::from_bytes(&request, "a.txt", "text").attachment("My report.txt"))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(report)))?;
    /// let disposition = "attachment; filename=\"My report.txt\"";
    /// assert_eq!(client.get("/").await.headers()["content-disposition"], disposition);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn attachment(self, name: impl AsRef<str>) -> Self {
        let value = Disposition::Attachment.header_value(name.as_ref());
        self.with_header(CONTENT_DISPOSITION, value)
    }

    /// Tells browsers to show the file, and to propose this name when it is saved.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::FileResponse;
    /// # use resourceful::prelude::*;
    /// async fn picture(request: Request) -> Result<FileResponse> {
    ///     Ok(FileResponse::from_bytes(&request, "a.png", "png").inline("Cat.png"))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(picture)))?;
    /// let disposition = "inline; filename=\"Cat.png\"";
    /// assert_eq!(client.get("/").await.headers()["content-disposition"], disposition);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn inline(self, name: impl AsRef<str>) -> Self {
        let value = Disposition::Inline.header_value(name.as_ref());
        self.with_header(CONTENT_DISPOSITION, value)
    }

    /// Sets a header field, in place of the library's value: `Content-Type`, `Cache-Control`, `ETag`, ..
    ///
    /// # Examples
    /// ```
    /// # use http::header::{CACHE_CONTROL, HeaderValue};
    /// # use resourceful::FileResponse;
    /// # use resourceful::prelude::*;
    /// async fn logo(request: Request) -> Result<FileResponse> {
    ///     let for_all = HeaderValue::from_static("public, max-age=3600");
    ///     Ok(FileResponse::from_bytes(&request, "a.svg", "<svg/>").with_header(CACHE_CONTROL, for_all))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(logo)))?;
    /// assert_eq!(client.get("/").await.headers()["cache-control"], "public, max-age=3600");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same file with another [`MediaType`] in the document. One type without `*` is also its
    /// `Content-Type`.
    ///
    /// # Examples
    /// See [`MediaType`].
    #[must_use]
    pub fn of_type<T: MediaType>(mut self) -> FileResponse<T> {
        if !T::NAME.contains('*') {
            self.headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(T::NAME));
        }
        FileResponse {
            request: self.request,
            content: self.content,
            headers: self.headers,
            media_type: PhantomData,
        }
    }

    /// The response to the request.
    fn try_into_response(mut self) -> Result<Response> {
        if let Content::Memory(bytes) = &self.content {
            let tag = || hash_tag(bytes);
            self.headers.entry(ETAG).or_insert_with(tag);
        }
        let (method, headers) = (&self.request.parts.method, self.request.headers());
        // The file that a `POST` returns is not the resource that its conditions are about.
        let outcome = match *method {
            Method::GET | Method::HEAD => evaluate(method, headers, &self.headers),
            _ => Outcome::Proceed,
        };
        match outcome {
            Outcome::Proceed => {}
            Outcome::NotModified => return Ok(not_modified(self.headers)),
            Outcome::Failed => return Err(precondition_failed()),
        }
        let length = self.content.len();
        // `Range` has a meaning for `GET` alone (RFC 9110 section 14.2).
        let selection = if *method == Method::GET && range_counts(headers, &self.headers) {
            selection(headers, length)
        } else {
            Selection::Whole
        };
        match selection {
            Selection::Unsatisfiable => Err(range_not_satisfiable(length)),
            Selection::Whole => Ok(self.send(StatusCode::OK, [Piece::File(0..length)])),
            Selection::One(range) => {
                let content_range = content_range(&range, length);
                self.headers.insert(CONTENT_RANGE, value(content_range));
                Ok(self.send(StatusCode::PARTIAL_CONTENT, [Piece::File(range)]))
            }
            Selection::Several(ranges) => Ok(self.send_several(ranges, length)),
        }
    }

    /// Several ranges as `multipart/byteranges` (RFC 9110 section 14.6), unless the whole file is
    /// shorter.
    fn send_several(mut self, ranges: Vec<Range<u64>>, length: u64) -> Response {
        let boundary = boundary();
        let media_type = self.headers.get(CONTENT_TYPE).cloned();
        let mut pieces = Vec::with_capacity(2 * ranges.len() + 1);
        for range in ranges {
            let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
            if let Some(media_type) = &media_type {
                head.extend(b"Content-Type: ");
                head.extend(media_type.as_bytes());
                head.extend(b"\r\n");
            }
            let content_range = content_range(&range, length);
            head.extend(format!("Content-Range: {content_range}\r\n\r\n").as_bytes());
            pieces.push(Piece::Bytes(head.into()));
            pieces.push(Piece::File(range));
        }
        pieces.push(Piece::Bytes(format!("\r\n--{boundary}--\r\n").into()));
        if pieces.iter().map(Piece::len).sum::<u64>() >= length {
            return self.send(StatusCode::OK, [Piece::File(0..length)]);
        }
        let media_type = format!("multipart/byteranges; boundary={boundary}");
        self.headers.insert(CONTENT_TYPE, value(media_type));
        self.send(StatusCode::PARTIAL_CONTENT, pieces)
    }

    fn send(mut self, status: StatusCode, pieces: impl IntoIterator<Item = Piece>) -> Response {
        let pieces: Vec<_> = pieces.into_iter().collect();
        let length: u64 = pieces.iter().map(Piece::len).sum();
        self.headers.insert(CONTENT_LENGTH, length.into());
        let body = match self.content {
            Content::Disk(file) => Body::new(FileBody::new(file.file, pieces)),
            Content::Memory(bytes) => from_memory(&bytes, pieces),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Content {
    fn len(&self) -> u64 {
        match self {
            Self::Disk(file) => file.length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }
}

/// The body of a file in memory.
fn from_memory(bytes: &Bytes, pieces: Vec<Piece>) -> Body {
    let piece = |piece| match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::File(range) => {
            let at = |offset| usize::try_from(offset).expect("an offset in memory is a `usize`");
            bytes.slice(at(range.start)..at(range.end))
        }
    };
    let mut pieces = pieces.into_iter().map(piece);
    match (pieces.next(), pieces.len()) {
        (None, _) => Body::empty(),
        (Some(one), 0) => Body::from(one),
        (Some(first), _) => Body::from(pieces.fold(Vec::from(first), |mut all, piece| {
            all.extend(piece);
            all
        })),
    }
}

/// A strong tag of these bytes. Its purpose is to tell versions of a file apart, not to resist attacks:
/// whoever makes two files of one tag misleads the caches of these files alone.
fn hash_tag(bytes: &Bytes) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    value(format!("\"{:x}-{:x}\"", hasher.finish(), bytes.len()))
}

/// A boundary that the file does not contain: nobody can know it beforehand.
fn boundary() -> String {
    let random = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", random(), random())
}

fn content_range(range: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("the library's own text is a field value")
}

/// 304: the fields that the 200 would have, without those of its content (RFC 9110 section 15.4.5).
fn not_modified(mut headers: HeaderMap) -> Response {
    for name in [CONTENT_TYPE, CONTENT_DISPOSITION, ACCEPT_RANGES] {
        headers.remove(name);
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.headers_mut() = headers;
    response
}

fn precondition_failed() -> Error {
    Error::new(ErrorStatus::new(412)).with_detail("The file was changed.")
}

fn range_not_satisfiable(length: u64) -> Error {
    Error::new(ErrorStatus::new(416))
        .with_detail(format!("The file has {length} bytes."))
        .with_header(CONTENT_RANGE, value(format!("bytes */{length}")))
}

/// The last segment of a path, as text for the media type.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl<M: MediaType> IntoResponse for FileResponse<M> {
    fn into_response(self) -> Response {
        self.try_into_response().unwrap_or_else(|error| {
            problem_reply(&Problem::from(&error), &error).into_response(&mut HeaderMap::new())
        })
    }

    fn into_reply(self) -> Result<Reply> {
        self.try_into_response().map(Reply::from)
    }

    fn describe(operation: &mut Operation, _: &mut Registry) {
        operation.add_file_responses(M::NAME);
        operation.add_standard_errors(&[
            StandardError::NotFound,
            StandardError::PreconditionFailed,
            StandardError::RangeNotSatisfiable,
        ]);
    }
}

impl<M: MediaType> Representation for FileResponse<M> {
    /// The request determines the status.
    fn represent(self, _: StatusCode) -> Result<Reply> {
        self.into_reply()
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, _: StatusCode) {
        <Self as IntoResponse>::describe(operation, registry);
    }
}

impl<M> fmt::Debug for FileResponse<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileResponse")
            .field("length", &self.content.len())
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
