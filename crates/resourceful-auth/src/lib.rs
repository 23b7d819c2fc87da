#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

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
#[cfg(all(feature = "sessions", feature = "redis"))]
pub use self::sessions::RedisSessionStore;
#[cfg(all(feature = "sessions", feature = "sea-orm"))]
pub use self::sessions::SqlSessionStore;
#[cfg(feature = "passwords")]
pub use self::passwords::basic::{Account, Accounts, Basic};
#[cfg(feature = "passwords")]
pub use self::passwords::password::{Password, PasswordError};
#[cfg(feature = "passwords")]
pub use self::passwords::{Passwords, Verified};
#[cfg(feature = "sessions")]
pub use self::sessions::{
    MemorySessionStore, Session, SessionInfo, SessionKey, SessionStore, Sessions, StoredSession,
};
