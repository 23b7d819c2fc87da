//! The errors of hooks by name, for the document.

use crate::openapi::problems::Problems;

/// The variants of the error type that each hook of a resource or a class view returns.
/// `#[errors(NotFound, Conflict)]` on a hook adds it.
///
/// # Examples
/// ```
/// use resourceful::HookErrors;
///
/// const ERRORS: HookErrors = HookErrors::new(&[("retrieve", &["NotFound"])]);
/// assert_eq!(ERRORS.of("retrieve"), Some(&["NotFound"][..]));
/// assert_eq!(ERRORS.of("create"), None); // may return each of them
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HookErrors(&'static [(&'static str, &'static [&'static str])]);

impl HookErrors {
    /// The variants by hook.
    #[must_use]
    pub const fn new(hooks: &'static [(&'static str, &'static [&'static str])]) -> Self {
        Self(hooks)
    }

    /// The variants that a hook returns; `None` means all.
    #[must_use]
    pub fn of(self, hook: &str) -> Option<&'static [&'static str]> {
        let found = self.0.iter().find(|(name, _)| *name == hook);
        found.map(|(_, variants)| *variants)
    }
}

/// Whether `E` has the variant. For the macros, which need it at compile time.
#[doc(hidden)]
#[must_use]
pub const fn has_variant<E: Problems>(name: &str) -> bool {
    is_among(E::VARIANTS, name)
}

/// Whether a name is in a list, in a constant.
pub(crate) const fn is_among(names: &[&str], name: &str) -> bool {
    let mut index = 0;
    while index < names.len() {
        if is_equal(names[index].as_bytes(), name.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

const fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}
