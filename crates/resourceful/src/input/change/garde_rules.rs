//! garde's rules directly on a [`Change`], as on an `Option`: they apply to a new value.
//!
//! schemars reads these rules, too. It ignores those inside `inner(..)`, except for lists.

use garde::error::Error;
use garde::rules::alphanumeric::Alphanumeric;
use garde::rules::ascii::Ascii;
use garde::rules::contains::Contains;
use garde::rules::length::{bytes::Bytes, chars::Chars, simple::Simple, utf16::Utf16CodeUnits};
use garde::rules::pattern::{Matcher, Pattern};
use garde::rules::prefix::Prefix;
use garde::rules::range::{Bounds, OutOfBounds};
use garde::rules::suffix::Suffix;

use crate::input::change::Change;

impl<T> Change<T> {
    fn is_valid(&self, rule: impl FnOnce(&T) -> bool) -> bool {
        match self {
            Self::Keep => true,
            Self::Set(value) => rule(value),
        }
    }

    fn validate_new<E>(&self, rule: impl FnOnce(&T) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Keep => Ok(()),
            Self::Set(value) => rule(value),
        }
    }
}

/// `Keep` is neither less nor greater than a value.
impl<T: PartialOrd> PartialOrd for Change<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Set(value), Self::Set(other)) => value.partial_cmp(other),
            (Self::Keep, Self::Keep) => Some(std::cmp::Ordering::Equal),
            _ => None,
        }
    }
}

impl<T: Bounds> Bounds for Change<T> {
    type Size = T::Size;

    const MIN: Self::Size = T::MIN;
    const MAX: Self::Size = T::MAX;

    fn validate_bounds(&self, lower: Self::Size, upper: Self::Size) -> Result<(), OutOfBounds> {
        self.validate_new(|value| value.validate_bounds(lower, upper))
    }
}

impl<T: Simple> Simple for Change<T> {
    fn validate_length(&self, min: usize, max: usize) -> Result<(), Error> {
        self.validate_new(|value| value.validate_length(min, max))
    }
}

impl<T: Bytes> Bytes for Change<T> {
    fn validate_num_bytes(&self, min: usize, max: usize) -> Result<(), Error> {
        self.validate_new(|value| value.validate_num_bytes(min, max))
    }
}

impl<T: Chars> Chars for Change<T> {
    fn validate_num_chars(&self, min: usize, max: usize) -> Result<(), Error> {
        self.validate_new(|value| value.validate_num_chars(min, max))
    }
}

impl<T: Utf16CodeUnits> Utf16CodeUnits for Change<T> {
    fn validate_num_code_units(&self, min: usize, max: usize) -> Result<(), Error> {
        self.validate_new(|value| value.validate_num_code_units(min, max))
    }
}

impl<T: Pattern> Pattern for Change<T> {
    fn validate_pattern<M: Matcher>(&self, matcher: &M) -> bool {
        self.is_valid(|value| value.validate_pattern(matcher))
    }
}

impl<T: Contains> Contains for Change<T> {
    fn validate_contains(&self, part: &str) -> bool {
        self.is_valid(|value| value.validate_contains(part))
    }
}

impl<T: Prefix> Prefix for Change<T> {
    fn validate_prefix(&self, prefix: &str) -> bool {
        self.is_valid(|value| value.validate_prefix(prefix))
    }
}

impl<T: Suffix> Suffix for Change<T> {
    fn validate_suffix(&self, suffix: &str) -> bool {
        self.is_valid(|value| value.validate_suffix(suffix))
    }
}

impl<T: Ascii> Ascii for Change<T> {
    fn validate_ascii(&self) -> bool {
        self.is_valid(T::validate_ascii)
    }
}

impl<T: Alphanumeric> Alphanumeric for Change<T> {
    fn validate_alphanumeric(&self) -> bool {
        self.is_valid(T::validate_alphanumeric)
    }
}
