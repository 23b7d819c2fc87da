//! `/users/..`: what the external service knows of users.
//!
//! Coming from Django: `asyncio.gather(..., return_exceptions=True)` is `tokio::join!` for a few
//! calls of different types and `gather` for many of one; each outcome is a `Result` of its own.

mod batch;
mod dashboard;
mod sync;

pub(crate) use self::batch::{about_batch, batch};
pub(crate) use self::dashboard::{about_dashboard, dashboard};
pub(crate) use self::sync::{about_sync, sync};
