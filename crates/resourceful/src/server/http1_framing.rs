//! Finds HTTP/1 heads that can be read in two ways: request smuggling.
//!
//! If a head has `Content-Length` and `Transfer-Encoding`, or `Content-Length` twice, hyper takes
//! one field and drops the other, as RFC 9112 section 6.3 allows. A proxy in front of the server
//! may have taken the other one. A target must not have a fragment (RFC 9112 section 3.2); hyper
//! drops it, so that `/a#/../b` would be `/a`. hyper does not report either, so the bytes of heads
//! are checked here. The common case is cheap: if the bytes are one request and hyper has kept each
//! of its fields, they need no scan.

use std::cell::Cell;

use memchr::{memchr, memchr_iter};

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";

/// The number of bytes kept of a line that comes in several reads. A `Content-Length` that is longer
/// is invalid.
const MAX_KEPT: usize = 64;

thread_local! {
    /// Holds the bytes of a read until hyper has parsed them in the same poll. All connections of a
    /// thread share this buffer.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A longer read is scanned at once.
const MAX_BUFFERED: usize = 4 * 1024;

/// Follows the bytes of a connection and counts in each head the fields that frame the body.
#[derive(Debug, Default)]
pub(super) struct FramingCheck {
    /// Bytes that were read but not scanned yet.
    buffer: Vec<u8>,
    /// The start of a line whose end was not read yet.
    line: Vec<u8>,
    /// Was the request line read?
    has_line: bool,
    /// The length of the request line, as far as it was read.
    request_line: usize,
    has_fragment: bool,
    /// Number of `Content-Length` fields.
    lengths: u32,
    /// Number of `Transfer-Encoding` fields.
    encodings: u32,
    /// The value of `Content-Length`, if it is valid.
    length: Option<u64>,
    body: Body,
}

/// The rest of the body behind a head. The next head follows it, often in the same read.
#[derive(Debug, Default)]
enum Body {
    #[default]
    None,
    Sized(u64),
    Chunked(Chunk),
    /// Its end is unknown; no next request is served.
    Unknown,
}

/// The position in a chunked body (RFC 9112 section 7.1). hyper refuses malformed ones.
#[derive(Debug)]
enum Chunk {
    Size(u64),
    Extension(u64),
    /// The bytes that are left, with the line end behind them.
    Data(u64),
    Trailer {
        is_empty: bool,
        /// Is the previous byte a CR? hyper does not take LF alone for the end of a trailer.
        has_cr: bool,
    },
}

impl FramingCheck {
    /// Returns the number of plain heads before the first ambiguous one in the bytes that this call
    /// scans. `None` if no head is ambiguous.
    #[inline]
    pub(super) fn bytes_read(&mut self, bytes: &[u8]) -> Option<u32> {
        if self.awaits_head() && (1..=MAX_BUFFERED).contains(&bytes.len()) {
            self.buffer = BUFFER.take();
            self.buffer.extend_from_slice(bytes);
            return None;
        }
        self.check_buffered().or_else(|| self.scan(bytes))
    }

    /// Called after hyper has parsed a request. `target_end` is the end of its target in bytes,
    /// `fields` the number of its header fields, `body` the length of its body, if known. The
    /// result is that of [`bytes_read`](Self::bytes_read).
    #[inline]
    pub(super) fn request_parsed(
        &mut self,
        target_end: usize,
        fields: usize,
        body: Option<u64>,
    ) -> Option<u32> {
        if is_one_request(&self.buffer, target_end, fields, body) {
            give_back(&mut self.buffer);
            return None;
        }
        self.check_buffered()
    }

    /// Scans the buffered bytes, before the connection waits. The result is that of
    /// [`bytes_read`](Self::bytes_read).
    #[inline]
    pub(super) fn check_buffered(&mut self) -> Option<u32> {
        if self.buffer.is_empty() {
            return None;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let plain = self.scan(&buffer);
        give_back(&mut buffer);
        plain
    }

    /// The length of the last request line, as far as it was read.
    pub(super) fn request_line_len(&self) -> usize {
        self.request_line
    }

    /// Is no byte of the next head read?
    fn awaits_head(&self) -> bool {
        let is_between = matches!(self.body, Body::None) && !self.has_line;
        is_between && self.line.is_empty() && self.buffer.is_empty()
    }

    fn scan(&mut self, mut bytes: &[u8]) -> Option<u32> {
        let mut plain = 0;
        loop {
            bytes = self.body.skip(bytes);
            bytes = &bytes[self.end_of_head(bytes)?..];
            let head = std::mem::take(self);
            self.request_line = head.request_line;
            self.body = match (head.lengths, head.encodings, head.length) {
                _ if head.has_fragment => Body::Unknown,
                (0, 0, _) => Body::None,
                (1, 0, Some(length)) => Body::Sized(length),
                (0, 1, _) => Body::Chunked(Chunk::Size(0)),
                _ => Body::Unknown,
            };
            if let Body::Unknown = self.body {
                return Some(plain);
            }
            plain += 1;
        }
    }

    /// The end of the head, if it is in these bytes.
    fn end_of_head(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for end in memchr_iter(b'\n', bytes) {
            let line = &bytes[start..end];
            start = end + 1;
            self.scan_request_line(line);
            let is_end = if self.line.is_empty() {
                self.record_line(line)
            } else {
                let mut joined = std::mem::take(&mut self.line);
                keep(&mut joined, line);
                self.record_line(&joined)
            };
            if is_end {
                return Some(start);
            }
        }
        self.scan_request_line(&bytes[start..]);
        keep(&mut self.line, &bytes[start..]);
        None
    }

    /// Counts these bytes to the request line, unless it has ended.
    fn scan_request_line(&mut self, bytes: &[u8]) {
        if self.has_line || bytes.is_empty() {
            return;
        }
        if self.line.is_empty() {
            self.request_line = 0;
        }
        self.request_line += bytes.len();
        self.has_fragment |= memchr(b'#', bytes).is_some();
    }

    /// Counts the field of a line. Is it the empty line that ends the head?
    fn record_line(&mut self, line: &[u8]) -> bool {
        match line.first() {
            // Empty lines before a head are not its end (RFC 9112 section 2.2).
            None | Some(b'\r') if line.len() < 2 => return self.has_line,
            // The byte that differs from `Content-Type` is compared first.
            Some(b'c' | b'C')
                if line.get(8).is_some_and(|byte| byte | 32 == b'l')
                    && begins_with(line, CONTENT_LENGTH) =>
            {
                self.lengths += 1;
                let value = (line.len() < MAX_KEPT).then(|| &line[CONTENT_LENGTH.len()..]);
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
    /// The bytes after the body.
    fn skip<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        loop {
            match self {
                Self::None => return bytes,
                Self::Unknown => return &[],
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
    /// The position after a byte that is not data.
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
                Some(_) if size.leading_zeros() < 4 => return Body::Unknown,
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

/// Are these bytes exactly one request, and has hyper kept each of its fields?
///
/// A head has no empty line before its end, except at its start. So bytes that end with an empty
/// line are one or more heads; if they have no more lines than hyper has fields, they are one, and
/// hyper has dropped no field. If a space follows the part of the target that hyper kept, hyper has
/// dropped no part of it: no target contains a space.
fn is_one_request(bytes: &[u8], target_end: usize, fields: usize, body: Option<u64>) -> bool {
    let length = body.and_then(|body| usize::try_from(body).ok());
    let head = length.and_then(|length| bytes.len().checked_sub(length));
    let head = &bytes[..head.unwrap_or(0)];
    head.ends_with(b"\r\n\r\n")
        && !matches!(head[0], b'\r' | b'\n')
        && head.get(target_end) == Some(&b' ')
        && lines(head) == fields + 2
}

/// Counts in `u8`, so that the compiler vectorizes it.
fn lines(bytes: &[u8]) -> usize {
    let newlines = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    let parts = bytes.chunks(usize::from(u8::MAX)).map(newlines);
    parts.map(usize::from).sum()
}

fn give_back(buffer: &mut Vec<u8>) {
    buffer.clear();
    BUFFER.set(std::mem::take(buffer));
}

/// Skips `left` bytes, or as many as there are.
fn skip<'b>(bytes: &'b [u8], left: &mut u64) -> &'b [u8] {
    let passed = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= passed as u64;
    &bytes[passed..]
}

fn keep(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = MAX_KEPT.saturating_sub(line.len());
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Parses a `Content-Length` as hyper does: only digits.
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

    /// Scans in one read and byte by byte, which must give the same result.
    fn scan(text: &str) -> Option<u32> {
        let at_once = scan_read(&mut FramingCheck::default(), text.as_bytes());
        let mut check = FramingCheck::default();
        let is_ambiguous = text
            .bytes()
            .any(|byte| scan_read(&mut check, &[byte]).is_some());
        assert_eq!(is_ambiguous, at_once.is_some(), "{text:?}");
        at_once
    }

    fn scan_read(check: &mut FramingCheck, bytes: &[u8]) -> Option<u32> {
        check.bytes_read(bytes).or_else(|| check.check_buffered())
    }

    const PLAIN: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[test]
    fn a_head_with_one_length_is_plain() {
        for rest in [
            "",
            "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "TE: x\r\n",
        ] {
            assert_eq!(
                scan(&format!("\r\nPUT / HTTP/1.1\r\nHost: x\r\n{rest}\r\n")),
                None
            );
        }
    }

    #[test]
    fn a_head_with_two_lengths_is_ambiguous() {
        for rest in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "content-length: 5\r\nX: y\r\nTRANSFER-ENCODING: chunked\r\n",
            "Transfer-Encoding: chunked\nContent-Length: 5\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            let head = format!("PUT / HTTP/1.1\r\nHost: x\r\n{rest}\r\n");
            assert_eq!(scan(&head), Some(0), "{head}");
            assert_eq!(scan(&format!("{PLAIN}{PLAIN}{head}")), Some(2), "{head}");
        }
    }

    #[test]
    fn a_target_with_a_fragment_is_ambiguous() {
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
            assert_eq!(scan(&head), Some(0), "{target}");
            assert_eq!(scan(&format!("{PLAIN}\r\n{head}")), Some(1), "{target}");
            assert_eq!(parse_first(&head, 1, Some(0)), Some(0), "{target}");
        }
        let plain = "GET / HTTP/1.1\r\nHost: x\r\nReferer: /#\r\n\r\n";
        assert_eq!(scan(plain), None);
        assert_eq!(parse_first(plain, 2, Some(0)), None);
    }

    #[test]
    fn the_request_line_is_measured() {
        let line = format!("GET /{} HTTP/1.1\r", "a".repeat(100));
        for (text, length) in [
            (format!("{PLAIN}\r\n{}", &line[..90]), 90),
            (format!("{PLAIN}{line}\nHost: x\r\n"), line.len()),
            (format!("{line}\nHost: x\r\n\r\n"), line.len()),
        ] {
            let mut check = FramingCheck::default();
            for part in text.as_bytes().chunks(7) {
                scan_read(&mut check, part);
            }
            assert_eq!(check.request_line_len(), length, "{text:?}");
        }
    }

    #[test]
    fn a_body_is_not_a_head() {
        let body = "Content-Length: 5\r\nContent-Length: 5\r\n\r\n";
        let head = format!("PUT / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
        assert_eq!(scan(&format!("{head}{body}{PLAIN}")), None);
        let size = body.len();
        let head = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunked = format!("{head}{size:x};x\r\n{body}\r\n0\r\nA: b\r\n\r\n{PLAIN}");
        assert_eq!(scan(&chunked), None);
    }

    #[test]
    fn an_ambiguous_head_behind_a_body_is_found() {
        let twice = "PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n";
        for before in [
            "Content-Length: 1\r\n\r\na",
            "Content-Length: 0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\nc\r\n\r\n",
        ] {
            assert_eq!(scan(&format!("PUT / HTTP/1.1\r\n{before}{twice}")), Some(1));
        }
    }

    #[test]
    fn an_invalid_length_is_ambiguous() {
        for value in ["", "x", "5, 5", "18446744073709551616", &"0".repeat(60)] {
            let head = format!("PUT / HTTP/1.1\r\nContent-Length: {value}\r\n\r\n");
            assert_eq!(scan(&head), Some(0), "{value}");
        }
    }

    /// The end of the target of the first request as hyper has it: without the fragment, and without
    /// scheme and host.
    fn target_end(text: &str) -> usize {
        let mut words = text.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let path = target.split('#').next().unwrap();
        let path = path.strip_prefix("http://x").unwrap_or(path);
        method.len() + 1 + path.len()
    }

    /// Reads `text`, of which hyper has parsed the first request.
    fn parse_first(text: &str, fields: usize, body: Option<u64>) -> Option<u32> {
        let mut check = FramingCheck::default();
        let read = check.bytes_read(text.as_bytes());
        let plain = read.or_else(|| check.request_parsed(target_end(text), fields, body));
        if plain.is_none() {
            assert!(check.awaits_head(), "{text:?}");
        }
        plain
    }

    #[test]
    fn exactly_one_request_needs_no_scan() {
        assert_eq!(parse_first(PLAIN, 1, Some(0)), None);
        let sized = "PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\n";
        assert_eq!(parse_first(sized, 1, Some(2)), None);
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

    /// The check works even if hyper drops another field, or empty lines before the head make up
    /// for it.
    #[test]
    fn a_field_that_hyper_drops_is_noticed() {
        let twice = "PUT / HTTP/1.1\r\nA:b\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(parse_first(twice, 2, Some(2)), Some(0));
        assert_eq!(parse_first(&format!("{twice}ab"), 2, Some(2)), Some(0));
        let length = twice.len() - 6;
        let begun = format!("\r\n\r\n\r\n{twice}").replace('2', &length.to_string());
        assert_eq!(
            parse_first(&begun, 1, Some(begun.len() as u64 - 6)),
            Some(0)
        );
        let both = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(parse_first(both, 1, None), Some(0));
    }
}
