//! Expands path templates. A parameter is always one segment.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::ClientError;

/// Characters to encode in a parameter: all but the unreserved ones (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Characters to encode in a literal segment. The sub-delimiters, `:` and `@` stay (RFC 3986
/// section 3.3), because some APIs have verbs after a colon.
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

/// Replaces the parameters in `/users/{id}` by their percent-encoded values.
pub(crate) fn expand(
    template: &str,
    parameters: &[(String, String)],
) -> Result<String, ClientError> {
    if template.is_empty() {
        // An empty path means the base URL.
        return Ok(String::new());
    }
    let invalid = |message: String| ClientError::InvalidRequest(format!("`{template}` {message}"));
    let Some(segments) = template.strip_prefix('/') else {
        return Err(invalid("does not begin with a slash".to_owned()));
    };
    let mut used = 0;
    let mut path = String::new();
    for segment in segments.split('/') {
        path.push('/');
        let name = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let Some(name) = name else {
            // `Call::query` sets the query, and a percent sign would be encoded twice.
            if is_dot_segment(segment) || segment.contains(['{', '}', '?', '#', '%']) {
                return Err(invalid(format!("has the invalid segment `{segment}`")));
            }
            path.extend(utf8_percent_encode(segment, LITERAL));
            continue;
        };
        let Some((_, value)) = parameters.iter().find(|(known, _)| known == name) else {
            return Err(invalid(format!(
                "has the parameter `{name}`, which has no value"
            )));
        };
        if value.is_empty() || is_dot_segment(value) {
            let name = name.to_owned();
            return Err(ClientError::InvalidPathParam { name });
        }
        used += 1;
        path.extend(utf8_percent_encode(value, SEGMENT));
    }
    if used < parameters.len() {
        return Err(invalid("lacks a parameter that has a value".to_owned()));
    }
    Ok(path)
}

/// RFC 3986 section 5.2.4. Percent-encoding does not help, because `%2E` is equivalent to `.`.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(template: &str, id: &str) -> Result<String, ClientError> {
        expand(template, &[("id".to_owned(), id.to_owned())])
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
            assert_eq!(expanded("/users/{id}/posts/", id).unwrap(), path);
        }
        for id in ["", ".", ".."] {
            let error = expanded("/users/{id}", id).unwrap_err();
            assert!(
                matches!(error, ClientError::InvalidPathParam { .. }),
                "{id}"
            );
        }
    }

    #[test]
    fn a_template_and_its_parameters_must_match() {
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
            let error = expanded(template, "7").unwrap_err();
            assert!(
                matches!(error, ClientError::InvalidRequest(_)),
                "{template}"
            );
        }
        assert_eq!(expand("", &[]).unwrap(), "");
        assert_eq!(expand("/", &[]).unwrap(), "/");
        assert_eq!(
            expanded("/{id}/a b:run", "a:b").unwrap(),
            "/a%3Ab/a%20b:run"
        );
    }
}
