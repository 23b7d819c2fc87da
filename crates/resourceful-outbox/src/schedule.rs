//! [`Schedule`]: the times at which a job is enqueued.

use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use resourceful::{Error, Result};

/// The times at which a job is enqueued.
#[derive(Clone, Debug)]
pub struct Schedule {
    times: Times,
    /// Tells two schedules apart.
    definition: String,
}

#[derive(Clone, Debug)]
enum Times {
    Cron(Box<Cron>),
    /// Milliseconds.
    Every(i64),
}

impl Schedule {
    /// The times of a cron expression, in UTC: minute, hour, day, month and day of the week, with seconds in front of them if
    /// there are six fields.
    ///
    /// # Errors
    /// 500 if the expression is invalid.
    ///
    /// # Examples
    /// ```
    /// use resourceful_outbox::Schedule;
    ///
    /// let nightly = Schedule::cron("0 3 * * *")?;
    /// # assert!(Schedule::cron("61 3 * * *").is_err());
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    pub fn cron(expression: &str) -> Result<Self> {
        let parser = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build();
        let cron = parser.parse(expression).map_err(|error| {
            Error::internal(format!(
                "the cron expression `{expression}` is invalid: {error}"
            ))
        })?;
        Ok(Self {
            times: Times::Cron(Box::new(cron)),
            definition: format!("cron {expression}"),
        })
    }

    /// The multiples of this time since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// 500 if it is less than 10 milliseconds, or more than a year.
    pub fn every(period: Duration) -> Result<Self> {
        let milliseconds = i64::try_from(period.as_millis()).unwrap_or(i64::MAX);
        if !(10..=366 * 24 * 60 * 60 * 1000).contains(&milliseconds) {
            return Err(Error::internal(
                "the period of a schedule is at least 10 milliseconds and at most a year",
            ));
        }
        Ok(Self {
            times: Times::Every(milliseconds),
            definition: format!("every {milliseconds} ms"),
        })
    }

    pub(crate) fn definition(&self) -> &str {
        &self.definition
    }

    /// The first time after this one. `None`: there is none.
    pub(crate) fn next_after(&self, time: i64) -> Option<i64> {
        match &self.times {
            Times::Every(period) => time
                .div_euclid(*period)
                .checked_add(1)?
                .checked_mul(*period),
            Times::Cron(cron) => {
                let time: DateTime<Utc> = DateTime::from_timestamp_millis(time)?;
                let next = cron.find_next_occurrence(&time, false).ok()?;
                Some(next.timestamp_millis())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
        let from: DateTime<Utc> = from.parse().unwrap();
        let mut time = from.timestamp_millis();
        let next = std::iter::from_fn(|| {
            time = schedule.next_after(time)?;
            Some(DateTime::from_timestamp_millis(time)?.to_string())
        });
        next.take(count).collect()
    }

    #[test]
    fn times_follow_each_other() {
        for (expression, expected) in [
            (
                "0 3 * * *",
                ["2026-03-01 03:00:00 UTC", "2026-03-02 03:00:00 UTC"],
            ),
            (
                "*/15 * * * *",
                ["2026-02-28 23:15:00 UTC", "2026-02-28 23:30:00 UTC"],
            ),
            (
                "*/20 * * * * *",
                ["2026-02-28 23:00:20 UTC", "2026-02-28 23:00:40 UTC"],
            ),
            (
                "0 0 29 2 *",
                ["2028-02-29 00:00:00 UTC", "2032-02-29 00:00:00 UTC"],
            ),
        ] {
            let schedule = Schedule::cron(expression).unwrap();
            assert_eq!(times(&schedule, "2026-02-28T23:00:00Z", 2), expected);
        }
        let schedule = Schedule::every(Duration::from_millis(1500)).unwrap();
        assert_eq!(
            times(&schedule, "1970-01-01T00:00:01Z", 3),
            [
                "1970-01-01 00:00:01.500 UTC",
                "1970-01-01 00:00:03 UTC",
                "1970-01-01 00:00:04.500 UTC"
            ]
        );
    }

    #[test]
    fn what_is_no_schedule_is_an_error() {
        for expression in ["", "* * * *", "60 * * * *", "* * * * * * *", "tomorrow"] {
            assert_eq!(Schedule::cron(expression).unwrap_err().status(), 500);
        }
        for period in [Duration::ZERO, Duration::from_millis(9), Duration::MAX] {
            assert!(Schedule::every(period).is_err());
        }
        // A day that no year has.
        let never = Schedule::cron("0 0 31 2 *");
        assert_eq!(never.ok().and_then(|never| never.next_after(0)), None);
    }
}
