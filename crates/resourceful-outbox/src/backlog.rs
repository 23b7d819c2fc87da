//! [`Backlog`]: how many jobs wait.

use std::time::Duration;

/// The counts stop at this number, so that a long backlog costs no more than a short one.
pub(crate) const MAX_COUNT: u32 = 10_000;

/// The jobs of an outbox that wait, of all types and for all workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Jobs that are due and wait for a worker. Those that run, and those that are due later, do not count. The count stops
    /// at 10,000.
    pub due: u32,
    /// The time for which the first of them has been due; zero if there is none.
    pub delay: Duration,
    /// Dead letters. The count stops at 10,000.
    pub dead: u32,
}
