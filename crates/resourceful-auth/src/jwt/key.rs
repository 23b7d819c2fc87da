//! [`Key`]: a key that verifies tokens, from PEM, DER, a secret or a JWK.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use serde_json::Value;

use crate::jwt::algorithm::Algorithm;
use crate::tokens::config_error::ConfigError;

/// A key that verifies tokens. It has one algorithm, whatever a token names.
///
/// # Examples
/// ```
/// use resourceful_auth::{Algorithm, Key};
///
/// # fn main() -> Result<(), resourceful_auth::ConfigError> {
/// let pem = "-----BEGIN PUBLIC KEY-----
/// MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
/// -----END PUBLIC KEY-----";
/// let key = Key::from_pem(Algorithm::EdDSA, pem)?.with_id("2026-11");
///
/// // A secret is at least as long as the hash (RFC 7518 section 3.2).
/// assert!(Key::from_secret(Algorithm::HS256, b"secret").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    /// `None` for an RSA key in a JWK set that names no algorithm.
    algorithm: Option<Algorithm>,
    material: DecodingKey,
}

impl Key {
    /// A public key in PEM form: `PUBLIC KEY` or `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// If there is no public key, or it is not one of `algorithm`.
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let pem = pem.as_ref();
        let text = String::from_utf8_lossy(pem);
        // jsonwebtoken reads private keys here, too.
        let is_public = text.contains("BEGIN PUBLIC KEY") || text.contains("BEGIN RSA PUBLIC KEY");
        let key = match algorithm.family() {
            AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(pem),
            AlgorithmFamily::Ec => DecodingKey::from_ec_pem(pem),
            AlgorithmFamily::Ed => DecodingKey::from_ed_pem(pem),
            AlgorithmFamily::Hmac => {
                return Err(ConfigError(format!(
                    "a public key cannot be the secret of {algorithm:?}"
                )));
            }
        };
        let key = key.ok().filter(|key| is_public && fits(algorithm, key));
        key.map(|key| Self::new(Some(algorithm), key))
            .ok_or_else(|| ConfigError(format!("there is no public key of {algorithm:?}")))
    }

    /// A public key in DER form: a `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    ///
    /// # Errors
    /// If it is not a public key of `algorithm`.
    pub fn from_der(algorithm: Algorithm, der: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let base64 = STANDARD.encode(der);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
        Self::from_pem(algorithm, pem)
    }

    /// A secret that the issuer and this service share.
    ///
    /// # Errors
    /// If `algorithm` is not an HMAC, or the secret is shorter than its hash (RFC 7518 section 3.2).
    pub fn from_secret(
        algorithm: Algorithm,
        secret: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        let key = DecodingKey::from_secret(secret.as_ref());
        if !algorithm.is_symmetric() {
            return Err(ConfigError(format!(
                "{algorithm:?} needs a public key, not a secret"
            )));
        }
        if !fits(algorithm, &key) {
            return Err(ConfigError(format!(
                "the secret of {algorithm:?} is too short (RFC 7518 section 3.2)"
            )));
        }
        Ok(Self::new(Some(algorithm), key))
    }

    /// Sets the id of the key. A token that names another id in `kid` is not verified with this key.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A key of a published JWK set (RFC 7517). `None` if it cannot verify signatures.
    pub(super) fn from_jwk(jwk: Value) -> Option<Self> {
        let named = jwk.get("alg").cloned();
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let is_for_signatures = match &jwk.common.public_key_use {
            Some(usage) => *usage == PublicKeyUse::Signature,
            None => true,
        } && match &jwk.common.key_operations {
            Some(operations) => operations.contains(&KeyOperations::Verify),
            None => true,
        };
        if !is_for_signatures {
            return None;
        }
        let named = match named {
            Some(name) => Some(serde_json::from_value(name).ok()?),
            None => None,
        };
        // A curve has one algorithm. A secret (`oct`) in a published set is no secret.
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => named,
            AlgorithmParameters::EllipticCurve(key) => Some(match key.curve {
                EllipticCurve::P256 => Algorithm::ES256,
                EllipticCurve::P384 => Algorithm::ES384,
                _ => return None,
            }),
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Some(Algorithm::EdDSA)
            }
            _ => return None,
        };
        let key = Self {
            id: jwk.common.key_id.clone(),
            algorithm,
            material: DecodingKey::from_jwk(&jwk).ok()?,
        };
        // The algorithm that the key names is that of its type, or no one's.
        let is_usable = match named.or(algorithm) {
            Some(algorithm) => key.is_for(algorithm),
            None => true,
        };
        is_usable.then_some(key)
    }

    fn new(algorithm: Option<Algorithm>, material: DecodingKey) -> Self {
        Self {
            id: None,
            algorithm,
            material,
        }
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn is_one_of(&self, algorithms: &[Algorithm]) -> bool {
        algorithms.iter().any(|algorithm| self.is_for(*algorithm))
    }

    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && fits(algorithm, &self.material)
    }

    /// The algorithm comes from the token, so it is compared with that of the key first.
    pub(super) fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        self.is_for(algorithm) && algorithm.verifies(&self.material, signed, signature)
    }
}

/// Whether `key` has the family of `algorithm`, and its length.
fn fits(algorithm: Algorithm, key: &DecodingKey) -> bool {
    let DecodingKeyKind::SecretOrDer(bytes) = key.kind() else {
        return algorithm.family() == key.family();
    };
    let has_length = algorithm.key_length().is_none_or(|length| {
        if algorithm.is_symmetric() {
            bytes.len() >= length
        } else {
            bytes.len() == length
        }
    });
    algorithm.family() == key.family() && has_length
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
