//! [`Password`]: a password that a user chooses.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// NIST SP 800-63B-4 section 3.1.1.2 counts code points, and has 8 as the minimum beside a second factor.
const MIN_CHARS: usize = 8;

/// At most 1 KiB of UTF-8, so nobody can have a megabyte hashed.
pub(crate) const MAX_CHARS: usize = 256;

/// A password that a user chooses: 8 to 256 characters. `Debug` omits it, and its memory is overwritten.
///
/// A field of this type needs no further rule. Characters are Unicode code points, and all of them are allowed:
/// NIST SP 800-63B advises against rules such as "one digit". The text has the form NFC (RFC 8265 section 4.2),
/// so that a password is the same from each keyboard.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_auth::Password;
///
/// #[derive(Debug, Deserialize, JsonSchema, Validate)]
/// struct SignUp {
///     #[garde(length(chars, min = 1, max = 100))]
///     name: String,
///     #[garde(skip)]
///     password: Password,
/// }
///
/// let body = br#"{"name": "alice", "password": "correct horse"}"#;
/// let sign_up: SignUp = resourceful::from_json(body)?;
/// assert_eq!(format!("{:?}", sign_up.password), "Password");
///
/// let short: Result<SignUp> = resourceful::from_json(br#"{"name": "alice", "password": "horse"}"#);
/// assert_eq!(short.unwrap_err().status(), 422);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Checks the length and normalises the text.
    ///
    /// # Errors
    /// If the text has less than 8 or more than 256 characters.
    ///
    /// # Examples
    /// ```
    /// use resourceful_auth::{Password, PasswordError};
    /// assert_eq!(Password::new("horse").unwrap_err(), PasswordError::TooShort);
    /// assert_eq!(Password::new(&"x".repeat(257)).unwrap_err(), PasswordError::TooLong);
    /// ```
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let password = normalised(text).ok_or(PasswordError::TooLong)?;
        if password.chars().count() < MIN_CHARS {
            return Err(PasswordError::TooShort);
        }
        Ok(Self(password))
    }

    /// The text of the password.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text for a hash.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        self.0.clone()
    }
}

/// The text in the form NFC; `None` if it is longer than every password, before or after.
pub(crate) fn normalised(text: &str) -> Option<Zeroizing<String>> {
    // Reads no more of a long text than a password has.
    if text.chars().nth(MAX_CHARS).is_some() {
        return None;
    }
    // A string that grows leaves a copy in memory. NFC has at most three times the bytes (UAX 15, section 9).
    let mut normalised = Zeroizing::new(String::with_capacity(3 * text.len()));
    normalised.extend(text.nfc());
    // NFC decomposes some characters.
    let is_long = normalised.chars().nth(MAX_CHARS).is_some();
    (!is_long).then_some(normalised)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::new(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // With `"format": "password"` a 422 would say that the password is not valid, and not why.
        json_schema!({"type": "string", "minLength": MIN_CHARS, "maxLength": MAX_CHARS})
    }
}

/// A text is no [`Password`]. The error does not contain the text.
///
/// # Examples
/// See [`Password::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// It has less than 8 characters.
    TooShort,
    /// It has more than 256 characters.
    TooLong,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "must have at least {MIN_CHARS} characters"),
            Self::TooLong => write!(f, "must have at most {MAX_CHARS} characters"),
        }
    }
}

impl std::error::Error for PasswordError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_length_is_counted_in_code_points() {
        for (text, is_password) in [
            (String::new(), false),
            ("1234567".to_owned(), false),
            ("12345678".to_owned(), true),
            ("🔑".repeat(7), false),
            ("🔑".repeat(8), true),
            ("🔑".repeat(256), true),
            ("🔑".repeat(257), false),
            // Four letters, each with an accent of its own, are four characters from other keyboards.
            ("e\u{301}".repeat(4), false),
            ("e\u{301}".repeat(8), true),
            // A letter that NFC decomposes.
            ("\u{958}".repeat(256), false),
            ("\u{958}".repeat(128), true),
            (" ".repeat(8), true),
        ] {
            assert_eq!(Password::new(&text).is_ok(), is_password, "{text}");
        }
    }

    #[test]
    fn a_password_is_the_same_from_each_keyboard() {
        let text = |text| Password::new(text).unwrap().as_str().to_owned();
        assert_eq!(text("caf\u{e9} noir"), text("cafe\u{301} noir"));
        // NFKC would make these the same, which are not.
        assert_ne!(text("12345678²"), text("123456782"));
        assert_ne!(text("ﬁle name"), text("file name"));
        // Spaces and case count.
        assert_ne!(text("password "), text("password"));
        assert_ne!(text("Password"), text("password"));
    }

    #[test]
    fn a_body_has_no_password_of_another_length() {
        let read = |text: &str| serde_json::from_value::<Password>(text.into());
        assert_eq!(read("12345678").unwrap().as_str(), "12345678");
        let error = read("1234567").unwrap_err().to_string();
        assert_eq!(error, "must have at least 8 characters");
        let error = read(&"x".repeat(257)).unwrap_err().to_string();
        assert_eq!(error, "must have at most 256 characters");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing_and_nothing_grows(text in "\\PC{0,300}") {
            if let Some(once) = normalised(&text) {
                prop_assert!(once.capacity() <= 3 * text.len().max(8));
                prop_assert_eq!(normalised(&once).map(|twice| twice == once), Some(true));
            } else {
                prop_assert!(text.nfc().count().max(text.chars().count()) > MAX_CHARS);
            }
        }
    }
}
