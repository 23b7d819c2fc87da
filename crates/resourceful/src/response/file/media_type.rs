//! Media types of files: in the response by the file's name, in the document by a type.

use http::header::HeaderValue;
use mime_guess::Mime;

use crate::response::media_type::MediaType;

/// Any media type (`*/*`): the `Content-Type` is that of the file's name.
///
/// # Examples
/// ```
/// use resourceful::{AnyType, MediaType};
/// assert_eq!(AnyType::NAME, "*/*");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AnyType;

impl MediaType for AnyType {
    const NAME: &'static str = "*/*";
}

/// The `Content-Type` of a file, by the extension of its name. Text is UTF-8.
pub(super) fn of_name(name: &str) -> HeaderValue {
    let guess = mime_guess::from_path(name).first();
    let Some(media_type) = guess.as_ref().map(Mime::essence_str) else {
        return HeaderValue::from_static("application/octet-stream");
    };
    let text;
    let content_type = if media_type.starts_with("text/") {
        text = format!("{media_type}; charset=utf-8");
        &text
    } else {
        media_type
    };
    HeaderValue::from_str(content_type).expect("a media type is a field value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_media_type() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.CSS", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "application/javascript"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.wasm", "application/wasm"),
            ("a.woff2", "font/woff2"),
            ("a.pdf", "application/pdf"),
            ("a.mp4", "video/mp4"),
            ("a.tar.gz", "application/gzip"),
            ("a.unknown", "application/octet-stream"),
            ("html", "application/octet-stream"),
            ("", "application/octet-stream"),
            (".html", "application/octet-stream"),
        ] {
            assert_eq!(of_name(name), expected, "{name}");
        }
    }
}
