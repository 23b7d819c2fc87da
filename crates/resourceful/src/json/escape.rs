//! Writes and escapes JSON strings (RFC 8259 section 7).

#![expect(clippy::inline_always, reason = "measured: see `writer.rs`")]

/// Writes `text` with quotes.
#[inline(never)]
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_contents(out, text);
    out.push(b'"');
}

/// Writes `text` without quotes, escaped if necessary.
#[inline]
pub(super) fn write_contents(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_escaped(out, text.as_bytes());
    }
}

/// Whether no byte needs an escape. Reads eight bytes at a time; the last eight may overlap those before.
#[inline(always)]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
        return is_short_plain(bytes);
    };
    let mut found =
        escape_mask(u64::from_le_bytes(*first)) | escape_mask(u64::from_le_bytes(*last));
    if bytes.len() > 16 {
        for word in bytes[8..].as_chunks().0 {
            found |= escape_mask(u64::from_le_bytes(*word));
        }
    }
    found == 0
}

/// [`is_plain`] for less than eight bytes.
#[inline(always)]
fn is_short_plain(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return escape_mask(u64::from(first) | u64::from(last) << 32) == 0;
    }
    !bytes.iter().any(|byte| needs_escape(*byte))
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// A mask of the bytes that need an escape, 0 if none does. The lowest set bit is in the first such byte.
///
/// `^ 2` turns `"` into 0x20 and moves no other byte across 0x21. So one subtraction finds quotes and
/// bytes below 0x20. A borrow reaches only bytes after one that was found.
#[inline(always)]
const fn escape_mask(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let low_or_quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * 0x5C)).wrapping_sub(ONES);
    (low_or_quote | backslash) & !word & (ONES * 0x80)
}

#[cold]
fn write_escaped(out: &mut Vec<u8>, mut rest: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    while let Some(at) = first_escape(rest) {
        out.extend_from_slice(&rest[..at]);
        let byte = rest[at];
        rest = &rest[at + 1..];
        let letter = match byte {
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0C => b'f',
            b'\r' => b'r',
            0..0x20 => {
                let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                continue;
            }
            _ => byte,
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
    out.extend_from_slice(rest);
}

fn first_escape(bytes: &[u8]) -> Option<usize> {
    // One escape often follows another.
    if needs_escape(*bytes.first()?) {
        return Some(0);
    }
    let (words, rest) = bytes.as_chunks();
    let found = words.iter().enumerate().find_map(|(at, word)| {
        let found = escape_mask(u64::from_le_bytes(*word));
        (found != 0).then(|| at * 8 + found.trailing_zeros() as usize / 8)
    });
    let in_rest = || rest.iter().position(|byte| needs_escape(*byte));
    found.or_else(|| Some(words.len() * 8 + in_rest()?))
}
