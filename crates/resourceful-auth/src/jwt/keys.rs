//! [`Keys`]: the keys of an issuer, fixed or published.

use resourceful::Result;

use crate::config_error::ConfigError;
use crate::jwt::algorithm::Algorithm;
use crate::jwt::key::Key;
use crate::jwt::token::Token;

/// A sender who names no key makes us try several: at most so many.
const MAX_KEYS_TRIED: usize = 4;

/// The keys of an issuer: one [`Key`], or several.
///
/// # Examples
/// See [`Jwt::new`](crate::Jwt::new).
#[derive(Clone, Debug)]
pub struct Keys(pub(super) KeySource);

#[derive(Clone, Debug)]
pub(super) enum KeySource {
    Fixed(Vec<Key>),
}

impl From<Key> for Keys {
    fn from(key: Key) -> Self {
        Self(KeySource::Fixed(vec![key]))
    }
}

impl From<Vec<Key>> for Keys {
    fn from(keys: Vec<Key>) -> Self {
        Self(KeySource::Fixed(keys))
    }
}

impl<const N: usize> From<[Key; N]> for Keys {
    fn from(keys: [Key; N]) -> Self {
        Self(KeySource::Fixed(keys.into()))
    }
}

impl Keys {
    /// Whether the keys can be used with `algorithms`.
    pub(super) fn check(&self, algorithms: &[Algorithm]) -> Result<(), ConfigError> {
        match &self.0 {
            KeySource::Fixed(keys) if keys.is_empty() => {
                Err(ConfigError("tokens need a key".to_owned()))
            }
            KeySource::Fixed(keys) => match keys.iter().find(|key| !key.is_one_of(algorithms)) {
                None => Ok(()),
                Some(key) => Err(ConfigError(format!(
                    "the algorithm of {key:?} is not listed"
                ))),
            },
        }
    }

    /// Whether a key of the issuer verifies the signature.
    pub(super) async fn verify(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<bool> {
        let kid = token.header.kid.as_deref();
        match &self.0 {
            KeySource::Fixed(keys) => {
                let is_named = |key: &&Key| kid.is_none() || key.id().is_none() || key.id() == kid;
                Ok(is_signed_by(keys.iter().filter(is_named), token, algorithm))
            }
        }
    }
}

fn is_signed_by<'k>(
    keys: impl Iterator<Item = &'k Key>,
    token: &Token<'_>,
    algorithm: Algorithm,
) -> bool {
    keys.filter(|key| key.is_for(algorithm))
        .take(MAX_KEYS_TRIED)
        .any(|key| key.verifies(algorithm, token.signed.as_bytes(), &token.signature))
}
