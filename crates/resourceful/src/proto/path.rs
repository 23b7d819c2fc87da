//! The path of a request before it is routed: one spelling for each resource.
//!
//! Percent-encoded unreserved characters are equal to the plain ones (RFC 3986 section
//! 6.2.2.2); encodings of anything else stay, in upper case, so that an encoded slash
//! never becomes a separator. What could mean two things to two programs on the way
//! (`..`, NUL, broken encodings) is refused.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};

use crate::error::{Error, Result};

/// What is percent-encoded in a segment: all but the unreserved characters.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Visible ASCII that no path has raw (RFC 3986 section 3.3). `[` and `]` are none either, but
/// browsers do not encode them (WHATWG URL, path percent-encode set).
const NOT_OF_A_PATH: &[u8] = b"\"#<>?\\^`{|}";

/// What a path has raw, but for `%` and `.`.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'!';
    while byte < 0x7F {
        plain[byte as usize] = byte != b'%' && byte != b'.';
        byte += 1;
    }
    let mut index = 0;
    while index < NOT_OF_A_PATH.len() {
        plain[NOT_OF_A_PATH[index] as usize] = false;
        index += 1;
    }
    plain
};

/// `path` in its one spelling: borrowed, when it is spelled so already.
///
/// # Errors
/// 400 for `.` and `..` segments, also between encoded slashes, NUL, characters that no URI has, and percent-encodings
/// that are broken or no UTF-8.
#[inline]
pub(crate) fn normalise(path: &str) -> Result<Cow<'_, str>> {
    // Nearly all requests: nothing to decode, no dot that could be a segment.
    // No branch for each byte.
    let is_plain = path
        .bytes()
        .fold(true, |is_plain, byte| is_plain & PLAIN[usize::from(byte)]);
    if is_plain {
        Ok(Cow::Borrowed(path))
    } else {
        normalise_odd(path)
    }
}

fn normalise_odd(path: &str) -> Result<Cow<'_, str>> {
    let path = if path.contains('%') {
        Cow::Owned(decode_unreserved(path)?)
    } else {
        Cow::Borrowed(path)
    };
    // A hook that has its parameter decoded, and a proxy that decodes before it routes, see the
    // slash.
    let mut parts = path.split('/').flat_map(|segment| segment.split("%2F"));
    if parts.any(|part| part == "." || part == "..") {
        return Err(Error::bad_request("The path has a `.` or `..` segment."));
    }
    let is_raw = |byte: u8| PLAIN[usize::from(byte)] || matches!(byte, b'%' | b'.');
    if !path.bytes().all(is_raw) {
        return Err(Error::bad_request(
            "The path has a character that must be percent-encoded.",
        ));
    }
    Ok(path)
}

/// One segment of a normalised path as text.
#[inline]
pub(crate) fn decode_segment(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    // `normalise` has refused what is no UTF-8.
    percent_decode_str(segment).decode_utf8_lossy()
}

/// May this stand in a registered path as it is (RFC 3986 section 3.3)?
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

/// What stands below a path, with a slash at its end where that has one.
pub(crate) fn below(parent: &str, rest: &str) -> String {
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
