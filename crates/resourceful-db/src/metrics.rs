//! Metrics of the database. Their names follow OpenTelemetry's semantic conventions, as far as these define one.
//! Without the feature `metrics`, every function is empty.

pub(crate) use self::recorder::{
    acquired, describe, now, pending_ended, pending_started, retried, statement,
};

#[cfg(feature = "metrics")]
mod recorder {
    use std::time::Instant;

    use deadpool::Status;
    use metrics::{
        Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    };

    const CONNECTIONS: &str = "db.client.connection.count";
    const PENDING: &str = "db.client.connection.pending_requests";
    const STATEMENTS: &str = "db.client.statements";
    const RETRIES: &str = "db.client.retries";
    const WAIT: &str = "db.client.connection.wait_time";

    /// Describes the metrics. Called when a database is opened.
    pub(crate) fn describe() {
        describe_gauge!(CONNECTIONS, "Connections to PostgreSQL, by state.");
        describe_gauge!(
            PENDING,
            "Statements and transactions that wait for a connection; with SQLite also those that run."
        );
        describe_counter!(STATEMENTS, "Statements.");
        describe_counter!(RETRIES, "Statements that were repeated after a conflict.");
        describe_histogram!(
            WAIT,
            Unit::Seconds,
            "Time to get a connection to PostgreSQL."
        );
    }

    pub(crate) fn statement(system: &'static str) {
        counter!(STATEMENTS, "db.system.name" => system).increment(1);
    }

    pub(crate) fn retried() {
        counter!(RETRIES).increment(1);
    }

    pub(crate) fn pending_started() {
        gauge!(PENDING).increment(1);
    }

    pub(crate) fn pending_ended() {
        gauge!(PENDING).decrement(1);
    }

    /// The time at which the wait for a connection begins.
    pub(crate) fn now() -> Instant {
        Instant::now()
    }

    pub(crate) fn acquired(status: Status, started: Instant) {
        let used = status.size.saturating_sub(status.available);
        #[expect(clippy::cast_precision_loss, reason = "there are few connections")]
        for (state, count) in [("used", used as f64), ("idle", status.available as f64)] {
            gauge!(CONNECTIONS, "db.client.connection.state" => state).set(count);
        }
        histogram!(WAIT).record(started.elapsed());
    }
}

#[cfg(not(feature = "metrics"))]
mod recorder {
    use deadpool::Status;

    pub(crate) const fn describe() {}
    pub(crate) const fn statement(_: &'static str) {}
    pub(crate) const fn retried() {}
    pub(crate) const fn pending_started() {}
    pub(crate) const fn pending_ended() {}

    /// No time.
    pub(crate) struct Never;

    pub(crate) const fn now() -> Never {
        Never
    }

    pub(crate) const fn acquired(_: Status, _: Never) {}
}
