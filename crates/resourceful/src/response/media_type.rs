//! [`MediaType`]: the media type of a response, known by its type.

/// The media type of a [`Binary`](crate::Binary) or a file, in the API document and in `Content-Type`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Binary, MediaType};
///
/// struct Pdf;
///
/// impl MediaType for Pdf {
///     const NAME: &'static str = "application/pdf";
/// }
///
/// async fn invoice(_: Request) -> Result<Binary<Pdf>> {
///     Ok(Binary::new("%PDF-"))
/// }
///
/// let document = App::new().get("/invoice", public(invoice)).openapi()?;
/// let responses = &document.as_value()["paths"]["/invoice"]["get"]["responses"];
/// assert!(responses["200"]["content"]["application/pdf"].is_object());
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
pub trait MediaType: Send + Sync + 'static {
    /// The media type, such as `application/pdf` or `text/html; charset=utf-8`. A file may have a range of
    /// types, such as `image/*`, which leaves the `Content-Type` to its name.
    const NAME: &'static str;
}
