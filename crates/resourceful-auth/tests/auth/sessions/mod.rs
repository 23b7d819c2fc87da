//! Sessions with cookies.

mod clocks;
mod cookies;
mod data;
mod dropped;
#[cfg(feature = "redis")]
mod redis;
mod sign_in;
mod sign_out;
mod site;
#[cfg(feature = "sea-orm")]
mod sql;
mod stores;
