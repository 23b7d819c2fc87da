//! Heads of HTTP/1: which of them can be read in two ways, however the bytes are cut into reads.
#![no_main]

use libfuzzer_sys::fuzz_target;

use self::head::Heads;

#[path = "../../crates/resourceful/src/serve/head.rs"]
#[allow(dead_code)]
mod head;

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
        assert_eq!(look(bytes, step.max(1)), expected, "in reads of {step}");
    }
});

/// The read in which the first ambiguous head ends, found by its bytes: how many heads end before
/// it, and where it ends.
fn look(bytes: &[u8], step: usize) -> Option<(u32, usize)> {
    let mut heads = Heads::default();
    let mut start = 0;
    for part in bytes.chunks(step) {
        let end = start + part.len();
        if let Some(plain) = heads.read(part).or_else(|| heads.settle()) {
            let all = Reader::default();
            let (before, at) = all.read(bytes).expect("nothing is ambiguous here");
            assert!(start < at && at <= end, "{at} is not in {start}..{end}");
            let seen = Reader::default().count(&bytes[..start]);
            assert_eq!(seen + plain, before);
            return Some((before, at));
        }
        start = end;
    }
    None
}

/// Reads a connection from its first byte to its last, a byte at a time.
#[derive(Default)]
struct Reader {
    at: usize,
    plain: u32,
    /// Of the last head, with its first and its empty one.
    lines: usize,
}

impl Reader {
    /// How many heads are plain before the first that is not, and where that ends.
    fn read(mut self, bytes: &[u8]) -> Option<(u32, usize)> {
        self.run(bytes)?.then_some((self.plain, self.at))
    }

    fn count(mut self, bytes: &[u8]) -> u32 {
        let _ = self.run(bytes);
        self.plain
    }

    /// Is there an ambiguous head? `None` where the bytes end.
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

    /// How many fields of the first head are left when those are not that somebody may leave out, and
    /// how long its body is.
    fn first_request(mut self, bytes: &[u8]) -> Option<(usize, Option<u64>)> {
        let (lengths, encodings) = self.head(bytes)?;
        let lines = self.lines - 2;
        Some(match (&lengths[..], encodings) {
            ([], 0) => (lines, Some(0)),
            ([length, others @ ..], 0) => (lines - others.len(), Some((*length)?)),
            (lengths, _) => (lines - lengths.len(), None),
        })
    }

    /// The lengths of a head, and how many encodings it has.
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
                // More than anybody means by a length.
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

    /// Passes over a chunked body. What is none ends nowhere, or somewhere: hyper refuses it.
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
        // Trailers: lines that CRLF ends, and LF alone does not.
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
