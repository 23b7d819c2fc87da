//! What hyper does not say of a head: whether it can be read in two ways.
//!
//! Of `Content-Length` beside `Transfer-Encoding`, and of a `Content-Length` that is there twice,
//! hyper takes one and drops the other, as RFC 9112 section 6.3 allows. A proxy in front of us may
//! have taken the other: that is how requests are smuggled. Of a target with a fragment, which none
//! may have (RFC 9112 section 3.2), it drops the fragment: `/a#/../b` would be `/a`. So the bytes of heads are counted: those
//! that are one request, of which hyper has left nothing out, need not be looked at.

use std::cell::Cell;

use memchr::{memchr, memchr_iter};

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";

/// So much of a line is kept when it comes in parts. A length that has no room in it is none.
const KEPT: usize = 64;

thread_local! {
    /// Where a connection keeps what it has read until hyper has made a request of it, in the same
    /// turn: one page for all connections of a thread.
    static PAGE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What is longer is looked at when it comes.
const LONGEST_PAGE: usize = 4 * 1024;

/// Follows what a client sends, and counts in each head the fields that say how long a body is.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// What was read and has not been looked at.
    page: Vec<u8>,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    has_line: bool,
    /// The bytes of the request line that have come.
    request_line: usize,
    has_fragment: bool,
    lengths: u32,
    encodings: u32,
    /// What the length is, where it can be read.
    length: Option<u64>,
    body: Body,
}

/// What is left of the body behind a head: the next head follows it, often in the same read.
#[derive(Debug, Default)]
enum Body {
    #[default]
    None,
    Sized(u64),
    Chunked(Chunk),
    /// It cannot be told where it ends; no next request is served.
    Endless,
}

/// Where in a chunked body (RFC 9112 section 7.1). What is no such body is refused by hyper.
#[derive(Debug)]
enum Chunk {
    Size(u64),
    Extension(u64),
    /// With the line end behind it.
    Data(u64),
    Trailer {
        is_empty: bool,
        /// Is the byte before a CR? hyper takes no LF alone for the end of a trailer.
        has_cr: bool,
    },
}

impl Heads {
    /// Something was read. How many heads of what is looked at, before the first that is ambiguous,
    /// are plain? `None` when all are.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<u32> {
        if self.awaits_head() && (1..=LONGEST_PAGE).contains(&bytes.len()) {
            self.page = PAGE.take();
            self.page.extend_from_slice(bytes);
            return None;
        }
        self.settle().or_else(|| self.look(bytes))
    }

    /// hyper has made a request of what was read, with so many fields and a target that ends at
    /// this byte; how long its body is, it knows or does not.
    #[inline]
    pub(super) fn request(
        &mut self,
        target_end: usize,
        fields: usize,
        body: Option<u64>,
    ) -> Option<u32> {
        if is_one_request(&self.page, target_end, fields, body) {
            give_back(&mut self.page);
            return None;
        }
        self.settle()
    }

    /// Looks at what was read before this connection has to wait.
    #[inline]
    pub(super) fn settle(&mut self) -> Option<u32> {
        if self.page.is_empty() {
            return None;
        }
        let mut page = std::mem::take(&mut self.page);
        let plain = self.look(&page);
        give_back(&mut page);
        plain
    }

    /// The bytes of the request line that came last, as far as it came.
    pub(super) fn request_line(&self) -> usize {
        self.request_line
    }

    /// Has nothing of the next head come yet?
    fn awaits_head(&self) -> bool {
        let is_between = matches!(self.body, Body::None) && !self.has_line;
        is_between && self.line.is_empty() && self.page.is_empty()
    }

    fn look(&mut self, mut bytes: &[u8]) -> Option<u32> {
        let mut plain = 0;
        loop {
            bytes = self.body.skip(bytes);
            bytes = &bytes[self.end_of_head(bytes)?..];
            let head = std::mem::take(self);
            self.request_line = head.request_line;
            self.body = match (head.lengths, head.encodings, head.length) {
                _ if head.has_fragment => Body::Endless,
                (0, 0, _) => Body::None,
                (1, 0, Some(length)) => Body::Sized(length),
                (0, 1, _) => Body::Chunked(Chunk::Size(0)),
                _ => Body::Endless,
            };
            if let Body::Endless = self.body {
                return Some(plain);
            }
            plain += 1;
        }
    }

    /// Where the head ends, if it does so in these bytes.
    fn end_of_head(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for end in memchr_iter(b'\n', bytes) {
            let line = &bytes[start..end];
            start = end + 1;
            self.look_at_request_line(line);
            let is_end = if self.line.is_empty() {
                self.note(line)
            } else {
                let mut whole = std::mem::take(&mut self.line);
                keep(&mut whole, line);
                self.note(&whole)
            };
            if is_end {
                return Some(start);
            }
        }
        self.look_at_request_line(&bytes[start..]);
        keep(&mut self.line, &bytes[start..]);
        None
    }

    /// It has these bytes, unless it has ended.
    fn look_at_request_line(&mut self, bytes: &[u8]) {
        if self.has_line || bytes.is_empty() {
            return;
        }
        if self.line.is_empty() {
            self.request_line = 0;
        }
        self.request_line += bytes.len();
        self.has_fragment |= memchr(b'#', bytes).is_some();
    }

    /// Is this line the end of a head?
    fn note(&mut self, line: &[u8]) -> bool {
        match line.first() {
            // Empty lines before a head are not its end (RFC 9112 section 2.2).
            None | Some(b'\r') if line.len() < 2 => return self.has_line,
            // The byte that tells it from `Content-Type` first.
            Some(b'c' | b'C')
                if line.get(8).is_some_and(|byte| byte | 32 == b'l')
                    && begins_with(line, CONTENT_LENGTH) =>
            {
                self.lengths += 1;
                let value = (line.len() < KEPT).then(|| &line[CONTENT_LENGTH.len()..]);
                self.length = value.and_then(length);
            }
            Some(b't' | b'T') => self.encodings += u32::from(begins_with(line, TRANSFER_ENCODING)),
            _ => {}
        }
        self.has_line = true;
        false
    }
}

