//! The pause before the next attempt.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Pauses that double, with jitter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// The pause after the attempt of this number (from 1): between a half of the doubled pause and all of it, so that jobs
    /// that failed together are not repeated together.
    pub(crate) fn after(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let pause = self.first.saturating_mul(1 << doublings).min(self.max);
        // `RandomState` is the standard library's source of random numbers.
        let random = RandomState::new().hash_one(()) % 1024;
        let random = u32::try_from(random).unwrap_or_default();
        pause / 2 + pause / 2 * random / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            max: Duration::from_hours(1),
        };
        for (attempt, seconds) in [
            (1, 1),
            (2, 2),
            (3, 4),
            (12, 2048),
            (13, 3600),
            (u32::MAX, 3600),
        ] {
            let pauses: Vec<_> = (0..100).map(|_| backoff.after(attempt)).collect();
            let whole = Duration::from_secs(seconds);
            assert!(
                pauses
                    .iter()
                    .all(|pause| (whole / 2..=whole).contains(pause))
            );
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }
}
