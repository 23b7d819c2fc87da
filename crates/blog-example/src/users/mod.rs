//! `/users/..`: users of the external service.
//!
//! Coming from Django: instead of `asyncio.gather(..., return_exceptions=True)`, use `tokio::join!`
//! for a few calls of different types, and `gather` for many of one type. Each call has its own
//! `Result`.

mod batch;
mod dashboard;
mod sync;

pub(crate) use self::batch::fetch_batch;
pub(crate) use self::dashboard::fetch_dashboard;
pub(crate) use self::sync::{Copies, sync_user};
