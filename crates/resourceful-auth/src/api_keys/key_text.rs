//! The text of an API key, `prefix_id_secret`, and the hash of its secret.

use std::fmt;

use resourceful::{Error, Result};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The characters of ids and secrets. None of them needs an escape in a URL, a shell or a header field, and a
/// double click selects all of a key.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Length of a generated id: 71 bits.
const ID_LENGTH: usize = 12;

/// Length of a generated secret: 62^43 is more than 2^256.
const SECRET_LENGTH: usize = 43;

const MAX_ID_LENGTH: usize = 32;

/// A hexadecimal secret of this length has 128 bits.
const MIN_SECRET_LENGTH: usize = 32;

const MAX_SECRET_LENGTH: usize = 128;

/// A token that was read as an API key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyText<'t> {
    /// The token has another prefix, or none.
    Foreign,
    /// The token has our prefix and is no key.
    Malformed,
    Key {
        id: &'t str,
        secret: &'t str,
    },
}

impl<'t> KeyText<'t> {
    /// Reads a token. Ids and secrets have no `_`, so a prefix may have some.
    pub(crate) fn parse(prefix: &str, token: &'t str) -> Self {
        let Some((start, secret)) = token.rsplit_once('_') else {
            return Self::Foreign;
        };
        let Some((given_prefix, id)) = start.rsplit_once('_') else {
            return Self::Foreign;
        };
        if given_prefix != prefix {
            return Self::Foreign;
        }
        let is_key = is_id(id) && is_word(secret, MIN_SECRET_LENGTH, MAX_SECRET_LENGTH);
        if is_key {
            Self::Key { id, secret }
        } else {
            Self::Malformed
        }
    }
}

/// Whether a key can have this id.
pub(crate) fn is_id(text: &str) -> bool {
    is_word(text, 1, MAX_ID_LENGTH)
}

fn is_word(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether all keys of an application can begin with this: 1 to 32 letters, digits and `_`.
pub(crate) fn is_prefix(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A random id and a random secret.
pub(crate) fn generate() -> Result<(String, String)> {
    Ok((random_text(ID_LENGTH)?, random_text(SECRET_LENGTH)?))
}

fn random_text(length: usize) -> Result<String> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
        // 248 is 4 * 62. Larger bytes would make some characters more likely than others.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let characters = fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(characters.take(length - text.len()));
    }
    Ok(text)
}

/// The SHA-256 of a key's secret. Stores keep it in place of the secret. `Debug` omits it.
///
/// SHA-256 is enough, and argon2 would only make each request slow: nobody can try all secrets of 256 random
/// bits, as one can try all probable passwords.
///
/// # Examples
/// ```
/// use resourceful_auth::SecretHash;
///
/// let hash = SecretHash::from_bytes([7; 32]);
/// assert_eq!(hash.as_bytes(), &[7; 32]);
/// assert_eq!(format!("{hash:?}"), "SecretHash");
/// ```
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

/// Stands for the hash of an id that is unknown.
pub(crate) static NO_HASH: SecretHash = SecretHash([0; 32]);

impl SecretHash {
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Restores a hash that a store has kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes for a store to keep.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both are the same, in constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789ABCDEF";

    #[test]
    fn a_generated_key_is_read() {
        for prefix in ["acme", "acme_live", "_"] {
            let (id, secret) = generate().unwrap();
            let text = format!("{prefix}_{id}_{secret}");
            let expected = KeyText::Key {
                id: &id,
                secret: &secret,
            };
            assert!(KeyText::parse(prefix, &text) == expected);
        }
    }

    #[test]
    fn no_two_keys_are_the_same() {
        let (first, second) = (generate().unwrap(), generate().unwrap());
        assert_ne!(first.0, second.0);
        assert_ne!(first.1, second.1);
    }

    #[test]
    fn generated_texts_use_the_whole_alphabet() {
        let text = random_text(10_000).unwrap();
        assert_eq!(text.len(), 10_000);
        for byte in ALPHABET {
            // About 161 of each are expected.
            let count = text.bytes().filter(|found| found == byte).count();
            assert!((80..300).contains(&count), "{} {count}", char::from(*byte));
        }
    }

    #[test]
    fn a_token_of_another_prefix_is_foreign() {
        for token in [
            "",
            "_",
            "acme",
            "acme_",
            "acme_id",
            "header.payload.signature",
            "other_id_secret",
            "ACME_id_secret",
            "acme_live_id_secret",
            " acme_id_secret",
            "\0acme_id_secret",
        ] {
            assert!(KeyText::parse("acme", token) == KeyText::Foreign, "{token}");
        }
        let live = format!("acme_id_{SECRET}");
        assert!(KeyText::parse("acme_live", &live) == KeyText::Foreign);
    }

    #[test]
    fn a_key_with_another_form_is_malformed() {
        for token in [
            "acme__".to_owned(),
            "acme_id_short".to_owned(),
            format!("acme__{SECRET}"),
            format!("acme_i-d_{SECRET}"),
            format!("acme_id_{SECRET}\0"),
            format!("acme_id_{SECRET} "),
            format!("acme_id_{SECRET}é"),
            format!("acme_{}_{SECRET}", "x".repeat(33)),
            format!("acme_id_{}", "x".repeat(129)),
        ] {
            assert!(
                KeyText::parse("acme", &token) == KeyText::Malformed,
                "{token}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_token_is_read_without_a_panic(token in any::<String>()) {
            let is_key = matches!(KeyText::parse("acme", &token), KeyText::Key { .. });
            prop_assert!(!is_key);
        }

        #[test]
        fn a_key_is_the_text_that_it_was_read_from(
            token in "(acme|other)?_?[a-zA-Z0-9_é-]{0,40}_[a-zA-Z0-9-]{30,44}"
        ) {
            if let KeyText::Key { id, secret } = KeyText::parse("acme", &token) {
                prop_assert_eq!(&token, &format!("acme_{id}_{secret}"));
                let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                prop_assert!(is_plain(id) && is_plain(secret) && secret.len() >= 32);
            }
        }
    }
}
