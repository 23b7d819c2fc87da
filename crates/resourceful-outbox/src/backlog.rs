//! [`Backlog`]: how many jobs wait.

use std::time::Duration;

/// Jobs are counted up to this number, so that a long backlog costs no more than a short one.
pub(crate) const MAX_COUNT: u32 = 10_000;

/// The jobs of an outbox that wait, of all types and for all workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Jobs that are due and wait for a worker, up to 10,000. Those that run, and those that are due later, do not count.
    pub due: u32,
    /// The time for which the first of them has been due.
    pub delay: Duration,
    /// Dead letters, up to 10,000.
    pub dead: u32,
}
