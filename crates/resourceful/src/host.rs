//! The `Host` of a request (RFC 9110 section 7.2): which of a server's names was asked.

/// `name[:port]` in its parts; the name as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'h> {
    pub(crate) name: &'h str,
    pub(crate) port: Option<u16>,
}

impl<'h> Host<'h> {
    /// Can it be parsed? Most are names, which need only a look at each byte.
    pub(crate) fn is_valid(bytes: &'h [u8]) -> bool {
        if !bytes.is_empty() && bytes.iter().all(|byte| IS_OF_A_NAME[usize::from(*byte)]) {
            return true;
        }
        std::str::from_utf8(bytes).is_ok_and(|text| Self::parse(text).is_some())
    }

    /// `None` where RFC 3986 section 3.2 knows no such host, and for an empty one, which no http
    /// URI may have (RFC 9110 section 4.2.1).
    pub(crate) fn parse(text: &'h str) -> Option<Self> {
        let (name, port) = if text.starts_with('[') {
            let end = text.find(']')?;
            text[1..end].parse::<std::net::Ipv6Addr>().ok()?;
            (&text[..=end], &text[end + 1..])
        } else {
            let end = text.find(':').unwrap_or(text.len());
            let name = &text[..end];
            let mut bytes = name.bytes();
            if name.is_empty() || !bytes.all(|byte| IS_OF_A_NAME[usize::from(byte)]) {
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
        patterns
            .iter()
            .any(|pattern| match pattern.strip_prefix('.') {
                Some(parent) => {
                    self.name.eq_ignore_ascii_case(parent)
                        || self
                            .name
                            .len()
                            .checked_sub(pattern.len())
                            .and_then(|start| self.name.get(start..))
                            .is_some_and(|end| end.eq_ignore_ascii_case(pattern))
                }
                None => self.name.eq_ignore_ascii_case(pattern),
            })
    }
}

/// What a registered name may consist of: unreserved, percent-encoded and sub-delims.
const IS_OF_A_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~%!$&'()*+,;=";
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
            "", ":80", "a b", "a/b", "user@a", "a:b", "a:1:2", "a:70000", "a:+1", "[::1", "[x]",
            "[::1]80", "é", "a\\b", "a?b", "a#b",
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
}
