//! `/users/..`: users of the external service.
//!
//! Coming from Django: instead of `asyncio.gather(..., return_exceptions=True)`, use `tokio::join!`
//! for a few calls of different types, and `gather` for many of one type. Each call has its own
//! `Result`.

mod batch;
mod dashboard;
mod sync;

pub(crate) use self::batch::{about_batch, batch};
pub(crate) use self::dashboard::{about_dashboard, dashboard};
pub(crate) use self::sync::{about_sync, sync};
