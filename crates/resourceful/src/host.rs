//! The host of a request (RFC 9110 section 7.2): which of a server's names was asked.

use std::net::Ipv6Addr;

use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::uri::Authority;
use http::{Uri, Version};

/// `name[:port]` in its parts; the name as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'h> {
    pub(crate) name: &'h str,
    pub(crate) port: Option<u16>,
}

impl<'h> Host<'h> {
    /// Can it be parsed? Most are names, which need only a look at each byte.
    pub(crate) fn is_valid(bytes: &'h [u8]) -> bool {
        // No branch for each byte.
        let is_name = bytes.iter().fold(true, |is_name, byte| {
            is_name & IS_OF_A_NAME[usize::from(*byte)]
        });
        if is_name && !matches!(bytes, b"" | b".") {
            return true;
        }
        std::str::from_utf8(bytes).is_ok_and(|text| Self::parse(text).is_some())
    }

    /// `None` where RFC 3986 section 3.2 knows no such host, and for an empty one, which no http
    /// URI may have (RFC 9110 section 4.2.1).
    pub(crate) fn parse(text: &'h str) -> Option<Self> {
        let (name, port) = if text.starts_with('[') {
            let end = text.find(']')?;
            text[1..end].parse::<Ipv6Addr>().ok()?;
            (&text[..=end], &text[end + 1..])
        } else {
            let end = text.find(':').unwrap_or(text.len());
            let name = &text[..end];
            let mut bytes = name.bytes();
            if without_root(name).is_empty() || !bytes.all(|byte| IS_OF_A_NAME[usize::from(byte)]) {
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

    /// Is it one of those? A pattern is a name in any letter case, or with a dot before it also
    /// every name below it.
    pub(crate) fn is_one_of(self, patterns: &[String]) -> bool {
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

/// The answer to a request of which [`is_one`] is not true.
pub(crate) const NOT_ONE: &str =
    "The target and the Host field must name the same valid host, once.";

/// Has the request one host, a valid one, which is the same in its target and its `Host`?
///
/// RFC 9112 section 3.2 and RFC 9113 section 8.3.1: both protocols can name it in both places, and
/// a proxy may have read the other one.
pub(crate) fn is_one(parts: &Parts) -> bool {
    let headers = &parts.headers;
    // Nearly always the first: found sooner than its name is hashed.
    let field = headers.iter().find(|(name, _)| *name == HOST);
    let field = field.map(|(_, field)| field);
    // Where no field is there twice, this one is not.
    if headers.len() != headers.keys_len() && headers.get_all(HOST).iter().nth(1).is_some() {
        return false;
    }
    match (field, parts.uri.authority()) {
        (Some(field), None) => Host::is_valid(field.as_bytes()),
        (Some(field), Some(authority)) => is_same(field, authority, &parts.uri),
        // HTTP/1.1 always has a field; HTTP/1.0 knew none.
        (None, Some(authority)) => {
            parts.version != Version::HTTP_11 && Host::is_valid(authority.as_str().as_bytes())
        }
        (None, None) => parts.version < Version::HTTP_11,
    }
}

/// Normalised (RFC 3986 section 6.2): letter case, the port of the scheme, the dot of the root.
fn is_same(field: &HeaderValue, authority: &Authority, uri: &Uri) -> bool {
    let field = field.to_str().ok().and_then(Host::parse);
    let (Some(field), Some(named)) = (field, Host::parse(authority.as_str())) else {
        return false;
    };
    let usual = match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    };
    is_same_name(field.name, named.name) && field.port.or(usual) == named.port.or(usual)
}

pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    let (one, other) = (without_root(one), without_root(other));
    one.eq_ignore_ascii_case(other) || ipv6(one).is_some_and(|address| Some(address) == ipv6(other))
}

fn ipv6(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// `example.org.` is `example.org`: its last dot is the root's (RFC 1034 section 3.1).
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// What is handed on names this host wherever it names one.
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

/// What a registered name may consist of: unreserved and sub-delims. Not percent-encodings, which
/// RFC 3986 has for names that are not ASCII: DNS has none, and `%65xample.org` would be two hosts.
const IS_OF_A_NAME: [bool; 256] = {
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
    fn hosts_have_a_name_and_perhaps_a_port() {
        for (text, name, port) in [
            ("example.org", "example.org", None),
            ("example.org:8000", "example.org", Some(8000)),
            ("example.org:", "example.org", None),
            ("[::1]:80", "[::1]", Some(80)),
            ("127.0.0.1", "127.0.0.1", None),
        ] {
            assert_eq!(Host::parse(text), Some(Host { name, port }), "{text}");
        }
        for bad in [
            "", ".", ".:80", ":80", "a%62", "a b", "a/b", "user@a", "a:b", "a:1:2", "a:70000",
            "a:+1", "[::1", "[x]", "[::1]80", "é", "a\\b", "a?b", "a#b",
        ] {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_dot_before_a_name_means_all_below_it() {
        let is_one =
            |name: &str, pattern: &str| Host::parse(name).unwrap().is_one_of(&[pattern.to_owned()]);
        assert!(is_one("Example.org:80", "example.org"));
        assert!(!is_one("www.example.org", "example.org"));
        assert!(is_one("www.example.ORG", ".example.org"));
        assert!(is_one("example.org", ".example.org"));
        assert!(!is_one("badexample.org", ".example.org"));
    }

    #[test]
    fn the_dot_of_the_root_is_no_difference() {
        let is_one =
            |name: &str, pattern: &str| Host::parse(name).unwrap().is_one_of(&[pattern.to_owned()]);
        assert!(is_one("example.org.", "example.org"));
        assert!(is_one("example.org", "example.org."));
        assert!(is_one("www.example.org.", ".example.org"));
        assert!(is_one("www.example.org", ".example.org."));
        assert!(!is_one("example.org..", "example.org"));
        assert!(!is_one("example.org.", "."));
        assert!(!is_one("example.org", ""));
    }
}
