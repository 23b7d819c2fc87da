//! Ways to run a future: with a time limit, with panics caught, several at once, detached from
//! its client, on a thread that may block.

pub(crate) mod blocking;
pub(crate) mod catch_panic;
pub(crate) mod detached;
pub(crate) mod gather;
pub(crate) mod timeout;
