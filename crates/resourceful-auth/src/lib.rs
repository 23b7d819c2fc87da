#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "passwords", feature = "sessions"))]
mod cross_origin;
#[cfg(feature = "sessions")]
mod sessions;

#[cfg(any(feature = "passwords", feature = "sessions"))]
pub use self::cross_origin::CrossOrigin;
#[cfg(all(feature = "sessions", feature = "redis"))]
pub use self::sessions::RedisSessionStore;
#[cfg(all(feature = "sessions", feature = "sea-orm"))]
pub use self::sessions::SqlSessionStore;
#[cfg(feature = "sessions")]
pub use self::sessions::{
    MemorySessionStore, Session, SessionInfo, SessionKey, SessionStore, Sessions, StoredSession,
};
