//! Conditional requests (RFC 9110 section 13): whether a file is sent, and whether `Range` counts.

use std::time::SystemTime;

use http::Method;
use http::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED,
};

/// The outcome of the preconditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    Send,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates the preconditions of a request in the order of RFC 9110 section 13.2.2.
///
/// `file` has the validators of the file: `ETag`, `Last-Modified`. Only `GET` and `HEAD` have conditions
/// here: the file that a `POST` returns is not the resource that its conditions are about.
pub(super) fn evaluate(method: &Method, request: &HeaderMap, file: &HeaderMap) -> Outcome {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Outcome::Send;
    }
    let modified = date(file, &LAST_MODIFIED);
    if request.contains_key(IF_MATCH) {
        if !any_tag(request, &IF_MATCH, file, is_strong_match) {
            return Outcome::Failed;
        }
    } else if let (Some(since), Some(modified)) = (date(request, &IF_UNMODIFIED_SINCE), modified)
        && modified > since
    {
        return Outcome::Failed;
    }
    if request.contains_key(IF_NONE_MATCH) {
        if any_tag(request, &IF_NONE_MATCH, file, is_weak_match) {
            return Outcome::NotModified;
        }
    } else if let (Some(since), Some(modified)) = (date(request, &IF_MODIFIED_SINCE), modified)
        && modified <= since
    {
        return Outcome::NotModified;
    }
    Outcome::Send
}

/// Whether `Range` counts: `If-Range` is absent, or names the file as it is (section 13.1.5).
///
/// A date must be equal to `Last-Modified`. It is a strong validator, because [`super::open`] sends none
/// for a file that was modified within the last seconds.
pub(super) fn range_counts(request: &HeaderMap, file: &HeaderMap) -> bool {
    let mut fields = request.get_all(IF_RANGE).iter();
    let Some(field) = fields.next() else {
        return true;
    };
    if fields.next().is_some() {
        return false;
    }
    let tag = file.get(ETAG).map(HeaderValue::as_bytes);
    if tag.is_some_and(|tag| is_strong_match(field.as_bytes(), tag)) {
        return true;
    }
    let modified = date(file, &LAST_MODIFIED);
    modified.is_some() && date(request, &IF_RANGE) == modified
}

/// The date of a field. A field that is malformed or occurs twice is ignored (section 13.1.3).
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut fields = headers.get_all(name).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return None;
    };
    httpdate::parse_http_date(field.to_str().ok()?).ok()
}

/// Whether any tag of a list matches the file's, or the list is `*`.
fn any_tag(
    request: &HeaderMap,
    name: &HeaderName,
    file: &HeaderMap,
    is_match: fn(&[u8], &[u8]) -> bool,
) -> bool {
    let tag = file.get(ETAG).map(HeaderValue::as_bytes);
    let mut fields = request.get_all(name).iter().map(HeaderValue::as_bytes);
    fields.any(|field| {
        let is_listed = |tag| tags(field).any(|listed| is_match(listed, tag));
        field.trim_ascii() == b"*" || tag.is_some_and(is_listed)
    })
}

/// The entity tags of a list (section 8.8.3). A comma may be a part of a tag. Reading stops at the first
/// byte that is no list of tags.
fn tags(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let start = list
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        list = &list[start..];
        let prefix = if list.starts_with(b"W/\"") { 3 } else { 1 };
        if prefix == 1 && list[0] != b'"' {
            return None;
        }
        let length = list[prefix..].iter().position(|byte| *byte == b'"')?;
        let (tag, rest) = list.split_at(prefix + length + 1);
        list = rest;
        Some(tag)
    })
}

/// Strong comparison (section 8.8.3.2).
fn is_strong_match(one: &[u8], other: &[u8]) -> bool {
    one == other && one.starts_with(b"\"")
}

