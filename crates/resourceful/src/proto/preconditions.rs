//! Conditional requests (RFC 9110 section 13): whether a representation is sent, or an item changed.

use std::time::SystemTime;

use http::Method;
use http::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED,
};

/// The outcome of the preconditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The request is served.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates the preconditions of a request in the order of RFC 9110 section 13.2.2. `current` has the validators of
/// what the request is about: `ETag`, `Last-Modified`.
pub(crate) fn evaluate(method: &Method, request: &HeaderMap, current: &HeaderMap) -> Outcome {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let modified = date(current, &LAST_MODIFIED);
    if request.contains_key(IF_MATCH) {
        if !any_tag(request, &IF_MATCH, current, is_strong_match) {
            return Outcome::Failed;
        }
    } else if let (Some(since), Some(modified)) = (date(request, &IF_UNMODIFIED_SINCE), modified)
        && modified > since
    {
        return Outcome::Failed;
    }
    if request.contains_key(IF_NONE_MATCH) {
        if any_tag(request, &IF_NONE_MATCH, current, is_weak_match) {
            return if is_read {
                Outcome::NotModified
            } else {
                Outcome::Failed
            };
        }
    } else if is_read
        && let (Some(since), Some(modified)) = (date(request, &IF_MODIFIED_SINCE), modified)
        && modified <= since
    {
        return Outcome::NotModified;
    }
    Outcome::Proceed
}

/// Whether the request has a precondition: one look at each field instead of one search for each name.
pub(crate) fn is_conditional(request: &HeaderMap) -> bool {
    let mut names = request.keys();
    names.any(|name| {
        [
            IF_MATCH,
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_UNMODIFIED_SINCE,
        ]
        .contains(name)
    })
}

/// Whether the request has a precondition that can refuse a change.
pub(crate) fn may_refuse(request: &HeaderMap) -> bool {
    protects(request) || request.contains_key(IF_NONE_MATCH)
}

/// Whether the request names the item as the client has seen it, so that it undoes no other change.
pub(crate) fn protects(request: &HeaderMap) -> bool {
    request.contains_key(IF_MATCH) || request.contains_key(IF_UNMODIFIED_SINCE)
}

/// The preconditions of a change, for a comparison in the statement that makes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preconditions {
    /// `If-Match`.
    pub matches: Option<Tags>,
    /// `If-None-Match`.
    pub matches_none: Option<Tags>,
    /// `If-Unmodified-Since`, if it counts.
    pub unmodified_since: Option<SystemTime>,
}

/// The tags of a field, without quotes.
#[derive(Clone, Debug, PartialEq)]
pub enum Tags {
    /// `*`
    Any,
    /// These, of which there may be none.
    These(Vec<String>),
}

impl Preconditions {
    pub(crate) fn of(request: &HeaderMap) -> Self {
        let matches = listed(request, &IF_MATCH, |tag| tag.strip_prefix(b"\""));
        Self {
            unmodified_since: match matches {
                None => date(request, &IF_UNMODIFIED_SINCE),
                Some(_) => None,
            },
            matches,
            matches_none: listed(request, &IF_NONE_MATCH, |tag| {
                opaque(tag).strip_prefix(b"\"")
            }),
        }
    }
}

/// The tags of a field for which `start` finds the text behind the first quote; `None` without the field.
fn listed(
    request: &HeaderMap,
    name: &HeaderName,
    start: fn(&[u8]) -> Option<&[u8]>,
) -> Option<Tags> {
    if !request.contains_key(name) {
        return None;
    }
    let mut all = Vec::new();
    for field in request.get_all(name) {
        if field.as_bytes().trim_ascii() == b"*" {
            return Some(Tags::Any);
        }
        let tags = tags(field.as_bytes()).filter_map(start);
        let tags = tags.filter_map(|tag| tag.strip_suffix(b"\""));
        // A tag of the library is ASCII.
        all.extend(tags.filter_map(|tag| String::from_utf8(tag.to_vec()).ok()));
    }
    Some(Tags::These(all))
}

/// The date of a field. A field that is malformed or occurs twice is ignored (section 13.1.3).
pub(crate) fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
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
pub(crate) fn is_strong_match(one: &[u8], other: &[u8]) -> bool {
    one == other && one.starts_with(b"\"")
}

