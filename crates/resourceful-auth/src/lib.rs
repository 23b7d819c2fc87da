#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "jwt", feature = "oauth"))]
mod config_error;

#[cfg(any(feature = "jwt", feature = "oauth"))]
mod address;
#[cfg(any(feature = "jwt", feature = "oauth"))]
mod bearer;

#[cfg(any(feature = "jwt", feature = "oauth"))]
mod issuer_endpoint;

#[cfg(feature = "jwt")]
mod jwt;

#[cfg(any(feature = "jwt", feature = "oauth"))]
pub use self::bearer::insufficient_scope;
#[cfg(any(feature = "jwt", feature = "oauth"))]
pub use self::config_error::ConfigError;
#[cfg(feature = "jwt")]
pub use self::jwt::algorithm::Algorithm;
#[cfg(feature = "jwt")]
pub use self::jwt::authenticator::Jwt;
#[cfg(feature = "jwt")]
pub use self::jwt::jwks::Jwks;
#[cfg(feature = "jwt")]
pub use self::jwt::key::Key;
#[cfg(feature = "jwt")]
pub use self::jwt::keys::Keys;
