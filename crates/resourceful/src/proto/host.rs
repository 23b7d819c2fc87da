//! The host of a request (RFC 9110 section 7.2).

use std::net::Ipv6Addr;

use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::uri::Authority;
use http::{Uri, Version};

/// A parsed `name[:port]`; the name as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'h> {
    pub(crate) name: &'h str,
    pub(crate) port: Option<u16>,
}

impl<'h> Host<'h> {
    /// Whether the bytes are a valid host. The usual cases, a name without or with a port, need no parsing.
    pub(crate) fn is_valid(bytes: &'h [u8]) -> bool {
        let tail = bytes.len().saturating_sub(":65535".len());
        let colon = bytes[tail..].iter().position(|byte| *byte == b':');
        let (name, port) = bytes.split_at(colon.map_or(bytes.len(), |colon| tail + colon));
        let digits = port.get(1..).unwrap_or_default();
        let number = digits
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit & 0xf));
        let is_port = digits.iter().all(u8::is_ascii_digit) && u16::try_from(number).is_ok();
        // No branch for each byte.
        let is_name = name.iter().fold(true, |is_name, byte| {
            is_name & IS_NAME_BYTE[usize::from(*byte)]
        });
        if is_name && is_port && !matches!(name, b"" | b".") {
            return true;
        }
        std::str::from_utf8(bytes).is_ok_and(|text| Self::parse(text).is_some())
    }

    /// Parses a host (RFC 3986 section 3.2). `None` also for an empty one, which no http URI may have
    /// (RFC 9110 section 4.2.1).
    pub(crate) fn parse(text: &'h str) -> Option<Self> {
        let (name, port) = if text.starts_with('[') {
            let end = text.find(']')?;
            text[1..end].parse::<Ipv6Addr>().ok()?;
            (&text[..=end], &text[end + 1..])
        } else {
            let end = text.find(':').unwrap_or(text.len());
            let name = &text[..end];
            let mut bytes = name.bytes();
            if without_root(name).is_empty() || !bytes.all(|byte| IS_NAME_BYTE[usize::from(byte)]) {
                return None;
            }
            (name, &text[end..])
        };
        let port = match port.strip_prefix(':') {
            // `example.org:` is `example.org` (RFC 3986 section 6.2.3).
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        Some(Self { name, port })
    }

    /// Whether the host matches a pattern: a name in any letter case, or `.name` for the name and all its
    /// subdomains.
    pub(crate) fn matches_any(self, patterns: &[String]) -> bool {
        let name = without_root(self.name);
        let is_below = |parent: &str| {
            let start = name.len().checked_sub(parent.len());
            let end = start.and_then(|start| name.get(start..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(parent))
        };
        let mut patterns = patterns.iter().map(|pattern| without_root(pattern));
        patterns.any(|pattern| match pattern.strip_prefix('.') {
            Some(parent) => is_same_name(self.name, parent) || is_below(pattern),
            None => is_same_name(self.name, pattern),
        })
    }
}

/// The error text for a request without [`is_unambiguous`] host.
pub(crate) const AMBIGUOUS: &str =
    "The target and the Host field must name the same valid host, once.";

/// Whether the request has one valid host, the same in its target and its `Host`.
///
/// Both protocols allow a host in both places (RFC 9112 section 3.2, RFC 9113 section 8.3.1), and a proxy
/// may have used the other one.
pub(crate) fn is_unambiguous(parts: &Parts) -> bool {
    let headers = &parts.headers;
    // `Host` is usually the first header, so a search is faster than a hash.
    let field = headers.iter().find(|(name, _)| *name == HOST);
    let field = field.map(|(_, field)| field);
    // If no header occurs twice, `Host` does not either.
    if headers.len() != headers.keys_len() && headers.get_all(HOST).iter().nth(1).is_some() {
        return false;
    }
    match (field, parts.uri.authority()) {
        (Some(field), None) => Host::is_valid(field.as_bytes()),
        (Some(field), Some(authority)) => is_same(field, authority, &parts.uri),
        // HTTP/1.1 requires the header; HTTP/1.0 has none.
        (None, Some(authority)) => {
            parts.version != Version::HTTP_11 && Host::is_valid(authority.as_str().as_bytes())
        }
        (None, None) => parts.version < Version::HTTP_11,
    }
}

/// Compares two hosts after normalisation (RFC 3986 section 6.2): letter case, default port, root dot.
fn is_same(field: &HeaderValue, authority: &Authority, uri: &Uri) -> bool {
    let field = field.to_str().ok().and_then(Host::parse);
    let (Some(field), Some(authority)) = (field, Host::parse(authority.as_str())) else {
        return false;
    };
    let default_port = match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    };
    is_same_name(field.name, authority.name)
        && field.port.or(default_port) == authority.port.or(default_port)
}

pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    let (one, other) = (without_root(one), without_root(other));
    one.eq_ignore_ascii_case(other) || ipv6(one).is_some_and(|address| Some(address) == ipv6(other))
}

fn ipv6(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Removes the dot of the DNS root: `example.org.` is `example.org` (RFC 1034 section 3.1).
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Sets the host of a request in its target and its `Host`.
pub(crate) fn set(parts: &mut Parts, host: &str) {
    let Ok(field) = HeaderValue::from_str(host) else {
        return;
    };
    parts.headers.insert(HOST, field);
    if parts.uri.authority().is_some()
        && let Ok(authority) = host.parse()
    {
        let mut uri = std::mem::take(&mut parts.uri).into_parts();
        uri.authority = Some(authority);
        parts.uri = Uri::from_parts(uri).expect("it had an authority before");
    }
}

/// The bytes of a registered name: unreserved and sub-delims. Percent-encoding, which RFC 3986 allows for
/// other than ASCII names, is refused: DNS does not have it, and `%65xample.org` would be ambiguous.
const IS_NAME_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~!$&'()*+,;=";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_name_and_an_optional_port() {
        for (text, name, port) in [
            ("example.org", "example.org", None),
            ("example.org:8000", "example.org", Some(8000)),
            ("example.org:", "example.org", None),
            ("a:65535", "a", Some(65535)),
            ("example.org:000080", "example.org", Some(80)),
            ("[::1]:80", "[::1]", Some(80)),
            ("127.0.0.1", "127.0.0.1", None),
        ] {
            assert_eq!(Host::parse(text), Some(Host { name, port }), "{text}");
            assert!(Host::is_valid(text.as_bytes()), "{text}");
        }
        for bad in [
            "", ".", ".:80", ":80", "a%62", "a b", "a/b", "user@a", "a:b", "a:1:2", "a:70000",
            "a:65536", "a:+1", "a:1a", "[::1", "[x]", "[::1]80", "é", "a\\b", "a?b", "a#b",
        ] {
            assert_eq!(Host::parse(bad), None, "{bad}");
            assert!(!Host::is_valid(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_leading_dot_matches_subdomains() {
        let matches = |name: &str, pattern: &str| {
            Host::parse(name)
                .unwrap()
                .matches_any(&[pattern.to_owned()])
        };
        assert!(matches("Example.org:80", "example.org"));
        assert!(!matches("www.example.org", "example.org"));
        assert!(matches("www.example.ORG", ".example.org"));
        assert!(matches("example.org", ".example.org"));
        assert!(!matches("badexample.org", ".example.org"));
    }

    #[test]
    fn the_root_dot_is_ignored() {
        let matches = |name: &str, pattern: &str| {
            Host::parse(name)
                .unwrap()
                .matches_any(&[pattern.to_owned()])
        };
        assert!(matches("example.org.", "example.org"));
        assert!(matches("example.org", "example.org."));
        assert!(matches("www.example.org.", ".example.org"));
        assert!(matches("www.example.org", ".example.org."));
        assert!(!matches("example.org..", "example.org"));
        assert!(!matches("example.org.", "."));
        assert!(!matches("example.org", ""));
    }
}
