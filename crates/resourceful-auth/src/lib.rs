#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "jwt", feature = "oauth"))]
mod tokens;

#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "oauth")]
mod oauth;

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
#[cfg(feature = "oauth")]
pub use self::oauth::introspection::Introspection;
#[cfg(feature = "oauth")]
pub use self::oauth::protected_resource::ProtectedResource;
#[cfg(any(feature = "jwt", feature = "oauth"))]
pub use self::tokens::bearer::insufficient_scope;
#[cfg(any(feature = "jwt", feature = "oauth"))]
pub use self::tokens::config_error::ConfigError;
