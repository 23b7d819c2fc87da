//! Metrics of jobs. Without the feature `metrics`, every function is empty.

pub(crate) use self::recorder::{describe, ended};

#[cfg(feature = "metrics")]
mod recorder {
    use std::time::Duration;

    use metrics::{Unit, describe_histogram, histogram};

    const DURATION: &str = "outbox.job.duration";

    /// Describes the metrics. Called when a worker starts.
    pub(crate) fn describe() {
        describe_histogram!(
            DURATION,
            Unit::Seconds,
            "Attempts of jobs, by the name of the job and the outcome: done, failed, dead, lost, not_begun or not_removed."
        );
    }

    pub(crate) fn ended(job: &'static str, outcome: &'static str, duration: Duration) {
        histogram!(DURATION, "job.name" => job, "outcome" => outcome).record(duration);
    }
}

#[cfg(not(feature = "metrics"))]
mod recorder {
    use std::time::Duration;

    pub(crate) fn describe() {}

    pub(crate) fn ended(_: &'static str, _: &'static str, _: Duration) {}
}
