#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod store;

mod memory;
#[cfg(feature = "redis")]
mod redis;

mod single_flight;

mod cache;

pub use self::cache::Cache;
pub use self::memory::Memory;
#[cfg(feature = "redis")]
pub use self::redis::Redis;
#[cfg(feature = "redis")]
#[doc(hidden)]
pub use self::redis::{ServerAddress, ServerStream};
pub use self::store::Store;
