//! Metrics of jobs. Without the feature `metrics`, every function is empty.

pub(crate) use self::recorder::{counted, describe, ended};

/// Whether anything is recorded.
pub(crate) const ARE_RECORDED: bool = cfg!(feature = "metrics");

#[cfg(feature = "metrics")]
mod recorder {
    use std::time::Duration;

    use metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};

    use crate::backlog::{Backlog, MAX_COUNT};

    const DURATION: &str = "outbox.job.duration";
    const DUE: &str = "outbox.job.due";
    const DELAY: &str = "outbox.job.delay";
    const DEAD: &str = "outbox.job.dead";

    /// Describes the metrics. Called when a worker starts.
    pub(crate) fn describe() {
        describe_histogram!(
            DURATION,
            Unit::Seconds,
            "Attempts of jobs, by the name of the job and the outcome: done, failed, dead, lost, not_begun or not_removed."
        );
        let due =
            format!("Jobs that are due and wait for a worker. The count stops at {MAX_COUNT}.");
        describe_gauge!(DUE, Unit::Count, due);
        let delay = "The time for which the first of these jobs has been due.";
        describe_gauge!(DELAY, Unit::Seconds, delay);
        let dead = format!("Dead letters. The count stops at {MAX_COUNT}.");
        describe_gauge!(DEAD, Unit::Count, dead);
    }

    pub(crate) fn ended(job: &'static str, outcome: &'static str, duration: Duration) {
        histogram!(DURATION, "job.name" => job, "outcome" => outcome).record(duration);
    }

    /// `None`: the backlog is not known.
    pub(crate) fn counted(backlog: Option<Backlog>) {
        let value = |of: fn(Backlog) -> f64| backlog.map_or(f64::NAN, of);
        gauge!(DUE).set(value(|backlog| backlog.due.into()));
        gauge!(DELAY).set(value(|backlog| backlog.delay.as_secs_f64()));
        gauge!(DEAD).set(value(|backlog| backlog.dead.into()));
    }
}

#[cfg(not(feature = "metrics"))]
mod recorder {
    use std::time::Duration;

    use crate::backlog::Backlog;

    pub(crate) fn describe() {}

    pub(crate) fn ended(_: &'static str, _: &'static str, _: Duration) {}

    pub(crate) fn counted(_: Option<Backlog>) {}
}