impl Body {
    /// What comes after it.
    fn skip<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        loop {
            match self {
                Self::None => return bytes,
                Self::Endless => return &[],
                Self::Sized(left) | Self::Chunked(Chunk::Data(left)) => {
                    bytes = skip(bytes, left);
                    if *left > 0 {
                        return bytes;
                    }
                    *self = match self {
                        Self::Sized(_) => Self::None,
                        _ => Self::Chunked(Chunk::Size(0)),
                    };
                }
                Self::Chunked(chunk) => {
                    let Some((&byte, rest)) = bytes.split_first() else {
                        return bytes;
                    };
                    bytes = rest;
                    *self = chunk.after(byte);
                }
            }
        }
    }
}

impl Chunk {
    /// What follows a byte that is not data.
    fn after(&self, byte: u8) -> Body {
        Body::Chunked(match (self, byte) {
            (Self::Size(0) | Self::Extension(0), b'\n') => Self::Trailer {
                is_empty: true,
                has_cr: false,
            },
            (Self::Size(size) | Self::Extension(size), b'\n') => Self::Data(size.saturating_add(2)),
            (Self::Extension(size), _) => Self::Extension(*size),
            (Self::Size(size), _) => match char::from(byte).to_digit(16) {
                None => Self::Extension(*size),
                Some(_) if size.leading_zeros() < 4 => return Body::Endless,
                Some(digit) => Self::Size(size << 4 | u64::from(digit)),
            },
            (Self::Trailer { is_empty, .. }, b'\r') => Self::Trailer {
                is_empty: *is_empty,
                has_cr: true,
            },
            (
                Self::Trailer {
                    has_cr: true,
                    is_empty,
                },
                b'\n',
            ) => {
                if *is_empty {
                    return Body::None;
                }
                Self::Trailer {
                    is_empty: true,
                    has_cr: false,
                }
            }
            (Self::Trailer { .. } | Self::Data(_), _) => Self::Trailer {
                is_empty: false,
                has_cr: false,
            },
        })
    }
}

/// Are they one request to its last byte, and is each of its lines one of the fields?
///
/// No head has an empty line before its end, but for those it may begin with. So what ends with one
/// is a head, and perhaps more; and with no more lines than hyper has fields of it, it is no more, and
/// none of its fields was left out. Where a space follows what hyper has of the target, nothing of
/// that was left out either: no target has a space.
fn is_one_request(bytes: &[u8], target_end: usize, fields: usize, body: Option<u64>) -> bool {
    let length = body.and_then(|body| usize::try_from(body).ok());
    let head = length.and_then(|length| bytes.len().checked_sub(length));
    let head = &bytes[..head.unwrap_or(0)];
    head.ends_with(b"\r\n\r\n")
        && !matches!(head[0], b'\r' | b'\n')
        && head.get(target_end) == Some(&b' ')
        && lines(head) == fields + 2
}

/// Counted in bytes, so that the compiler counts many at once.
fn lines(bytes: &[u8]) -> usize {
    let newlines = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    let parts = bytes.chunks(usize::from(u8::MAX)).map(newlines);
    parts.map(usize::from).sum()
}

fn give_back(page: &mut Vec<u8>) {
    page.clear();
    PAGE.set(std::mem::take(page));
}

/// Passes over `left` bytes, or as many as there are.
fn skip<'b>(bytes: &'b [u8], left: &mut u64) -> &'b [u8] {
    let passed = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= passed as u64;
    &bytes[passed..]
}

