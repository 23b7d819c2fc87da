//! HTTP/1 heads: ambiguous ones are found for any split into reads.
#![no_main]

use libfuzzer_sys::fuzz_target;

use self::http1_framing::Heads;

#[path = "../../crates/resourceful/src/server/http1_framing.rs"]
#[allow(dead_code)]
mod http1_framing;

fuzz_target!(|input: &[u8]| {
    let Some((&step, bytes)) = input.split_first() else {
        return;
    };
    let expected = Reader::default().read(bytes);
    if let Some((fields, body)) = Reader::default().first_request(bytes) {
        let mut heads = Heads::default();
        let plain = heads.read(bytes).or_else(|| heads.request(fields, body));
        assert_eq!(plain, expected.map(|(plain, _)| plain), "of a request");
    }
    for step in [bytes.len(), 1, usize::from(step)] {
        assert_eq!(
            find_ambiguous(bytes, step.max(1)),
            expected,
            "in reads of {step}"
        );
    }
});

/// Returns the number of heads before the first ambiguous one, and its end, found by chunks of
/// `step` bytes.
fn find_ambiguous(bytes: &[u8], step: usize) -> Option<(u32, usize)> {
    let mut heads = Heads::default();
    let mut start = 0;
    for part in bytes.chunks(step) {
        let end = start + part.len();
        if let Some(plain) = heads.read(part).or_else(|| heads.settle()) {
            let all = Reader::default();
            let (before, at) = all.read(bytes).expect("no head is ambiguous");
            assert!(start < at && at <= end, "{at} is not in {start}..{end}");
            let seen = Reader::default().count(&bytes[..start]);
            assert_eq!(seen + plain, before);
            return Some((before, at));
        }
        start = end;
    }
    None
}

/// Reference parser of a connection.
#[derive(Default)]
struct Reader {
    at: usize,
    plain: u32,
    /// Lines of the last head, including the first and the empty one.
    lines: usize,
}

impl Reader {
    /// Number of unambiguous heads before the first ambiguous one, and its end.
    fn read(mut self, bytes: &[u8]) -> Option<(u32, usize)> {
        self.run(bytes)?.then_some((self.plain, self.at))
    }

    fn count(mut self, bytes: &[u8]) -> u32 {
        let _ = self.run(bytes);
        self.plain
    }

    /// Returns whether a head is ambiguous; `None` at the end of the bytes.
    fn run(&mut self, bytes: &[u8]) -> Option<bool> {
        loop {
            let (lengths, encodings) = self.head(bytes)?;
            match (&lengths[..], encodings) {
                ([], 0) => {}
                ([Some(length)], 0) => {
                    let length = usize::try_from(*length).ok();
                    self.at = self.at.checked_add(length?)?;
                }
                ([], 1) => {
                    self.plain += 1;
                    self.chunks(bytes)?;
                    continue;
                }
                _ => return Some(true),
            }
            self.plain += 1;
        }
    }

    /// Number of fields of the first head without those that a parser may drop, and the length of its
    /// body.
    fn first_request(mut self, bytes: &[u8]) -> Option<(usize, Option<u64>)> {
        let (lengths, encodings) = self.head(bytes)?;
        let lines = self.lines - 2;
        Some(match (&lengths[..], encodings) {
            ([], 0) => (lines, Some(0)),
            ([length, others @ ..], 0) => (lines - others.len(), Some((*length)?)),
            (lengths, _) => (lines - lengths.len(), None),
        })
    }

    /// Values of `Content-Length` in a head, and the number of `Transfer-Encoding`.
    fn head(&mut self, bytes: &[u8]) -> Option<(Vec<Option<u64>>, u32)> {
        let (mut lengths, mut encodings, mut is_begun) = (Vec::new(), 0, false);
        self.lines = 0;
        loop {
            let line = self.line(bytes)?;
            self.lines += usize::from(is_begun);
            if line.is_empty() || line == b"\r" {
                if is_begun {
                    return Some((lengths, encodings));
                }
                continue;
            }
            self.lines += usize::from(!is_begun);
            is_begun = true;
            let text = String::from_utf8_lossy(line).to_ascii_lowercase();
            if let Some(value) = text.strip_prefix("content-length:") {
                let value = value.trim_matches([' ', '\t', '\r', '\x0C']);
                let is_number = value.chars().all(|digit| digit.is_ascii_digit());
                // A longer line is not a valid length.
                let is_short = line.len() < 64;
                lengths.push(value.parse().ok().filter(|_| is_number && is_short));
            }
            encodings += u32::from(text.starts_with("transfer-encoding:"));
        }
    }

    fn line<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let rest = bytes.get(self.at..)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        self.at += end + 1;
        Some(&rest[..end])
    }

    /// Skips a chunked body. Invalid bodies do not matter, because hyper refuses them.
    fn chunks(&mut self, bytes: &[u8]) -> Option<()> {
        loop {
            let line = self.line(bytes)?;
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
            let digits: String = digits.map(|byte| char::from(*byte)).collect();
            let size = match digits.trim_start_matches('0') {
                "" => 0,
                digits => u64::from_str_radix(digits, 16).ok()?,
            };
            if size == 0 {
                break;
            }
            let size = usize::try_from(size).ok()?;
            self.at = self.at.checked_add(size)?.checked_add(2)?;
        }
        // Trailers: lines end with CRLF, not with LF alone.
        loop {
            let rest = bytes.get(self.at..)?;
            let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
            self.at += end + 2;
            if rest[..end].iter().all(|byte| *byte == b'\r') {
                return Some(());
            }
        }
    }
}
