#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod limited;
mod memory;
mod per_address;
mod quota;
mod rates;
#[cfg(feature = "redis")]
mod redis;
mod store;

pub use self::limited::{CallerLimit, Limited};
pub use self::memory::MemoryRates;
pub use self::per_address::{AddressLimit, PerAddress};
pub use self::quota::{Quota, Taken};
pub use self::rates::Rates;
#[cfg(feature = "redis")]
pub use self::redis::RedisRates;
pub use self::store::RateStore;
