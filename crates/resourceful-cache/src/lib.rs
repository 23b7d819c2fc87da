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
pub use self::store::Store;
