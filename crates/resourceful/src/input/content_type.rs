//! A body before it is read: is it of our type?

use http::Method;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue,
};
use http::request::Parts;
use http_body::Body as _;

use crate::error::{Error, ErrorStatus, Result};
use crate::response::Body;

/// A body that is to be read, and what its request says of it.
/// # Errors
/// 415 for what is not JSON in UTF-8, or is encoded.
pub(crate) fn check_content_type(parts: &Parts, body: &Body) -> Result<()> {
    let mut content_type = None;
    for (name, value) in &parts.headers {
        if *name == CONTENT_TYPE {
            content_type = content_type.or(Some(value));
        } else if *name == CONTENT_ENCODING {
            // RFC 9110 section 15.5.16: the field says which codings would have been taken.
            return Err(Error::new(ErrorStatus::new(415))
                .with_detail("The body must not be encoded.")
                .with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        }
    }
    let accepted = match content_type {
        Some(value) if value == "application/json" => true,
        Some(value) => value
            .to_str()
            .is_ok_and(|value| is_json(value, &parts.method)),
        // No type and no body: the parser says that the body is missing.
        None => body.is_end_stream(),
    };
    if accepted {
        Ok(())
    } else {
        Err(unsupported_type(&parts.method, content_type))
    }
}

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
const PATCH_TYPES: HeaderValue =
    HeaderValue::from_static("application/json, application/merge-patch+json");

fn is_json(content_type: &str, method: &Method) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let known = essence.eq_ignore_ascii_case("application/json")
        || (method == Method::PATCH
            && essence.eq_ignore_ascii_case("application/merge-patch+json"));
    let utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    };
    known && parts.all(utf8)
}

/// 415, with the types that would have been taken: in `Accept-Post` (Linked Data Platform
/// section 7.1), `Accept-Patch` (RFC 5789 section 3.1) or, for `PUT`, `Accept` (RFC 9110
/// section 12.5.1).
fn unsupported_type(method: &Method, content_type: Option<&HeaderValue>) -> Error {
    let detail = match content_type {
        Some(_) => "The body must be application/json in UTF-8.",
        None => "The body has no Content-Type; it must be application/json.",
    };
    let (name, value) = match *method {
        Method::POST => (HeaderName::from_static("accept-post"), APPLICATION_JSON),
        Method::PATCH => (HeaderName::from_static("accept-patch"), PATCH_TYPES),
        _ => (ACCEPT, APPLICATION_JSON),
    };
    Error::new(ErrorStatus::new(415))
        .with_detail(detail)
        .with_header(name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_types_are_known_in_any_case_with_any_parameters() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"; x=y",
        ] {
            assert!(is_json(good, &Method::POST), "{good}");
        }
        for bad in [
            "text/json",
            "application/json; charset=latin1",
            "application/jsonp",
            "",
            "application/merge-patch+json",
        ] {
            assert!(!is_json(bad, &Method::POST), "{bad}");
        }
        assert!(is_json("application/merge-patch+json", &Method::PATCH));
    }
}
