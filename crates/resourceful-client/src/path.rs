//! Path templates: a parameter never leaves its segment.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::ClientError;

/// All but the unreserved characters of RFC 3986 section 2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What a template says itself may have the sub-delimiters, `:` and `@` as well (RFC 3986 section
/// 3.3): some APIs have verbs after a colon.
const LITERAL: &AsciiSet = &SEGMENT
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// `/users/{id}` with its parameters in their places, percent-encoded.
pub(crate) fn fill(template: &str, parameters: &[(String, String)]) -> Result<String, ClientError> {
    if template.is_empty() {
        // The base URL itself.
        return Ok(String::new());
    }
    let malformed = |what: String| ClientError::Malformed(format!("`{template}` {what}"));
    let Some(segments) = template.strip_prefix('/') else {
        return Err(malformed("does not begin with a slash".to_owned()));
    };
    let mut used = 0;
    let mut path = String::new();
    for segment in segments.split('/') {
        path.push('/');
        let name = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let Some(name) = name else {
            // A query has its own method, and what is encoded already would be so twice.
            if leaves_its_place(segment) || segment.contains(['{', '}', '?', '#', '%']) {
                return Err(malformed(format!("has the segment `{segment}`")));
            }
            path.extend(utf8_percent_encode(segment, LITERAL));
            continue;
        };
        let Some((_, value)) = parameters.iter().find(|(known, _)| known == name) else {
            return Err(malformed(format!("got no parameter `{name}`")));
        };
        if value.is_empty() || leaves_its_place(value) {
            let name = name.to_owned();
            return Err(ClientError::Segment { name });
        }
        used += 1;
        path.extend(utf8_percent_encode(value, SEGMENT));
    }
    if used < parameters.len() {
        return Err(malformed(
            "got a parameter that it does not have".to_owned(),
        ));
    }
    Ok(path)
}

/// RFC 3986 section 5.2.4; percent-encoding does not help, since `%2E` is the same as `.`.
fn leaves_its_place(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, id: &str) -> Result<String, ClientError> {
        fill(template, &[("id".to_owned(), id.to_owned())])
    }

    #[test]
    fn a_parameter_stays_in_its_segment() {
        for (id, path) in [
            ("7", "/users/7/posts/"),
            ("a/../b", "/users/a%2F..%2Fb/posts/"),
            ("a?b#c", "/users/a%3Fb%23c/posts/"),
            ("%2e%2e", "/users/%252e%252e/posts/"),
            ("\\..\\", "/users/%5C..%5C/posts/"),
            ("é\n", "/users/%C3%A9%0A/posts/"),
            ("...", "/users/.../posts/"),
        ] {
            assert_eq!(filled("/users/{id}/posts/", id).unwrap(), path);
        }
        for id in ["", ".", ".."] {
            let error = filled("/users/{id}", id).unwrap_err();
            assert!(matches!(error, ClientError::Segment { .. }), "{id}");
        }
    }

    #[test]
    fn a_template_and_its_parameters_go_together() {
        for template in [
            "users/{id}",
            "/users",
            "/{id}/{other}",
            "/../{id}",
            "/a{id}",
            "/{}",
            "/{id}?page=2",
            "/a%20b/{id}",
        ] {
            let error = filled(template, "7").unwrap_err();
            assert!(matches!(error, ClientError::Malformed(_)), "{template}");
        }
        assert_eq!(fill("", &[]).unwrap(), "");
        assert_eq!(fill("/", &[]).unwrap(), "/");
        assert_eq!(filled("/{id}/a b:run", "a:b").unwrap(), "/a%3Ab/a%20b:run");
    }
}
