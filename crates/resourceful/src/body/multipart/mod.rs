//! Forms with files, read as they arrive.

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
///
/// What stands before the first part, and the head of each, is at most 16 KiB long.
#[derive(Debug)]
pub struct Multipart {
    body: BodyStream,
    splitter: Splitter,
    limits: MultipartLimits,
    taken: usize,
    /// Of the part that is being read, how many bytes may still come; `None` between two.
    left: Option<u64>,
    is_over: bool,
}

impl Multipart {
    pub(crate) fn new(boundary: &str, body: BodyStream, limits: MultipartLimits) -> Self {
        Self {
            body,
            splitter: Splitter::new(boundary),
            limits,
            taken: 0,
            left: None,
            is_over: false,
        }
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
        if self.is_over {
            return Ok(None);
        }
        while self.next_bytes().await?.is_some() {}
        let Item::Head(head) = self.next_item().await? else {
            // Once the body is read to its end, the connection can be used again.
            while self.body.next_part().await?.is_some() {}
            self.is_over = true;
            return Ok(None);
        };
        self.left = Some(self.limits.part);
        self.taken += 1;
        if self.taken > self.limits.parts {
            let limit = self.limits.parts;
            return Err(too_large(format!("The form has more than {limit} parts.")));
        }
        let head = PartHead::parse(&head).map_err(malformed)?;
        Ok(Some(Part { form: self, head }))
    }

    /// The next bytes of the part that is being read; `None` at its end.
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
                    let detail = format!("More than {LIMIT} bytes stand before the first part.");
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
    /// Its name; empty when it has none.
    ///
    /// A quote and the ends of lines, which browsers send as `%22`, `%0D` and `%0A`, are as they
    /// were; so they are in [`file_name`](Self::file_name).
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
        self.head.name.as_deref().unwrap_or_default()
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
        self.head.file_name.as_deref()
    }

    /// Of what type the client says it is, in lower case up to its parameters.
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
        self.head.content_type.as_deref()
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
        self.form.next_bytes().await
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

fn malformed(cause: impl Into<BoxError>) -> Error {
    Error::bad_request("The body is no valid form.").with_source(cause)
}

fn too_large(detail: String) -> Error {
    Error::new(ErrorStatus::new(413)).with_detail(detail)
}
