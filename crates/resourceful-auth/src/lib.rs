#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "api-keys", feature = "jwt", feature = "oauth"))]
mod scope;
#[cfg(all(feature = "sea-orm", any(feature = "api-keys", feature = "sessions")))]
mod sql;

#[cfg(any(feature = "jwt", feature = "oauth"))]
mod tokens;

#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "oauth")]
mod oauth;

#[cfg(any(feature = "passwords", feature = "sessions"))]
mod cross_origin;

#[cfg(feature = "api-keys")]
mod api_keys;
#[cfg(feature = "passwords")]
mod passwords;
#[cfg(feature = "sessions")]
mod sessions;

#[cfg(feature = "api-keys")]
pub use self::api_keys::ApiKeys;
#[cfg(feature = "api-keys")]
pub use self::api_keys::key::{ApiKey, IssuedApiKey, NewApiKey};
#[cfg(feature = "api-keys")]
pub use self::api_keys::key_text::SecretHash;
#[cfg(feature = "api-keys")]
pub use self::api_keys::memory_store::MemoryApiKeyStore;
#[cfg(all(feature = "api-keys", feature = "sea-orm"))]
pub use self::api_keys::sql_store::SqlApiKeyStore;
#[cfg(feature = "api-keys")]
pub use self::api_keys::store::ApiKeyStore;
#[cfg(any(feature = "passwords", feature = "sessions"))]
pub use self::cross_origin::CrossOrigin;
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
#[cfg(feature = "passwords")]
pub use self::passwords::basic::{Account, Accounts, Basic};
#[cfg(feature = "passwords")]
pub use self::passwords::password::{Password, PasswordError};
#[cfg(feature = "passwords")]
pub use self::passwords::{Passwords, Verified};
#[cfg(all(feature = "sessions", feature = "redis"))]
pub use self::sessions::RedisSessionStore;
#[cfg(all(feature = "sessions", feature = "sea-orm"))]
pub use self::sessions::SqlSessionStore;
#[cfg(feature = "sessions")]
pub use self::sessions::{
    MemorySessionStore, Session, SessionInfo, SessionKey, SessionStore, Sessions, StoredSession,
};
#[cfg(any(feature = "jwt", feature = "oauth"))]
pub use self::tokens::bearer::insufficient_scope;
#[cfg(any(feature = "jwt", feature = "oauth"))]
pub use self::tokens::config_error::ConfigError;
