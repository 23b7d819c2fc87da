//! A strict scan of JSON bytes before `serde_json` reads them.
//!
//! In members that the type ignores, `serde_json` accepts deep nesting, unpaired surrogates, numbers
//! that overflow an `f64` and bytes that are not UTF-8. The scan rejects them. It looks at each byte
//! once and allocates nothing.

use crate::error::{Error, Result};

/// The depth that is reported for bodies that pass [`is_simple`].
pub(crate) const SIMPLE_DEPTH: u32 = 3;

/// Numbers with more digits may overflow an `f32`.
const MAX_DIGITS: usize = 38;

/// Features of a body that need a closer check.
#[derive(Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
pub(crate) struct Scan {
    /// Some string has U+0000.
    pub(crate) has_nul: bool,
    /// The body is an array.
    pub(crate) is_array: bool,
    /// Some array is not the whole body.
    pub(crate) has_nested_array: bool,
    /// Some number may overflow an `f32`.
    pub(crate) has_wide_number: bool,
    /// The largest nesting depth.
    pub(crate) depth: u32,
}

/// A body as text.
///
/// # Errors
/// 400 with the line and the column of the first byte that is not UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes)
        .map_err(|error| malformed(bytes, error.valid_up_to(), "it is not UTF-8"))
}

/// Scans a body that may nest `max_depth` levels.
///
/// # Errors
/// 400 with the line and the column of the first violation.
pub(crate) fn scan(json: &str, max_depth: u32) -> Result<Scan> {
    let bytes = json.as_bytes();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::malformed_body(
            "The body is empty; it must be JSON.".to_owned(),
        ));
    }
    let mut scan = Scan::default();
    if is_simple(bytes) {
        scan.depth = SIMPLE_DEPTH.min(max_depth);
        return Ok(scan);
    }
    let mut depth = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string(bytes, at + 1, &mut scan)?,
            b'{' | b'[' => {
                depth += 1;
                scan.is_array |= byte == b'[' && depth == 1;
                scan.has_nested_array |= byte == b'[' && depth > 1;
                scan.depth = scan.depth.max(depth);
                if depth > max_depth {
                    let reason = format!("it is nested deeper than {max_depth} levels");
                    return Err(malformed(bytes, at, &reason));
                }
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'-' | b'0'..=b'9' => at = number(bytes, at, &mut scan)?,
            _ => at += 1,
        }
    }
    Ok(scan)
}

/// Whether the body is short and has no arrays, escapes and exponents, so that [`scan`] would find
/// nothing. Most bodies are. The loop has a form that the compiler vectorises.
fn is_simple(bytes: &[u8]) -> bool {
    // A number this short cannot overflow without an exponent. Each counter fits a byte.
    if bytes.len() > usize::from(u8::MAX) {
        return false;
    }
    let (mut special, mut objects, mut digits) = (0_u8, 0_u8, 0_u8);
    // The last byte needs no look: a body that ends in an odd byte is incomplete, which the parser reports.
    for (byte, next) in bytes.iter().zip(bytes.get(1..).unwrap_or_default()) {
        let is_digit = u8::from(byte.is_ascii_digit());
        let is_number = is_digit | u8::from(*byte == b'.');
        let has_exponent = is_number & u8::from(next | 32 == b'e');
        special |= u8::from(*byte == b'\\') | u8::from(*byte == b'[') | has_exponent;
        objects += u8::from(*byte == b'{');
        digits += is_digit;
    }
    special == 0 && u32::from(objects) <= SIMPLE_DEPTH && usize::from(digits) < MAX_DIGITS
}