/// Weak comparison (section 8.8.3.2).
fn is_weak_match(one: &[u8], other: &[u8]) -> bool {
    let opaque = |tag| <[u8]>::strip_prefix(tag, b"W/").unwrap_or(tag);
    opaque(one) == opaque(other)
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Failed, NotModified, Send};
    use super::*;

    const BEFORE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";
    const AT: &str = "Fri, 02 Jan 2026 00:00:00 GMT";
    const AFTER: &str = "Sat, 03 Jan 2026 00:00:00 GMT";

    fn headers(fields: &[(&HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn file(tag: &'static str) -> HeaderMap {
        headers(&[(&ETAG, tag), (&LAST_MODIFIED, AT)])
    }

    /// RFC 9110 section 13.2.2.
    #[test]
    fn preconditions_have_an_order() {
        for (fields, expected) in [
            (vec![], Send),
            // Step 1: If-Match decides, and If-Unmodified-Since is ignored.
            (vec![(&IF_MATCH, "\"a\"")], Send),
            (vec![(&IF_MATCH, "*")], Send),
            (vec![(&IF_MATCH, "\"x\", \"a\"")], Send),
            (vec![(&IF_MATCH, "\"x\""), (&IF_MATCH, "\"a\"")], Send),
            (vec![(&IF_MATCH, "\"x\"")], Failed),
            (vec![(&IF_MATCH, "")], Failed),
            (vec![(&IF_MATCH, "a")], Failed),
            (vec![(&IF_MATCH, "W/\"a\"")], Failed),
            (
                vec![(&IF_MATCH, "\"a\""), (&IF_UNMODIFIED_SINCE, BEFORE)],
                Send,
            ),
            (
                vec![(&IF_MATCH, "\"x\""), (&IF_UNMODIFIED_SINCE, AFTER)],
                Failed,
            ),
            // Step 2.
            (vec![(&IF_UNMODIFIED_SINCE, BEFORE)], Failed),
            (vec![(&IF_UNMODIFIED_SINCE, AT)], Send),
            (vec![(&IF_UNMODIFIED_SINCE, AFTER)], Send),
            (vec![(&IF_UNMODIFIED_SINCE, "yesterday")], Send),
            (
                vec![
                    (&IF_UNMODIFIED_SINCE, BEFORE),
                    (&IF_UNMODIFIED_SINCE, AFTER),
                ],
                Send,
            ),
            // Step 3: If-None-Match decides, and If-Modified-Since is ignored.
            (vec![(&IF_NONE_MATCH, "\"a\"")], NotModified),
            (vec![(&IF_NONE_MATCH, "W/\"a\"")], NotModified),
            (vec![(&IF_NONE_MATCH, " * ")], NotModified),
            (vec![(&IF_NONE_MATCH, "\"x,\" ,,\t\"a\"")], NotModified),
            (
                vec![(&IF_NONE_MATCH, "\"x\""), (&IF_NONE_MATCH, "\"a\"")],
                NotModified,
            ),
            (vec![(&IF_NONE_MATCH, "\"x\"")], Send),
            (vec![(&IF_NONE_MATCH, "\"x,\"a\"")], Send),
            (vec![(&IF_NONE_MATCH, "a")], Send),
            (vec![(&IF_NONE_MATCH, "w/\"a\"")], Send),
            (vec![(&IF_NONE_MATCH, "\"a")], Send),
            (
                vec![(&IF_NONE_MATCH, "\"x\""), (&IF_MODIFIED_SINCE, AFTER)],
                Send,
            ),
            (
                vec![(&IF_NONE_MATCH, "\"a\""), (&IF_MODIFIED_SINCE, BEFORE)],
                NotModified,
            ),
            // Step 4.
            (vec![(&IF_MODIFIED_SINCE, BEFORE)], Send),
            (vec![(&IF_MODIFIED_SINCE, AT)], NotModified),
            (vec![(&IF_MODIFIED_SINCE, AFTER)], NotModified),
            (vec![(&IF_MODIFIED_SINCE, "0")], Send),
            // Steps 1 and 2 come before 3 and 4.
            (
                vec![(&IF_MATCH, "\"x\""), (&IF_NONE_MATCH, "\"a\"")],
                Failed,
            ),
            (
                vec![(&IF_MATCH, "\"a\""), (&IF_NONE_MATCH, "\"a\"")],
                NotModified,
            ),
            (
                vec![(&IF_UNMODIFIED_SINCE, BEFORE), (&IF_MODIFIED_SINCE, AT)],
                Failed,
            ),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let outcome = evaluate(&method, &headers(&fields), &file("\"a\""));
                assert_eq!(outcome, expected, "{method} {fields:?}");
            }
            let outcome = evaluate(&Method::POST, &headers(&fields), &file("\"a\""));
            assert_eq!(outcome, Send, "POST {fields:?}");
        }
    }

    #[test]
    fn a_file_without_validators_has_only_the_star() {
        let none = HeaderMap::new();
        for (fields, expected) in [
            (vec![(&IF_MATCH, "*")], Send),
            (vec![(&IF_MATCH, "\"a\"")], Failed),
            (vec![(&IF_NONE_MATCH, "*")], NotModified),
            (vec![(&IF_NONE_MATCH, "\"a\"")], Send),
            (vec![(&IF_UNMODIFIED_SINCE, BEFORE)], Send),
            (vec![(&IF_MODIFIED_SINCE, AFTER)], Send),
        ] {
            let outcome = evaluate(&Method::GET, &headers(&fields), &none);
            assert_eq!(outcome, expected, "{fields:?}");
        }
        assert!(!range_counts(&headers(&[(&IF_RANGE, AT)]), &none));
        assert!(!range_counts(&headers(&[(&IF_RANGE, "x")]), &none));
    }

    #[test]
    fn a_weak_tag_matches_weakly() {
        let request = |name| headers(&[(name, "W/\"a\"")]);
        let weak = file("W/\"a\"");
        assert_eq!(evaluate(&Method::GET, &request(&IF_MATCH), &weak), Failed);
        let none_match = request(&IF_NONE_MATCH);
        assert_eq!(evaluate(&Method::GET, &none_match, &weak), NotModified);
        assert!(!range_counts(&request(&IF_RANGE), &weak));
    }

    /// RFC 9110 section 13.1.5.
    #[test]
    fn if_range_is_strong_and_exact() {
        for (fields, expected) in [
            (vec![], true),
            (vec![(&IF_RANGE, "\"a\"")], true),
            (vec![(&IF_RANGE, AT)], true),
            (vec![(&IF_RANGE, "\"x\"")], false),
            (vec![(&IF_RANGE, "W/\"a\"")], false),
            (vec![(&IF_RANGE, "*")], false),
            (vec![(&IF_RANGE, "\"x\", \"a\"")], false),
            (vec![(&IF_RANGE, BEFORE)], false),
            (vec![(&IF_RANGE, AFTER)], false),
            (vec![(&IF_RANGE, "yesterday")], false),
            (vec![(&IF_RANGE, "\"a\""), (&IF_RANGE, "\"a\"")], false),
        ] {
            let counts = range_counts(&headers(&fields), &file("\"a\""));
            assert_eq!(counts, expected, "{fields:?}");
        }
    }
}
