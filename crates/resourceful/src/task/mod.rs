//! Ways to run a future: with a timeout, with panics caught, several at once, detached from its client,
//! on a thread that may block. Endpoints use them for hooks, applications for their own work.

pub(crate) mod blocking;
pub(crate) mod catch_panic;
pub(crate) mod detached;
pub(crate) mod gather;
pub(crate) mod running;
pub(crate) mod timeout;