/// Scans a string whose first character is at `at`; returns the index after the closing quote.
fn string(bytes: &[u8], mut at: usize, scan: &mut Scan) -> Result<usize> {
    let mut high_surrogate = None;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return Ok(bytes.len());
        };
        let is_escape = rest[plain] == b'\\';
        // The other half must be the escape that follows directly.
        if let Some(start) = high_surrogate
            && (plain > 0 || !is_escape)
        {
            return Err(unpaired_surrogate(bytes, start));
        }
        at += plain;
        if !is_escape {
            return Ok(at + 1);
        }
        let unit = match bytes.get(at + 1) {
            Some(b'u') => hex4(bytes, at + 2),
            _ => None,
        };
        match (high_surrogate.take(), unit) {
            (Some(_), Some(0xDC00..=0xDFFF)) => {}
            (Some(start), _) => return Err(unpaired_surrogate(bytes, start)),
            (None, Some(0xD800..=0xDBFF)) => high_surrogate = Some(at),
            (None, Some(0xDC00..=0xDFFF)) => return Err(unpaired_surrogate(bytes, at)),
            (None, Some(0)) => scan.has_nul = true,
            (None, _) => {}
        }
        at += if unit.is_some() { 6 } else { 2 };
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |unit, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

fn unpaired_surrogate(bytes: &[u8], at: usize) -> Error {
    malformed(bytes, at, "it has an unpaired surrogate")
}

/// Scans a number. Only numbers with an exponent and very long ones can overflow.
fn number(bytes: &[u8], start: usize, scan: &mut Scan) -> Result<usize> {
    let rest = &bytes[start..];
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = rest
        .iter()
        .position(|byte| !digit(byte))
        .unwrap_or(rest.len());
    let token = &rest[..length];
    let has_exponent = token.iter().any(|byte| matches!(byte, b'e' | b'E'));
    scan.has_wide_number |= has_exponent || length > MAX_DIGITS;
    if (has_exponent || length > 300) && is_infinite(token) {
        return Err(malformed(bytes, start, "a number is too large"));
    }
    Ok(start + length)
}

/// The digits of the smallest number that rounds to infinity: halfway between the largest `f64` and
/// 2^1024.
const SMALLEST_INFINITE: &[u8; 309] = b"17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027006985557136695962284291481986083493647529271907416844436551070434271155969950809304288017790417449779\
2";

/// Whether the number overflows an `f64`. Compares digits, since parsing takes hundreds of times as long
/// for a number near the middle between two floats.
fn is_infinite(number: &[u8]) -> bool {
    let mut parts = number.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let mantissa = parts.next().unwrap_or_default();
    let exponent = parts
        .next()
        .and_then(|exponent| std::str::from_utf8(exponent).ok());
    let mut integer_digits = mantissa
        .split(|byte| *byte == b'.')
        .next()
        .unwrap_or_default()
        .len();
    integer_digits -= usize::from(mantissa.starts_with(b"-"));
    let digits = || mantissa.iter().filter(|byte| byte.is_ascii_digit());
    let zeros = digits().take_while(|digit| **digit == b'0').count();
    let digits = digits().skip(zeros);
    if digits.clone().next().is_none() {
        return false;
    }
    let exponent = match exponent.map(str::parse::<i64>) {
        None => 0,
        Some(Ok(exponent)) => exponent,
        Some(Err(_)) => {
            return !number
                .windows(2)
                .any(|two| matches!(two, [b'e' | b'E', b'-']));
        }
    };
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4);
    // The number of digits before the decimal point, without leading zeros.
    match (count(integer_digits) - count(zeros)).saturating_add(exponent) {
        309 => digits.cmp(SMALLEST_INFINITE.iter()).is_ge(),
        places => places > 309,
    }
}

/// 400 at the position of a `serde_json` error, with a text of ours.
pub(crate) fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> Error {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(line - 2)
            .map_or(0, |(at, _)| at + 1),
    };
    let at = (line_start + error.column())
        .saturating_sub(1)
        .min(bytes.len());
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return malformed(bytes, 0, "it begins with a byte-order mark (U+FEFF)");
    }
    if error.is_eof() {
        return malformed(bytes, bytes.len(), "it ends too early");
    }
    let rest = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 4)]);
    match rest
        .chars()
        .next()
        .filter(|character| !character.is_control())
    {
        Some(character) => malformed(bytes, at, &format!("unexpected `{character}`")),
        None => malformed(bytes, at, "unexpected control character"),
    }
}

