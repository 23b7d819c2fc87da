//! Normalises the path of a request before routing, so that each resource has one spelling.
//!
//! Percent-encoded unreserved characters are decoded (RFC 3986 section 6.2.2.2). Other encodings are kept
//! in upper case, so that an encoded slash never becomes a separator. Paths that two programs could read
//! differently (`..`, NUL, broken encodings) are refused.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};

use crate::error::{Error, Result};

/// The characters to encode in a segment: all but the unreserved ones.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Visible ASCII that must be encoded in a path (RFC 3986 section 3.3). `[` and `]` are missing, since
/// browsers do not encode them (WHATWG URL, path percent-encode set).
const FORBIDDEN: &[u8] = b"\"#<>?\\^`{|}";

/// The bytes of a path that need no further check: all allowed ones but `%` and `.`.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'!';
    while byte < 0x7F {
        plain[byte as usize] = byte != b'%' && byte != b'.';
        byte += 1;
    }
    let mut index = 0;
    while index < FORBIDDEN.len() {
        plain[FORBIDDEN[index] as usize] = false;
        index += 1;
    }
    plain
};

/// Normalises a path. Borrows a path that is normalised already.
///
/// # Errors
/// 400 for `.` and `..` segments, also between encoded slashes, for NUL, for characters that a URI cannot
/// have, and for percent-encodings that are broken or not UTF-8.
#[inline]
pub(crate) fn normalise(path: &str) -> Result<Cow<'_, str>> {
    // Nearly all requests have neither encodings nor dots. There is no branch for each byte.
    let is_plain = path
        .bytes()
        .fold(true, |is_plain, byte| is_plain & PLAIN[usize::from(byte)]);
    if is_plain {
        Ok(Cow::Borrowed(path))
    } else {
        normalise_slow(path)
    }
}

fn normalise_slow(path: &str) -> Result<Cow<'_, str>> {
    let path = if path.contains('%') {
        Cow::Owned(decode_unreserved(path)?)
    } else {
        Cow::Borrowed(path)
    };
    // A hook that gets its parameter decoded, and a proxy that decodes before routing, see the slash.
    let mut parts = path.split('/').flat_map(|segment| segment.split("%2F"));
    if parts.any(|part| part == "." || part == "..") {
        return Err(Error::bad_request("The path has a `.` or `..` segment."));
    }
    let is_allowed = |byte: u8| PLAIN[usize::from(byte)] || matches!(byte, b'%' | b'.');
    if !path.bytes().all(is_allowed) {
        return Err(Error::bad_request(
            "The path has a character that must be percent-encoded.",
        ));
    }
    Ok(path)
}

/// Decodes a segment of a normalised path.
#[inline]
pub(crate) fn decode_segment(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    // `normalise` has refused encodings that are not UTF-8.
    percent_decode_str(segment).decode_utf8_lossy()
}

/// Whether the character may occur in a registered path (RFC 3986 section 3.3).
pub(crate) fn is_path_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(character)
}

fn decode_unreserved(path: &str) -> Result<String> {
    let broken = || Error::bad_request("The path has a broken percent-encoding.");
    let mut out = String::with_capacity(path.len());
    let mut parts = path.split('%');
    out.extend(parts.next());
    for part in parts {
        let digits = part.get(..2).ok_or_else(broken)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(broken());
        }
        let byte = u8::from_str_radix(digits, 16).map_err(|_| broken())?;
        match byte {
            0 => return Err(Error::bad_request("The path has a NUL.")),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
            }
        }
        out.push_str(&part[2..]);
    }
    if percent_decode_str(&out).decode_utf8().is_err() {
        return Err(Error::bad_request("The path is not UTF-8."));
    }
    Ok(out)
}

/// Appends a segment; the result ends with a slash if `parent` does.
pub(crate) fn join(parent: &str, rest: &str) -> String {
    match parent.strip_suffix('/') {
        Some(parent) => format!("{parent}/{rest}/"),
        None => format!("{parent}/{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(path: &str) -> Option<String> {
        normalise(path).ok().map(Cow::into_owned)
    }

    #[test]
    fn plain_paths_are_borrowed() {
        assert!(matches!(
            normalise("/posts/7/"),
            Ok(Cow::Borrowed("/posts/7/"))
        ));
        assert!(matches!(
            normalise("/a.b/c~d"),
            Ok(Cow::Borrowed("/a.b/c~d"))
        ));
    }

    #[test]
    fn unreserved_characters_are_decoded() {
        assert_eq!(normal("/async%2Dhello/").as_deref(), Some("/async-hello/"));
        assert_eq!(normal("/%41%7e").as_deref(), Some("/A~"));
    }

    #[test]
    fn other_encodings_stay_in_upper_case() {
        assert_eq!(normal("/a%2fb%20c").as_deref(), Some("/a%2Fb%20c"));
        assert_eq!(normal("/%c3%A9").as_deref(), Some("/%C3%A9"));
    }

    #[test]
    fn ambiguous_paths_are_refused() {
        for path in [
            "/a/../b",
            "/..",
            "/%2e%2E/b",
            "/./a",
            "/.%2e",
            "/..%2fb",
            "/a%2F.%2Fb",
            "/a%2F%2e.",
            "/%00",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%ff",
            "/%C3",
            "/é",
            "/a b",
            "/\u{7f}",
            "/\\evil.com/",
            "/a\"b",
            "/a<b>",
            "/a^b",
            "/a`b",
            "/{a|b}",
            "/a#b",
        ] {
            assert_eq!(normal(path), None, "{path}");
        }
        assert_eq!(normal("/.well-known/x").as_deref(), Some("/.well-known/x"));
        assert_eq!(normal("/...").as_deref(), Some("/..."));
        let plain = "/-_~!$&'()*+,;=:@[slug]";
        assert_eq!(normal(plain).as_deref(), Some(plain));
    }

    #[test]
    fn segments_are_decoded_after_routing() {
        assert_eq!(decode_segment("a%2Fb%C3%A9"), "a/bé");
    }
}
