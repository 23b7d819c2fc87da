//! Forms with files, read as they arrive, by `multer`.

use bytes::Bytes;
use http::HeaderValue;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::body::BodyStream;
use crate::error::{Error, ErrorStatus, Result};
use crate::response::Body;

/// How much a form may hold.
///
/// # Examples
/// ```
/// use resourceful::MultipartLimits;
/// let limits = MultipartLimits { total: 1 << 30, part: 1 << 30, ..Default::default() };
/// assert_eq!(limits.parts, 100);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MultipartLimits {
    /// The whole body in bytes, with what stands between the parts: 16 MiB.
    pub total: u64,
    /// One part in bytes: 8 MiB.
    pub part: u64,
    /// How many parts: 100.
    pub parts: usize,
}

impl Default for MultipartLimits {
    fn default() -> Self {
        Self {
            total: 16 << 20,
            part: 8 << 20,
            parts: 100,
        }
    }
}

/// The parts of a form, one after the other: see
/// [`Request::multipart`](crate::Request::multipart).
#[derive(Debug)]
pub struct Multipart {
    form: multer::Multipart<'static>,
    limits: MultipartLimits,
    taken: usize,
}

impl Multipart {
    pub(crate) fn new(
        content_type: Option<&HeaderValue>,
        body: Body,
        limits: MultipartLimits,
    ) -> Result<Self> {
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|value| multer::parse_boundary(value).ok());
        let boundary = boundary.ok_or_else(|| {
            Error::new(ErrorStatus::new(415))
                .with_detail("The body must be multipart/form-data with a boundary.")
        })?;
        let sizes = multer::SizeLimit::new().per_field(limits.part);
        let constraints = multer::Constraints::new().size_limit(sizes);
        let stream = BodyStream::new(body, limits.total)?;
        Ok(Self {
            form: multer::Multipart::with_constraints(stream, boundary, constraints),
            limits,
            taken: 0,
        })
    }

    /// The next part, or `None` at the end. What is left of the part before it is skipped.
    ///
    /// # Errors
    /// 400 when it is no form, 413 when it is larger than its limits, 408 when it does not come.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful::MultipartLimits;
    /// async fn count(mut request: Request) -> Result<String> {
    ///     let mut form = request.multipart(MultipartLimits::default())?;
    ///     let mut parts = 0;
    ///     while form.next_part().await?.is_some() {
    ///         parts += 1;
    ///     }
    ///     Ok(parts.to_string())
    /// }
    /// ```
    pub async fn next_part(&mut self) -> Result<Option<Part<'_>>> {
        let Some(field) = self.form.next_field().await.map_err(faulty)? else {
            return Ok(None);
        };
        self.taken += 1;
        if self.taken > self.limits.parts {
            let limit = self.limits.parts;
            return Err(too_large(format!("The form has more than {limit} parts.")));
        }
        Ok(Some(Part {
            field,
            form: std::marker::PhantomData,
        }))
    }
}

/// One part of a form: a field, or a file.
#[derive(Debug)]
pub struct Part<'f> {
    field: multer::Field<'static>,
    /// Parts come one after the other.
    form: std::marker::PhantomData<&'f mut Multipart>,
}

impl Part<'_> {
    /// Its name; empty when it has none.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::Part;
    /// fn is_avatar(part: &Part<'_>) -> bool {
    ///     part.name() == "avatar"
    /// }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// What the client calls the file. It may be anything, `../../etc/passwd` too: never a path.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::Part;
    /// fn is_file(part: &Part<'_>) -> bool {
    ///     part.file_name().is_some()
    /// }
    /// ```
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// Of what type the client says it is.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::Part;
    /// fn claims_to_be_png(part: &Part<'_>) -> bool {
    ///     part.content_type() == Some("image/png")
    /// }
    /// ```
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.field.content_type().map(AsRef::as_ref)
    }

    /// Its next bytes, as they come; `None` at its end.
    ///
    /// # Errors
    /// Those of [`Multipart::next_part`].
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Part, Result};
    /// async fn length(mut part: Part<'_>) -> Result<usize> {
    ///     let mut length = 0;
    ///     while let Some(bytes) = part.next_bytes().await? {
    ///         length += bytes.len();
    ///     }
    ///     Ok(length)
    /// }
    /// ```
    pub async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        self.field.chunk().await.map_err(faulty)
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// Those of [`Multipart::next_part`].
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Part, Result};
    /// async fn length(part: Part<'_>) -> Result<usize> {
    ///     Ok(part.bytes().await?.len())
    /// }
    /// ```
    pub async fn bytes(self) -> Result<Bytes> {
        self.field.bytes().await.map_err(faulty)
    }

    /// All of it, which must be UTF-8.
    ///
    /// # Errors
    /// Those of [`Multipart::next_part`]; 400 when it is not UTF-8.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Part, Result};
    /// async fn title(part: Part<'_>) -> Result<String> {
    ///     part.text().await
    /// }
    /// ```
    pub async fn text(self) -> Result<String> {
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into())
            .map_err(|error| Error::bad_request("A part is not UTF-8.").with_source(error))
    }

    /// Writes all of it as it comes, and says how many bytes that were.
    ///
    /// # Errors
    /// Those of [`Multipart::next_part`]; 500 when it cannot be written.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Part, Result};
    /// async fn store(part: Part<'_>, file: &mut Vec<u8>) -> Result<u64> {
    ///     part.write_to(file).await
    /// }
    /// ```
    pub async fn write_to(mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        let mut written = 0;
        while let Some(bytes) = self.next_bytes().await? {
            writer.write_all(&bytes).await.map_err(Error::internal)?;
            written += bytes.len() as u64;
        }
        writer.flush().await.map_err(Error::internal)?;
        Ok(written)
    }
}

fn faulty(error: multer::Error) -> Error {
    match error {
        multer::Error::FieldSizeExceeded { limit, .. } => {
            too_large(format!("A part is larger than {limit} bytes."))
        }
        // The body's own: too large, too slow, broken off.
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::bad_request("The body broke off.").with_source(cause),
        },
        error => Error::bad_request("The body is no valid form.").with_source(error),
    }
}

fn too_large(detail: String) -> Error {
    Error::new(ErrorStatus::new(413)).with_detail(detail)
}
