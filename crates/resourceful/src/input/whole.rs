//! Integers that are written as fractions: `1.0` and `1e3` are integers to JSON Schema and to
//! JavaScript, which knows no others, but not to serde.

use std::str::from_utf8;

use serde::de::IgnoredAny;

/// Numbers of more digits than these fit no integer of 64 bits.
const MAX_DIGITS: usize = 20;

/// The same JSON with such numbers written as integers; `None`, where there are none, or it is no
/// JSON, of which shall be told as it came.
pub(super) fn with_whole_numbers(json: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(json).ok()?;
    let mut rewritten = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_string(json, at + 1),
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(json, at);
                if let Some(integer) = as_integer(&json[at..end]) {
                    rewritten.extend_from_slice(&json[copied..at]);
                    rewritten.extend_from_slice(integer.as_bytes());
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    rewritten.extend_from_slice(&json[copied..]);
    Some(rewritten)
}

/// Behind the closing quote of a string.
fn end_of_string(json: &[u8], mut at: usize) -> usize {
    loop {
        match json.get(at) {
            None => return json.len(),
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn end_of_number(json: &[u8], start: usize) -> usize {
    let is_other = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = json[start..].iter().position(is_other);
    length.map_or(json.len(), |length| start + length)
}

/// The integer that a number with a fraction or an exponent is equal to.
fn as_integer(number: &[u8]) -> Option<String> {
    let number = from_utf8(number).ok()?;
    if !number.contains(['.', 'e', 'E']) {
        return None;
    }
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    // How many of the digits are before the point.
    let point = exponent.parse::<isize>().ok()?;
    let point = whole.len().checked_add_signed(point)?;
    if point < digits.len() || point > MAX_DIGITS {
        return None;
    }
    let integer = digits.trim_start_matches('0');
    let zeros = "0".repeat(point - digits.len());
    Some(format!("{sign}{integer}{zeros}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_an_integer() {
        for (written, integer) in [
            ("1.0", "1"),
            ("-204.00", "-204"),
            ("1e3", "1000"),
            ("1E+0", "1"),
            ("1.25e2", "125"),
            ("0.5e1", "5"),
            ("1200e-2", "12"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("0e99", "0"),
            ("9007199254740993.0", "9007199254740993"),
            ("1.8446744073709551615e19", "18446744073709551615"),
        ] {
            assert_eq!(as_integer(written.as_bytes()).as_deref(), Some(integer));
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for written in [
            "1",
            "-7",
            "1.5",
            "1e-1",
            "15e-1",
            "1e300",
            "0.1e-99",
            "1e99999999999999999999",
        ] {
            assert_eq!(as_integer(written.as_bytes()), None, "{written}");
        }
    }

    #[test]
    fn only_numbers_are_written_otherwise() {
        let rewritten = |json: &str| {
            with_whole_numbers(json.as_bytes()).map(|json| String::from_utf8(json).unwrap())
        };
        let json = r#"{"1.0": ["\"2.0", 3.0, -4.0e1], "a\\": 5.0, "b": 6, "c": 7.5}"#;
        let expected = r#"{"1.0": ["\"2.0", 3, -40], "a\\": 5, "b": 6, "c": 7.5}"#;
        assert_eq!(rewritten(json).as_deref(), Some(expected));
        assert_eq!(rewritten("1.0").as_deref(), Some("1"));
        assert_eq!(rewritten(r#"{"a": "1.0", "b": [1, 2.5]}"#), None);
    }
}