fn keep(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEPT.saturating_sub(line.len());
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// As hyper reads it: digits alone.
fn length(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
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
        let at_once = settled(&mut Heads::default(), text.as_bytes());
        let mut heads = Heads::default();
        let is_ambiguous = text
            .bytes()
            .any(|byte| settled(&mut heads, &[byte]).is_some());
        assert_eq!(is_ambiguous, at_once.is_some(), "{text:?}");
        at_once
    }

    fn settled(heads: &mut Heads, bytes: &[u8]) -> Option<u32> {
        heads.read(bytes).or_else(|| heads.settle())
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
    fn a_target_has_no_fragment() {
        let long = format!("/{}", "a".repeat(100));
        for target in [
            "/a#b",
            "/#",
            "#",
            "/a?b#c",
            "http://x#b",
            &format!("{long}#"),
        ] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
            assert_eq!(look(&head), Some(0), "{target}");
            assert_eq!(look(&format!("{PLAIN}\r\n{head}")), Some(1), "{target}");
            assert_eq!(requested(&head, 1, Some(0)), Some(0), "{target}");
        }
        let plain = "GET / HTTP/1.1\r\nHost: x\r\nReferer: /#\r\n\r\n";
        assert_eq!(look(plain), None);
        assert_eq!(requested(plain, 2, Some(0)), None);
    }

    #[test]
    fn the_request_line_is_measured() {
        let line = format!("GET /{} HTTP/1.1\r", "a".repeat(100));
        for (text, length) in [
            (format!("{PLAIN}\r\n{}", &line[..90]), 90),
            (format!("{PLAIN}{line}\nHost: x\r\n"), line.len()),
            (format!("{line}\nHost: x\r\n\r\n"), line.len()),
        ] {
            let mut heads = Heads::default();
            for part in text.as_bytes().chunks(7) {
                settled(&mut heads, part);
            }
            assert_eq!(heads.request_line(), length, "{text:?}");
        }
    }

    #[test]
    fn a_body_is_not_a_head() {
        let body = "Content-Length: 5\r\nContent-Length: 5\r\n\r\n";
        let head = format!("PUT / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
        assert_eq!(look(&format!("{head}{body}{PLAIN}")), None);
        let size = body.len();
        let head = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunked = format!("{head}{size:x};x\r\n{body}\r\n0\r\nA: b\r\n\r\n{PLAIN}");
        assert_eq!(look(&chunked), None);
    }

    /// Neither a body nor a read hides it.
    #[test]
    fn what_comes_behind_a_body_is_a_head() {
        let twice = "PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n";
        for before in [
            "Content-Length: 1\r\n\r\na",
            "Content-Length: 0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\nc\r\n\r\n",
        ] {
            assert_eq!(look(&format!("PUT / HTTP/1.1\r\n{before}{twice}")), Some(1));
        }
    }

    #[test]
    fn a_length_that_is_none_is_ambiguous() {
        for value in ["", "x", "5, 5", "18446744073709551616", &"0".repeat(60)] {
            let head = format!("PUT / HTTP/1.1\r\nContent-Length: {value}\r\n\r\n");
            assert_eq!(look(&head), Some(0), "{value}");
        }
    }

    /// Where the target of the first request ends to hyper, which drops the fragment and knows scheme and
    /// host apart from the path.
    fn target_end(text: &str) -> usize {
        let mut words = text.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let path = target.split('#').next().unwrap();
        let path = path.strip_prefix("http://x").unwrap_or(path);
        method.len() + 1 + path.len()
    }

    /// What hyper tells of the first request of it; the next read is plain.
    fn requested(text: &str, fields: usize, body: Option<u64>) -> Option<u32> {
        let mut heads = Heads::default();
        let read = heads.read(text.as_bytes());
        let plain = read.or_else(|| heads.request(target_end(text), fields, body));
        if plain.is_none() {
            assert!(heads.awaits_head(), "{text:?}");
        }
        plain
    }

    #[test]
    fn one_request_need_not_be_looked_at() {
        assert_eq!(requested(PLAIN, 1, Some(0)), None);
        let sized = "PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\n";
        assert_eq!(requested(sized, 1, Some(2)), None);
        let is_one =
            |text: &str, body| is_one_request(text.as_bytes(), target_end(text), 1, Some(body));
        assert!(is_one(PLAIN, 0));
        assert!(is_one(sized, 2));
        assert!(!is_one(&PLAIN.replacen(" HTTP", "#a HTTP", 1), 0));
        for (other, body) in [
            (&format!("{PLAIN}{PLAIN}")[..], 0),
            (&format!("\r\n{PLAIN}"), 0),
            (&format!("{sized}G"), 2),
            (&sized[..sized.len() - 1], 2),
        ] {
            assert!(!is_one(other, body), "{other:?}");
        }
        assert!(!is_one_request(b"", 0, 0, Some(0)));
    }

    /// Whatever is left out elsewhere, or is so long that what is there could be taken for it.
    #[test]
    fn a_field_that_hyper_leaves_out_is_missed() {
        let twice = "PUT / HTTP/1.1\r\nA:b\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(requested(twice, 2, Some(2)), Some(0));
        assert_eq!(requested(&format!("{twice}ab"), 2, Some(2)), Some(0));
        let length = twice.len() - 6;
        let begun = format!("\r\n\r\n\r\n{twice}").replace('2', &length.to_string());
        assert_eq!(requested(&begun, 1, Some(begun.len() as u64 - 6)), Some(0));
        let both = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(requested(both, 1, None), Some(0));
    }
}
