//! [`Quota`]: a number of requests in a time; [`Taken`]: the rest of it.

use std::time::Duration;

/// A number of requests in a time.
///
/// All of them may come at once. Then they are allowed again one by one, evenly over the time.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use resourceful_rates::Quota;
///
/// assert_eq!(Quota::per_minute(100), Quota::new(100, Duration::from_secs(60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limit: u32,
    window: Duration,
}

/// The longest time of a quota: what scripts of Redis count exactly.
const MAX_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Quota {
    /// So many requests in this time, which is between a millisecond and a year.
    #[must_use]
    pub fn new(limit: u32, window: Duration) -> Self {
        Self {
            limit,
            window: window.clamp(Duration::from_millis(1), MAX_WINDOW),
        }
    }

    /// So many requests in a second.
    #[must_use]
    pub fn per_second(limit: u32) -> Self {
        Self::new(limit, Duration::from_secs(1))
    }

    /// So many requests in a minute.
    #[must_use]
    pub fn per_minute(limit: u32) -> Self {
        Self::new(limit, Duration::from_secs(60))
    }

    /// So many requests in an hour.
    #[must_use]
    pub fn per_hour(limit: u32) -> Self {
        Self::new(limit, Duration::from_secs(60 * 60))
    }

    /// So many requests in a day.
    #[must_use]
    pub fn per_day(limit: u32) -> Self {
        Self::new(limit, Duration::from_secs(24 * 60 * 60))
    }

    /// The number of requests.
    #[must_use]
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// The time.
    #[must_use]
    pub fn window(self) -> Duration {
        self.window
    }

    /// The time after which `cost` requests are allowed again, rounded up; `None` if there are never so many.
    pub(crate) fn time_of(self, cost: u32) -> Option<Duration> {
        if cost > self.limit {
            return None;
        }
        let nanos = self.window.as_nanos() * u128::from(cost);
        let nanos = nanos.div_ceil(u128::from(self.limit.max(1)));
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }

    /// The state after a request for `cost`, of a quota that is whole again after `used`; `None`: it is not allowed.
    pub(crate) fn take(self, used: Duration, cost: u32) -> Option<Duration> {
        let next = used + self.time_of(cost)?;
        (next <= self.window).then_some(next)
    }

    /// The rest of it, if it is whole again after `used`.
    pub(crate) fn taken(self, used: Duration, is_allowed: bool, cost: u32) -> Taken {
        let left = self.window.saturating_sub(used);
        let remaining = left.as_nanos() * u128::from(self.limit) / self.window.as_nanos();
        let retry_after = match self.time_of(cost) {
            None => self.window,
            Some(needed) => (used + needed).saturating_sub(self.window),
        };
        Taken {
            is_allowed,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset: used,
            retry_after: if is_allowed {
                Duration::ZERO
            } else {
                retry_after
            },
        }
    }
}

/// The rest of a quota after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether the request is allowed.
    pub is_allowed: bool,
    /// The requests that are allowed now.
    pub remaining: u32,
    /// The time after which the quota is whole again.
    pub reset: Duration,
    /// The time after which the request is allowed; zero if it is.
    pub retry_after: Duration,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A bucket of `limit` tokens that is filled evenly, in exact fractions: tokens times the window in nanoseconds.
    struct Bucket {
        quota: Quota,
        level: u128,
    }

    impl Bucket {
        fn full(quota: Quota) -> Self {
            let level = u128::from(quota.limit()) * quota.window().as_nanos();
            Self { quota, level }
        }

        fn wait(&mut self, time: Duration) {
            let full = Self::full(self.quota).level;
            let more = time.as_nanos() * u128::from(self.quota.limit());
            self.level = full.min(self.level + more);
        }

        fn take(&mut self, cost: u32) -> bool {
            let cost = u128::from(cost) * self.quota.window().as_nanos();
            let is_allowed = cost <= self.level;
            if is_allowed {
                self.level -= cost;
            }
            is_allowed
        }
    }

    proptest! {
        /// Windows that the limit divides have no rounding.
        #[test]
        fn a_quota_is_a_bucket(
            limit in 1_u32..50,
            unit in 1_u64..1000,
            steps in proptest::collection::vec((0_u64..100_000_000, 0_u32..60), 1..100),
        ) {
            let quota = Quota::new(limit, Duration::from_millis(unit * u64::from(limit)));
            let (mut bucket, mut used) = (Bucket::full(quota), Duration::ZERO);
            for (wait, cost) in steps {
                let wait = Duration::from_nanos(wait);
                bucket.wait(wait);
                used = used.saturating_sub(wait);
                let next = quota.take(used, cost);
                prop_assert_eq!(next.is_some(), bucket.take(cost));
                let taken = quota.taken(next.unwrap_or(used), next.is_some(), cost);
                let tokens = bucket.level / quota.window().as_nanos();
                prop_assert_eq!(u128::from(taken.remaining), tokens);
                // The request is allowed after that time, and not a nanosecond before.
                if next.is_none() && cost <= limit {
                    let later = used.saturating_sub(taken.retry_after);
                    prop_assert!(quota.take(later, cost).is_some());
                    let before = taken.retry_after.saturating_sub(Duration::from_nanos(1));
                    prop_assert!(quota.take(used.saturating_sub(before), cost).is_none());
                }
                used = next.unwrap_or(used);
            }
        }
    }

    #[test]
    fn extremes_have_answers() {
        let none = Quota::new(0, Duration::ZERO);
        assert_eq!(none.take(Duration::ZERO, 1), None);
        assert_eq!(none.taken(Duration::ZERO, false, 1).remaining, 0);
        assert_eq!(none.window(), Duration::from_millis(1));
        let all = Quota::new(u32::MAX, Duration::MAX);
        assert!(all.take(Duration::ZERO, u32::MAX).is_some());
        assert_eq!(all.take(Duration::from_secs(400 * 24 * 60 * 60), 1), None);
        assert_eq!(Quota::per_day(1).take(Duration::ZERO, 2), None);
    }
}