/// 400 with `reason` and the position in lines and characters, counted from 1.
fn malformed(bytes: &[u8], at: usize, reason: &str) -> Error {
    let before = &bytes[..at.min(bytes.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[line_start..])
        .chars()
        .count()
        + 1;
    Error::malformed_body(format!(
        "The body is not valid JSON: {reason}, at line {line}, column {column}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(bytes: &[u8]) -> Result<Scan> {
        super::scan(utf8(bytes)?, 64)
    }

    fn detail(json: &str) -> String {
        scan(json.as_bytes())
            .unwrap_err()
            .detail()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn plain_json_passes() {
        let plain = scan(br#"{"a": "\u00e9\ud83d\ude80\\\"", "b": [1, -2.5e3]}"#).unwrap();
        assert_eq!(
            plain,
            Scan {
                has_nested_array: true,
                has_wide_number: true,
                depth: 2,
                ..Scan::default()
            }
        );
        assert_eq!(scan(br#"{"a": "b"}"#).unwrap().depth, SIMPLE_DEPTH);
    }

    #[test]
    fn depth_counts_up_to_64() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(scan(nested(64).as_bytes()).is_ok());
        assert!(detail(&nested(65)).contains("deeper"));
        assert!(detail(&"[".repeat(100_000)).contains("line 1, column 65"));
        assert!(scan(format!("[{}]", "[],".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn unpaired_surrogates_are_found() {
        for json in [
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800x""#,
            r#""\ud800\n""#,
            r#""\ud800\ud800""#,
        ] {
            assert!(detail(json).contains("surrogate"), "{json}");
        }
        assert!(scan(br#""\\ud800""#).is_ok());
    }

    #[test]
    fn nul_is_noted_and_not_refused() {
        assert!(scan(br#"{"a": "\u0000"}"#).unwrap().has_nul);
        assert!(!scan(br#"{"a": "\\u0000"}"#).unwrap().has_nul);
    }

    #[test]
    fn numbers_that_overflow_are_found() {
        assert!(detail("[1e400]").contains("too large, at line 1, column 2"));
        assert!(detail(&"9".repeat(400)).contains("too large"));
        assert!(scan(b"[1e308, 1e-400, -0.0]").is_ok());
    }

    #[test]
    fn a_number_is_infinite_exactly_when_its_float_is() {
        let largest = "1.7976931348623157e308";
        let least = std::str::from_utf8(SMALLEST_INFINITE).unwrap();
        let below = format!("{}1", &least[..308]);
        let (shorter, nines) = (&least[..308], "9".repeat(309));
        let numbers = [
            largest,
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "17976931348623159e292",
            least,
            &below,
            shorter,
            &nines,
            &format!("{below}.999"),
            &format!("{least}.001"),
            "1e309",
            "0.1e310",
            "0.1e309",
            "0.0000001e316",
            "0.0000001e315",
            "0e999999",
            "-0.0e99",
            "-1e400",
            "-1e308",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0.2e309",
            "0.17e309",
        ];
        for number in numbers {
            let float: f64 = number.parse().unwrap();
            assert_eq!(
                is_infinite(number.as_bytes()),
                float.is_infinite(),
                "{number}"
            );
            let negative = format!("-{}", number.trim_start_matches('-'));
            assert_eq!(
                is_infinite(negative.as_bytes()),
                float.is_infinite(),
                "{negative}"
            );
        }
    }

    #[test]
    fn numbers_that_may_need_more_than_32_bits_are_noted() {
        let is_wide = |json: &str| scan(json.as_bytes()).unwrap().has_wide_number;
        let digits = "9".repeat(39);
        for json in [&*digits, "[1e39]", &format!(r#"{{"a": -{digits}}}"#)] {
            assert!(is_wide(json), "{json}");
        }
        assert!(!is_wide(r#"{"a": 12345.67890, "b": "1e39"}"#));
    }

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        assert!(detail("{\n  \"é\": \"\\ud800\"}").contains("line 2, column 9"));
        let error = scan(b"{\"a\": \"\xff\"}").unwrap_err();
        assert!(
            error
                .detail()
                .unwrap()
                .contains("not UTF-8, at line 1, column 8")
        );
        assert!(detail(" \n").contains("empty"));
    }
}
