//! [`Keys`]: the keys of an issuer, fixed or published.

use resourceful::Result;

use crate::jwt::algorithm::Algorithm;
use crate::jwt::jwks::{Jwks, is_named};
use crate::jwt::key::Key;
use crate::jwt::token::Token;
use crate::tokens::config_error::ConfigError;

/// A sender who names no key makes us try several: at most so many.
const MAX_KEYS_TRIED: usize = 4;

/// The keys of an issuer: one [`Key`], several, or a [`Jwks`].
///
/// # Examples
/// See [`Jwt::new`](crate::Jwt::new).
#[derive(Clone, Debug)]
pub struct Keys(pub(super) KeySource);

#[derive(Clone, Debug)]
pub(super) enum KeySource {
    Fixed(Vec<Key>),
    Published(Jwks),
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

impl From<Jwks> for Keys {
    fn from(keys: Jwks) -> Self {
        Self(KeySource::Published(keys))
    }
}

impl Keys {
    /// Whether the keys can be used with `algorithms`.
    pub(super) fn check(&self, algorithms: &[Algorithm]) -> Result<(), ConfigError> {
        match &self.0 {
            KeySource::Fixed(keys) if keys.is_empty() => {
                Err(ConfigError("tokens need a key".to_owned()))
            }
            KeySource::Published(_) if algorithms.iter().any(|one| one.is_symmetric()) => {
                Err(ConfigError("a secret cannot be published".to_owned()))
            }
            KeySource::Published(_) => Ok(()),
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
        Ok(match &self.0 {
            KeySource::Fixed(keys) => {
                let named = keys
                    .iter()
                    .filter(|key| key.id().is_none() || is_named(key, kid));
                is_signed_by(named, token, algorithm)
            }
            KeySource::Published(jwks) => {
                let keys = jwks.find(kid, algorithm).await?;
                let named = keys
                    .iter()
                    .flat_map(|keys| keys.iter())
                    .filter(|key| is_named(key, kid));
                is_signed_by(named, token, algorithm)
            }
        })
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
