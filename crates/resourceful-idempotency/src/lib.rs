#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod idempotency;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sql")]
mod sql;
mod store;

pub use self::idempotency::Idempotency;
pub use self::memory::MemoryIdempotency;
pub use self::record::{Record, RecordId};
#[cfg(feature = "redis")]
pub use self::redis::RedisIdempotency;
#[cfg(feature = "sql")]
pub use self::sql::SqlIdempotency;
pub use self::store::{Begun, Claim, IdempotencyStore};

/// Responses are kept this long, unless a store is told otherwise.
const RETENTION: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
