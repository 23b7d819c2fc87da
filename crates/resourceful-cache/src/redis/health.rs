//! Is the server asked? After a few failures in a row it is left alone for a while.

use std::time::Duration;

use tokio::time::Instant;

/// How many operations in a row fail before the server counts as away. One alone may have met a
/// single slow moment: a large value, a busy machine.
const FAILURES: u32 = 3;

/// How long a server that is away is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// What the last operations came to.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// How many failed since the last answer.
    failures: u32,
    failed_at: Option<Instant>,
    away_until: Option<Instant>,
}

/// What a change of [`Health`] is to the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    WentAway,
    CameBack,
}

impl Health {
    pub(super) fn is_away(&self, now: Instant) -> bool {
        self.away_until.is_some_and(|until| now < until)
    }

    /// An operation was answered.
    pub(super) fn answered(&mut self) -> Change {
        let was_away = self.away_until.is_some();
        *self = Self::default();
        if was_away {
            Change::CameBack
        } else {
            Change::None
        }
    }

    /// An operation that began at `began` was not answered. Is the server away, so that its
    /// connection is of no use either? [`Self::leave_alone`] is next, then.
    pub(super) fn failed(&mut self, began: Instant, now: Instant) -> bool {
        // Of many operations at the same time, all of which met the same slow moment, one counts.
        if self.failed_at.is_none_or(|failed_at| began >= failed_at) {
            self.failures += 1;
            self.failed_at = Some(now);
            return self.failures >= FAILURES;
        }
        false
    }

    pub(super) fn leave_alone(&mut self, now: Instant) -> Change {
        let was_away = self.away_until.replace(now + PAUSE).is_some();
        if was_away {
            Change::None
        } else {
            Change::WentAway
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(20);

    #[test]
    fn three_failures_in_a_row_are_away() {
        let (mut health, start) = (Health::default(), Instant::now());
        let mut times = (0..).map(|number| start + number * STEP);
        let mut fail = |health: &mut Health| {
            let began = times.next().unwrap();
            health.failed(began, began + STEP)
        };
        assert_eq!([fail(&mut health), fail(&mut health)], [false, false]);
        // An answer between them makes all the difference.
        assert_eq!(health.answered(), Change::None);
        let outcomes = [(); 4].map(|()| fail(&mut health));
        assert_eq!(outcomes, [false, false, true, true]);
        assert_eq!(health.leave_alone(start), Change::WentAway);
        assert_eq!(health.leave_alone(start), Change::None);
        assert!(health.is_away(start));
        assert!(!health.is_away(start + PAUSE));
        // Still away until it answers: one look a second is enough.
        assert!(fail(&mut health));
        assert_eq!(health.answered(), Change::CameBack);
        assert!(!health.is_away(start));
    }

    #[test]
    fn a_hundred_failures_at_the_same_time_are_one() {
        let (mut health, now) = (Health::default(), Instant::now());
        for _ in 0..100 {
            assert!(!health.failed(now, now + STEP));
        }
    }
}
