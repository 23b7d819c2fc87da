//! What hyper does not say of a head: whether its framing can be read in two ways.
//!
//! Of `Content-Length` beside `Transfer-Encoding`, and of a `Content-Length` that is there twice,
//! hyper takes one and drops the other, as RFC 9112 section 6.3 allows. A proxy in front of us may
//! have taken the other: that is how requests are smuggled. So the bytes of heads are looked at
//! as they come.

use memchr::memchr_iter;

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";
const LONGEST: usize = TRANSFER_ENCODING.len();

/// Counts the fields that say how long a body is.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    has_line: bool,
    lengths: u32,
    encodings: u32,
    /// A body follows, which is not looked into.
    is_past: bool,
}

impl Heads {
    /// The next read begins with a head, or goes on with one.
    pub(super) fn begin(&mut self) {
        if self.is_past {
            *self = Self::default();
        }
    }

    /// Looks at what was read; how many heads of it, before the first that is ambiguous, are
    /// plain? `None` when all are.
    pub(super) fn look(&mut self, bytes: &[u8]) -> Option<u32> {
        let mut plain = 0;
        let mut start = 0;
        for end in memchr_iter(b'\n', bytes) {
            let line = &bytes[start..end];
            start = end + 1;
            let is_end = if self.line.is_empty() {
                self.note(line)
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(&line[..line.len().min(LONGEST)]);
                self.note(&whole)
            };
            if is_end {
                if self.lengths + self.encodings > 1 {
                    return Some(plain);
                }
                if self.lengths + self.encodings > 0 {
                    self.is_past = true;
                    return None;
                }
                self.has_line = false;
                plain += 1;
            }
        }
        let room = LONGEST.saturating_sub(self.line.len());
        let rest = &bytes[start..];
        self.line.extend_from_slice(&rest[..rest.len().min(room)]);
        None
    }

    /// Is this line the end of a head?
    fn note(&mut self, line: &[u8]) -> bool {
        match line.first() {
            // Empty lines before a head are not its end (RFC 9112 section 2.2).
            None | Some(b'\r') if line.len() < 2 => return self.has_line,
            // The byte that tells it from `Content-Type` first.
            Some(b'c' | b'C') if line.get(8).is_some_and(|byte| byte | 32 == b'l') => {
                self.lengths += u32::from(begins_with(line, CONTENT_LENGTH));
            }
            Some(b't' | b'T') => self.encodings += u32::from(begins_with(line, TRANSFER_ENCODING)),
            _ => {}
        }
        self.has_line = true;
        false
    }
}

fn begins_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same in one read and byte by byte.
    fn look(text: &str) -> Option<u32> {
        let at_once = Heads::default().look(text.as_bytes());
        let mut heads = Heads::default();
        let is_ambiguous = text.bytes().any(|byte| heads.look(&[byte]).is_some());
        assert_eq!(is_ambiguous, at_once.is_some(), "{text:?}");
        at_once
    }

    const PLAIN: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[test]
    fn one_way_to_read_it_is_plain() {
        for rest in [
            "",
            "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "TE: x\r\n",
        ] {
            assert_eq!(
                look(&format!("\r\nPUT / HTTP/1.1\r\nHost: x\r\n{rest}\r\n")),
                None
            );
        }
    }

    #[test]
    fn two_ways_to_read_it_are_not() {
        for rest in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "content-length: 5\r\nX: y\r\nTRANSFER-ENCODING: chunked\r\n",
            "Transfer-Encoding: chunked\nContent-Length: 5\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            let head = format!("PUT / HTTP/1.1\r\nHost: x\r\n{rest}\r\n");
            assert_eq!(look(&head), Some(0), "{head}");
            assert_eq!(look(&format!("{PLAIN}{PLAIN}{head}")), Some(2), "{head}");
        }
    }

    #[test]
    fn a_body_is_not_a_head() {
        let body = "Content-Length: 5\r\nContent-Length: 5\r\n\r\n";
        let head = "PUT / HTTP/1.1\r\nContent-Length: 40\r\n\r\n";
        let mut heads = Heads::default();
        assert_eq!(heads.look(format!("{head}{body}").as_bytes()), None);
        heads.begin();
        assert_eq!(heads.look(PLAIN.as_bytes()), None);
    }
}
