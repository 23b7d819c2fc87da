//! Reads `multipart/form-data` as it arrives.

mod boundary;
mod part_head;
mod splitter;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::body::stream::BodyStream;
use crate::error::{BoxError, Error, ErrorStatus, Result};

pub(crate) use self::boundary::boundary;
use self::part_head::PartHead;
use self::splitter::{Item, LIMIT, Splitter, TooLong};

/// Size limits of a form.
///
/// # Examples
/// ```
/// use resourceful::MultipartLimits;
/// let limits = MultipartLimits { total: 1 << 30, part: 1 << 30, ..Default::default() };
/// assert_eq!(limits.parts, 100);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MultipartLimits {
    /// Maximum body size in bytes, with delimiters and heads (default 16 MiB).
    pub total: u64,
    /// Maximum size of one part in bytes (default 8 MiB).
    pub part: u64,
    /// Maximum number of parts (default 100).
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
///
/// The preamble and the head of each part are limited to 16 KiB.
#[derive(Debug)]
pub struct Multipart {
    body: BodyStream,
    splitter: Splitter,
    limits: MultipartLimits,
    count: usize,
    /// The remaining bytes of the current part; `None` between parts.
    left: Option<u64>,
    is_at_end: bool,
}

impl Multipart {
    pub(crate) fn new(boundary: &str, body: BodyStream, limits: MultipartLimits) -> Self {
        Self {
            body,
            splitter: Splitter::new(boundary),
            limits,
            count: 0,
            left: None,
            is_at_end: false,
        }
    }

    /// The next part, or `None` at the end. Skips the rest of the part before.
    ///
    /// # Errors
    /// 400 if the body is not a valid form, 413 if it exceeds its limits, 408 if it arrives too slowly.
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
        if self.is_at_end {
            return Ok(None);
        }
        while self.next_bytes().await?.is_some() {}
        let Item::Head(head) = self.next_item().await? else {
            // Reads to the end, so that the connection can be reused.
            while self.body.next_part().await?.is_some() {}
            self.is_at_end = true;
            return Ok(None);
        };
        self.left = Some(self.limits.part);
        self.count += 1;
        if self.count > self.limits.parts {
            let limit = self.limits.parts;
            return Err(too_large(format!("The form has more than {limit} parts.")));
        }
        let head = PartHead::parse(&head).map_err(malformed)?;
        Ok(Some(Part { form: self, head }))
    }

    /// The next bytes of the current part; `None` at its end.
    async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        let Some(left) = self.left else {
            return Ok(None);
        };
        let Item::Content(bytes) = self.next_item().await? else {
            self.left = None;
            return Ok(None);
        };
        let left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            let limit = self.limits.part;
            too_large(format!("A part is larger than {limit} bytes."))
        })?;
        self.left = Some(left);
        Ok(Some(bytes))
    }

    async fn next_item(&mut self) -> Result<Item> {
        loop {
            match self.splitter.next() {
                Ok(Some(item)) => return Ok(item),
                Ok(None) => {}
                Err(TooLong::Preamble) => {
                    let detail = format!("More than {LIMIT} bytes precede the first part.");
                    return Err(too_large(detail));
                }
                Err(TooLong::Head) => {
                    let detail = format!("The head of a part is larger than {LIMIT} bytes.");
                    return Err(too_large(detail));
                }
            }
            let bytes = self.body.next_part().await?;
            self.splitter
                .push(bytes.ok_or_else(|| malformed("the form has no end"))?);
        }
    }
}

/// One part of a form: a field, or a file.
#[derive(Debug)]
pub struct Part<'f> {
    form: &'f mut Multipart,
    head: PartHead,
}

impl Part<'_> {
    /// The name, or an empty text.
    ///
    /// `%22`, `%0D` and `%0A`, by which browsers encode quotes and line ends, are decoded. The same holds for
    /// [`file_name`](Self::file_name).
    #[must_use]
    pub fn name(&self) -> &str {
        self.head.name.as_deref().unwrap_or_default()
    }

    /// The file name from the client. It may be any text, also `../../etc/passwd`, so never use it as a path.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.head.file_name.as_deref()
    }

    /// The media type from the client, in lower case up to its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// The next bytes as they arrive; `None` at the end.
    ///
    /// # Errors
    /// As [`Multipart::next_part`].
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
        self.form.next_bytes().await
    }

    /// The whole part in memory.
    ///
    /// # Errors
    /// As [`Multipart::next_part`].
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next_bytes().await? {
            if whole.is_empty() {
                whole = BytesMut::from(bytes);
            } else {
                whole.extend_from_slice(&bytes);
            }
        }
        Ok(whole.freeze())
    }

    /// The whole part as text.
    ///
    /// # Errors
    /// As [`Multipart::next_part`]; 400 if it is not UTF-8.
    pub async fn text(self) -> Result<String> {
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into())
            .map_err(|error| Error::bad_request("A part is not UTF-8.").with_source(error))
    }

    /// Writes the part as it arrives and returns its length in bytes.
    ///
    /// # Errors
    /// As [`Multipart::next_part`]; 500 if writing fails.
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

fn malformed(cause: impl Into<BoxError>) -> Error {
    Error::bad_request("The body is not a valid form.").with_source(cause)
}

fn too_large(detail: String) -> Error {
    Error::new(ErrorStatus::new(413)).with_detail(detail)
}
