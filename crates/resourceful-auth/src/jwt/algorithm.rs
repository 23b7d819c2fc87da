//! Signature algorithms, verified by ring.

use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::hmac;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::value::{self, StrDeserializer};

/// A signature algorithm of tokens (RFC 7518 section 3.1, RFC 8037).
///
/// `none` and `ES512` are missing: the first is no signature, and ring does not implement the second.
///
/// # Examples
/// See [`Jwt::new`](crate::Jwt::new).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256. Whoever can verify such a token can also make one.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSA PKCS #1 v1.5 with SHA-256, 2048 to 8192 bits.
    RS256,
    /// RSA PKCS #1 v1.5 with SHA-384, 2048 to 8192 bits.
    RS384,
    /// RSA PKCS #1 v1.5 with SHA-512, 2048 to 8192 bits.
    RS512,
    /// RSA PSS with SHA-256, 2048 to 8192 bits.
    PS256,
    /// RSA PSS with SHA-384, 2048 to 8192 bits.
    PS384,
    /// RSA PSS with SHA-512, 2048 to 8192 bits.
    PS512,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// ECDSA with P-384 and SHA-384.
    ES384,
    /// Ed25519. RFC 9864 calls it `Ed25519`, too.
    #[serde(alias = "Ed25519")]
    EdDSA,
}

enum Scheme {
    Hmac(hmac::Algorithm),
    Rsa(&'static RsaParameters),
    Curve(&'static dyn signature::VerificationAlgorithm),
}

impl Algorithm {
    /// Whether the header of a token names this algorithm.
    pub(super) fn is_named(self, name: &str) -> bool {
        let named = Self::deserialize(StrDeserializer::<value::Error>::new(name));
        named.is_ok_and(|named| named == self)
    }

    pub(super) fn is_symmetric(self) -> bool {
        self.family() == AlgorithmFamily::Hmac
    }

    pub(super) fn family(self) -> AlgorithmFamily {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => AlgorithmFamily::Hmac,
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => {
                AlgorithmFamily::Rsa
            }
            Self::ES256 | Self::ES384 => AlgorithmFamily::Ec,
            Self::EdDSA => AlgorithmFamily::Ed,
        }
    }

    /// The minimum length of a secret (RFC 7518 section 3.2), or the exact length of a public key on a
    /// curve. RSA keys have no fixed length.
    pub(super) fn key_length(self) -> Option<usize> {
        match self {
            Self::HS256 | Self::EdDSA => Some(32),
            Self::HS384 => Some(48),
            Self::HS512 => Some(64),
            Self::ES256 => Some(65),
            Self::ES384 => Some(97),
            _ => None,
        }
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::HS256 => Scheme::Hmac(hmac::HMAC_SHA256),
            Self::HS384 => Scheme::Hmac(hmac::HMAC_SHA384),
            Self::HS512 => Scheme::Hmac(hmac::HMAC_SHA512),
            Self::RS256 => Scheme::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::RS384 => Scheme::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::RS512 => Scheme::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::PS256 => Scheme::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::PS384 => Scheme::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::PS512 => Scheme::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            Self::ES256 => Scheme::Curve(&signature::ECDSA_P256_SHA256_FIXED),
            Self::ES384 => Scheme::Curve(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDSA => Scheme::Curve(&signature::ED25519),
        }
    }

    /// Whether `signature` is one of `signed` by this algorithm and key.
    pub(super) fn verifies(self, key: &DecodingKey, signed: &[u8], signature: &[u8]) -> bool {
        if key.family() != self.family() {
            return false;
        }
        let verified = match (self.scheme(), key.kind()) {
            (Scheme::Hmac(algorithm), DecodingKeyKind::SecretOrDer(secret)) => {
                hmac::verify(&hmac::Key::new(algorithm, secret), signed, signature)
            }
            (Scheme::Rsa(parameters), DecodingKeyKind::SecretOrDer(der)) => {
                UnparsedPublicKey::new(parameters, der).verify(signed, signature)
            }
            (Scheme::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                // Some issuers publish the sign byte of their language's integers.
                let (n, e) = (without_zeros(n), without_zeros(e));
                RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature)
            }
            (Scheme::Curve(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(algorithm, point).verify(signed, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

fn without_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    &integer[zeros..]
}
