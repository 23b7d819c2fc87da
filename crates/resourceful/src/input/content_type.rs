//! Checks the type of a body before it is read.

use std::borrow::Cow;

use http::Method;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue,
};
use http::request::Parts;
use http_body::Body as _;

use crate::body::Body;
use crate::error::{Error, ErrorStatus, Result};
use crate::proto::parameters::{parameters, split_parameters};

/// Checks that the body has an accepted media type: that of its type, mostly JSON, or one that the schema lists as
/// `x-media-types`.
///
/// # Errors
/// 415 for other types, for charsets other than UTF-8 and for content codings that are refused.
pub(crate) fn check_content_type(
    parts: &Parts,
    body: &Body,
    media_type: &'static str,
    more_types: fn() -> Vec<String>,
    codings: Codings,
) -> Result<()> {
    let mut content_type = None;
    for (name, value) in &parts.headers {
        if *name == CONTENT_TYPE {
            content_type = content_type.or(Some(value));
        } else if *name == CONTENT_ENCODING && codings == Codings::Refused && !is_identity(value) {
            // RFC 9110 section 15.5.16: the header lists the codings that are accepted.
            return Err(Error::new(ErrorStatus::new(415))
                .with_detail("The body must not be encoded.")
                .with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        }
    }
    let accepted = match content_type {
        Some(value) if value == media_type => true,
        Some(value) => value
            .to_str()
            .is_ok_and(|value| is_accepted(value, &parts.method, media_type, more_types)),
        // Without type and body, the parser reports the missing body.
        None => body.is_end_stream(),
    };
    if accepted {
        Ok(())
    } else {
        Err(unsupported_type(
            &parts.method,
            content_type,
            media_type,
            &more_types(),
        ))
    }
}

/// The treatment of content codings (RFC 9110 section 8.4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codings {
    /// A body must not have one.
    Refused,
    /// The reader of the body removes or refuses them.
    #[cfg(feature = "gzip")]
    Decoded,
}

const APPLICATION_JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The further type of a JSON body of `PATCH` (RFC 7396).
fn merge_patch(method: &Method, media_type: &str) -> Option<&'static str> {
    (method == Method::PATCH && media_type == APPLICATION_JSON).then_some(MERGE_PATCH)
}

/// Whether the coding is `identity`, which changes nothing (RFC 9110 section 12.5.3).
fn is_identity(value: &HeaderValue) -> bool {
    value
        .as_bytes()
        .trim_ascii()
        .eq_ignore_ascii_case(b"identity")
}

fn is_accepted(
    content_type: &str,
    method: &Method,
    media_type: &str,
    more_types: fn() -> Vec<String>,
) -> bool {
    let (essence, rest) = split_parameters(content_type);
    let is = |known: &str| essence.eq_ignore_ascii_case(known);
    let is_known = is(media_type)
        || (merge_patch(method, media_type).is_some_and(is))
        || more_types().iter().any(|known| is(known));
    let is_utf8 = |(name, value): &(&str, Cow<'_, str>)| {
        !name.eq_ignore_ascii_case("charset")
            || ["utf-8", "utf8"]
                .iter()
                .any(|utf8| value.eq_ignore_ascii_case(utf8))
    };
    // Ambiguous parameters are ignored: the scan checks the encoding of the body in any case.
    is_known && parameters(rest).is_none_or(|all| all.iter().all(is_utf8))
}

/// 415 with the accepted types in `Accept-Post` (Linked Data Platform section 7.1), `Accept-Patch`
/// (RFC 5789 section 3.1) or, for `PUT`, `Accept` (RFC 9110 section 12.5.1).
fn unsupported_type(
    method: &Method,
    content_type: Option<&HeaderValue>,
    media_type: &'static str,
    more_types: &[String],
) -> Error {
    let merge_patch = merge_patch(method, media_type);
    let more_types = more_types.iter().map(String::as_str);
    let types: Vec<_> = [media_type]
        .into_iter()
        .chain(merge_patch)
        .chain(more_types)
        .collect();
    let detail = match content_type {
        Some(_) => format!("The body must be {} in UTF-8.", types.join(" or ")),
        None => format!(
            "The body has no Content-Type; it must be {}.",
            types.join(" or ")
        ),
    };
    let name = match *method {
        Method::POST => HeaderName::from_static("accept-post"),
        Method::PATCH => HeaderName::from_static("accept-patch"),
        _ => ACCEPT,
    };
    let error = Error::new(ErrorStatus::new(415)).with_detail(detail);
    match HeaderValue::try_from(types.join(", ")) {
        Ok(types) => error.with_header(name, types),
        Err(_) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_json(content_type: &str, method: &Method, more_types: fn() -> Vec<String>) -> bool {
        is_accepted(content_type, method, APPLICATION_JSON, more_types)
    }

    #[test]
    fn json_types_are_known_in_any_case_with_any_parameters() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"; x=y",
            "application/json; profile=\"a;charset=x\"",
            "application/json; profile=\"a\\\";charset=latin1\"",
        ] {
            assert!(is_json(good, &Method::POST, Vec::new), "{good}");
        }
        for bad in [
            "text/json",
            "application/json; charset=latin1",
            "application/json; profile=\"a\"; CHARSET=latin1",
            "application/jsonp",
            "",
            "application/merge-patch+json",
        ] {
            assert!(!is_json(bad, &Method::POST, Vec::new), "{bad}");
        }
        assert!(is_json(MERGE_PATCH, &Method::PATCH, Vec::new));
        let more_types = || vec!["application/vnd.api+json".to_owned()];
        assert!(is_json(
            "Application/vnd.API+json;a=b",
            &Method::POST,
            more_types
        ));
        assert!(!is_json(
            "application/other+json",
            &Method::POST,
            more_types
        ));
    }
}
