//! `If-Range` (RFC 9110 section 13.1.5).

use http::header::{ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED};

use crate::proto::preconditions::{date, is_strong_match};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::preconditions::tests::{AFTER, AT, BEFORE, headers};

    #[test]
    fn if_range_is_strong_and_exact() {
        let file = headers(&[(&ETAG, "\"a\""), (&LAST_MODIFIED, AT)]);
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
            let counts = range_counts(&headers(&fields), &file);
            assert_eq!(counts, expected, "{fields:?}");
        }
    }

    #[test]
    fn a_weak_tag_and_a_missing_one_never_match() {
        let weak = headers(&[(&ETAG, "W/\"a\"")]);
        assert!(!range_counts(&headers(&[(&IF_RANGE, "W/\"a\"")]), &weak));
        let none = HeaderMap::new();
        assert!(!range_counts(&headers(&[(&IF_RANGE, AT)]), &none));
        assert!(!range_counts(&headers(&[(&IF_RANGE, "x")]), &none));
    }
}
