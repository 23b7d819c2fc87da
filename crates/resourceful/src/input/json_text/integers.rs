//! Integers in all their spellings, and the ranges of Rust's integer types.
//!
//! `1.0`, `1e3` and `-0` are integers to JSON Schema and to JavaScript, but not to serde.

/// The most digits of a 128-bit integer.
const MAX_DIGITS: usize = 39;

/// An integer in the spelling that serde reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Integer {
    Digits(String),
    /// Too large for every integer type of Rust.
    Huge,
}

/// The integer that is equal to a JSON number.
pub(crate) fn as_integer(number: &str) -> Option<Integer> {
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    if number.len() <= MAX_DIGITS
        && number != "0"
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(Integer::Digits(format!("{sign}{number}")));
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (integer_part, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{integer_part}{fraction}");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Some(Integer::Digits("0".to_owned()));
    }
    // The number of digits before the decimal point.
    let exponent = exponent.parse::<isize>();
    let point = exponent.map(|exponent| integer_part.len().saturating_add_signed(exponent));
    let point = point.unwrap_or(if number.contains('-') { 0 } else { usize::MAX });
    if point < digits.len() {
        return None;
    }
    let integer = digits.trim_start_matches('0');
    let leading = digits.len() - integer.len();
    if point - leading > MAX_DIGITS {
        return Some(Integer::Huge);
    }
    let zeros = "0".repeat(point - digits.len());
    Some(Integer::Digits(format!("{sign}{integer}{zeros}")))
}

/// The range of an integer type of Rust.
pub(crate) struct IntegerRange {
    pub(crate) minimum: i128,
    pub(crate) maximum: u128,
}

impl IntegerRange {
    /// The range that the `format` of a schema names, as schemars writes it.
    pub(crate) fn of_format(format: &str) -> Option<Self> {
        let (unsigned, bits) = match format.strip_prefix("uint") {
            Some(bits) => (true, bits),
            None => (false, format.strip_prefix("int")?),
        };
        let bits = match bits {
            "" => usize::BITS,
            bits => bits.parse().ok().filter(|bits| (8..=128).contains(bits))?,
        };
        Some(if unsigned {
            Self {
                minimum: 0,
                maximum: u128::MAX >> (128 - bits),
            }
        } else {
            Self {
                minimum: i128::MIN >> (128 - bits),
                maximum: u128::MAX >> (129 - bits),
            }
        })
    }

    pub(crate) fn contains(&self, integer: &Integer) -> bool {
        let Integer::Digits(digits) = integer else {
            return false;
        };
        if digits.starts_with('-') {
            digits
                .parse()
                .is_ok_and(|number: i128| self.minimum <= number)
        } else {
            digits
                .parse()
                .is_ok_and(|number: u128| number <= self.maximum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_fraction_is_an_integer() {
        for (written, integer) in [
            ("1.0", "1"),
            ("-204.00", "-204"),
            ("1e3", "1000"),
            ("1E+0", "1"),
            ("1.25e2", "125"),
            ("0.5e1", "5"),
            ("1200e-2", "12"),
            ("1", "1"),
            ("-7", "-7"),
            ("-0", "0"),
            ("0", "0"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("0e99", "0"),
            ("9007199254740993.0", "9007199254740993"),
            ("1.8446744073709551615e19", "18446744073709551615"),
        ] {
            let integer = Integer::Digits(integer.to_owned());
            assert_eq!(as_integer(written), Some(integer), "{written}");
        }
    }

    #[test]
    fn fractions_and_huge_numbers_are_not_rewritten() {
        for written in ["1.5", "1e-1", "15e-1", "0.1e-99", "1e-99999999999999999999"] {
            assert_eq!(as_integer(written), None, "{written}");
        }
        let digits = "1".repeat(40);
        for written in [&digits, "-1e300", "1e99999999999999999999"] {
            assert_eq!(as_integer(written), Some(Integer::Huge), "{written}");
        }
    }
}