/// Weak comparison (section 8.8.3.2).
fn is_weak_match(one: &[u8], other: &[u8]) -> bool {
    opaque(one) == opaque(other)
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Outcome::{Failed, NotModified, Proceed};
    use super::*;

    pub(crate) const BEFORE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";
    pub(crate) const AT: &str = "Fri, 02 Jan 2026 00:00:00 GMT";
    pub(crate) const AFTER: &str = "Sat, 03 Jan 2026 00:00:00 GMT";

    pub(crate) fn headers(fields: &[(&HeaderName, &'static str)]) -> HeaderMap {
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
            (vec![], Proceed),
            // Step 1: If-Match decides, and If-Unmodified-Since is ignored.
            (vec![(&IF_MATCH, "\"a\"")], Proceed),
            (vec![(&IF_MATCH, "*")], Proceed),
            (vec![(&IF_MATCH, "\"x\", \"a\"")], Proceed),
            (vec![(&IF_MATCH, "\"x\""), (&IF_MATCH, "\"a\"")], Proceed),
            (vec![(&IF_MATCH, "\"x\"")], Failed),
            (vec![(&IF_MATCH, "")], Failed),
            (vec![(&IF_MATCH, "a")], Failed),
            (vec![(&IF_MATCH, "W/\"a\"")], Failed),
            (
                vec![(&IF_MATCH, "\"a\""), (&IF_UNMODIFIED_SINCE, BEFORE)],
                Proceed,
            ),
            (
                vec![(&IF_MATCH, "\"x\""), (&IF_UNMODIFIED_SINCE, AFTER)],
                Failed,
            ),
            // Step 2.
            (vec![(&IF_UNMODIFIED_SINCE, BEFORE)], Failed),
            (vec![(&IF_UNMODIFIED_SINCE, AT)], Proceed),
            (vec![(&IF_UNMODIFIED_SINCE, AFTER)], Proceed),
            (vec![(&IF_UNMODIFIED_SINCE, "yesterday")], Proceed),
            (
                vec![
                    (&IF_UNMODIFIED_SINCE, BEFORE),
                    (&IF_UNMODIFIED_SINCE, AFTER),
                ],
                Proceed,
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
            (vec![(&IF_NONE_MATCH, "\"x\"")], Proceed),
            (vec![(&IF_NONE_MATCH, "\"x,\"a\"")], Proceed),
            (vec![(&IF_NONE_MATCH, "a")], Proceed),
            (vec![(&IF_NONE_MATCH, "w/\"a\"")], Proceed),
            (vec![(&IF_NONE_MATCH, "\"a")], Proceed),
            (
                vec![(&IF_NONE_MATCH, "\"x\""), (&IF_MODIFIED_SINCE, AFTER)],
                Proceed,
            ),
            (
                vec![(&IF_NONE_MATCH, "\"a\""), (&IF_MODIFIED_SINCE, BEFORE)],
                NotModified,
            ),
            // Step 4.
            (vec![(&IF_MODIFIED_SINCE, BEFORE)], Proceed),
            (vec![(&IF_MODIFIED_SINCE, AT)], NotModified),
            (vec![(&IF_MODIFIED_SINCE, AFTER)], NotModified),
            (vec![(&IF_MODIFIED_SINCE, "0")], Proceed),
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
            // A change has no 304, and `If-Modified-Since` is not about it.
            let changes = !fields.iter().any(|(name, _)| **name == IF_MODIFIED_SINCE);
            let outcome = evaluate(&Method::PUT, &headers(&fields), &file("\"a\""));
            match expected {
                NotModified if changes => assert_eq!(outcome, Failed, "PUT {fields:?}"),
                NotModified if fields.len() == 1 => assert_eq!(outcome, Proceed, "PUT {fields:?}"),
                NotModified => {}
                expected => assert_eq!(outcome, expected, "PUT {fields:?}"),
            }
        }
    }

    #[test]
    fn a_file_without_validators_has_only_the_star() {
        let none = HeaderMap::new();
        for (fields, expected) in [
            (vec![(&IF_MATCH, "*")], Proceed),
            (vec![(&IF_MATCH, "\"a\"")], Failed),
            (vec![(&IF_NONE_MATCH, "*")], NotModified),
            (vec![(&IF_NONE_MATCH, "\"a\"")], Proceed),
            (vec![(&IF_UNMODIFIED_SINCE, BEFORE)], Proceed),
            (vec![(&IF_MODIFIED_SINCE, AFTER)], Proceed),
        ] {
            let outcome = evaluate(&Method::GET, &headers(&fields), &none);
            assert_eq!(outcome, expected, "{fields:?}");
        }
    }

    #[test]
    fn a_weak_tag_matches_weakly() {
        let request = |name| headers(&[(name, "W/\"a\"")]);
        let weak = file("W/\"a\"");
        assert_eq!(evaluate(&Method::GET, &request(&IF_MATCH), &weak), Failed);
        let none_match = request(&IF_NONE_MATCH);
        assert_eq!(evaluate(&Method::GET, &none_match, &weak), NotModified);
    }
}
