//! The boundary of a form, from `Content-Type` (RFC 2046 section 5.1.1).

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::error::{Error, ErrorStatus, Result};
use crate::proto::parameters::{parameters, split_parameters};

/// The boundary of a form.
///
/// # Errors
/// 415 for other types, and for a missing, malformed or duplicate boundary.
pub(crate) fn boundary(headers: &HeaderMap) -> Result<String> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let boundary = match (types.next(), types.next()) {
        (Some(content_type), None) => content_type.to_str().ok().and_then(read),
        _ => None,
    };
    boundary.ok_or_else(|| {
        Error::new(ErrorStatus::new(415))
            .with_detail("The body must be multipart/form-data with a boundary.")
    })
}

fn read(content_type: &str) -> Option<String> {
    let (essence, rest) = split_parameters(content_type);
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let parameters = parameters(rest)?;
    let is_boundary = |name: &str| name.eq_ignore_ascii_case("boundary");
    let mut boundaries = parameters.iter().filter(|(name, _)| is_boundary(name));
    let ((_, boundary), None) = (boundaries.next()?, boundaries.next()) else {
        return None;
    };
    // All visible ASCII, more than the RFC allows, for clients that ignore it.
    let is_visible = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    let is_valid = (1..=70).contains(&boundary.len())
        && boundary.bytes().all(is_visible)
        && !boundary.ends_with(' ');
    is_valid.then(|| boundary.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_bare_or_quoted() {
        let longest = "x".repeat(70);
        let long = format!("multipart/form-data; boundary={longest}");
        for (content_type, boundary) in [
            ("multipart/form-data; boundary=X", "X"),
            ("Multipart/Form-Data;BOUNDARY=\"a b\"; charset=utf-8", "a b"),
            (
                "multipart/form-data; charset=\"; boundary=x\"; boundary=X",
                "X",
            ),
            (
                "multipart/form-data ; boundary=----=_Part_1",
                "----=_Part_1",
            ),
            (
                "multipart/form-data; boundary=\"'()+_,-./:=?\"",
                "'()+_,-./:=?",
            ),
            (&long, &longest),
        ] {
            assert_eq!(
                read(content_type).as_deref(),
                Some(boundary),
                "{content_type}"
            );
        }
        for bad in [
            "",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"x \"",
            "multipart/form-data; boundary=\"x",
            "multipart/form-data; boundary=\"x\\\"\"",
            "multipart/form-data; boundary=\u{e4}",
            "multipart/form-data; boundary=x; Boundary=x",
            "multipart/form-data, multipart/form-data; boundary=x",
            "multipart/mixed; boundary=x",
            "multipart/form-datax; boundary=x",
            "application/json; boundary=x",
            &format!("{long}x"),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
