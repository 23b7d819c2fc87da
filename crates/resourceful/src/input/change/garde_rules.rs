//! garde's rules, straight on a [`Change`] as on an `Option`: they hold for a new value.
//!
//! Schemars reads rules there too, while it does not see those inside `inner(..)` but for lists.

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
    fn holds(&self, rule: impl FnOnce(&T) -> bool) -> bool {
        match self {
            Self::Keep => true,
            Self::Set(value) => rule(value),
        }
    }

    fn obeys<E>(&self, rule: impl FnOnce(&T) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Keep => Ok(()),
            Self::Set(value) => rule(value),
        }
    }
}

/// What is kept is neither less nor more than anything.
impl<T: PartialOrd> PartialOrd for Change<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Set(one), Self::Set(other)) => one.partial_cmp(other),
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
        self.obeys(|value| value.validate_bounds(lower, upper))
    }
}

impl<T: Simple> Simple for Change<T> {
    fn validate_length(&self, min: usize, max: usize) -> Result<(), Error> {
        self.obeys(|value| value.validate_length(min, max))
    }
}

impl<T: Bytes> Bytes for Change<T> {
    fn validate_num_bytes(&self, min: usize, max: usize) -> Result<(), Error> {
        self.obeys(|value| value.validate_num_bytes(min, max))
    }
}

impl<T: Chars> Chars for Change<T> {
    fn validate_num_chars(&self, min: usize, max: usize) -> Result<(), Error> {
        self.obeys(|value| value.validate_num_chars(min, max))
    }
}

impl<T: Utf16CodeUnits> Utf16CodeUnits for Change<T> {
    fn validate_num_code_units(&self, min: usize, max: usize) -> Result<(), Error> {
        self.obeys(|value| value.validate_num_code_units(min, max))
    }
}

impl<T: Pattern> Pattern for Change<T> {
    fn validate_pattern<M: Matcher>(&self, matcher: &M) -> bool {
        self.holds(|value| value.validate_pattern(matcher))
    }
}

impl<T: Contains> Contains for Change<T> {
    fn validate_contains(&self, part: &str) -> bool {
        self.holds(|value| value.validate_contains(part))
    }
}

impl<T: Prefix> Prefix for Change<T> {
    fn validate_prefix(&self, prefix: &str) -> bool {
        self.holds(|value| value.validate_prefix(prefix))
    }
}

impl<T: Suffix> Suffix for Change<T> {
    fn validate_suffix(&self, suffix: &str) -> bool {
        self.holds(|value| value.validate_suffix(suffix))
    }
}

impl<T: Ascii> Ascii for Change<T> {
    fn validate_ascii(&self) -> bool {
        self.holds(T::validate_ascii)
    }
}

impl<T: Alphanumeric> Alphanumeric for Change<T> {
    fn validate_alphanumeric(&self) -> bool {
        self.holds(T::validate_alphanumeric)
    }
}
