//! Metrics of requests and connections. Their names follow OpenTelemetry's semantic conventions, as
//! far as these define one. Without the feature `metrics`, every function is empty.

pub(crate) use self::recorder::{
    ConnectionGauge, describe, refused, request_ended, request_started,
};

#[cfg(feature = "metrics")]
mod recorder {
    use std::time::Duration;

    use http::{Method, StatusCode};
    use metrics::{
        Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    };

    /// Describes the metrics. Called when serving starts: by then the application has installed its
    /// recorder.
    pub(crate) fn describe() {
        describe_counter!("http.server.requests", "Completed requests.");
        describe_histogram!(
            "http.server.request.duration",
            Unit::Seconds,
            "Time from the head of a request to the end of its response."
        );
        describe_gauge!("http.server.active_requests", "Running requests.");
        describe_gauge!("http.server.open_connections", "Open connections.");
        describe_counter!(
            "http.server.refused",
            "Connections and requests that the server refused, by reason."
        );
    }

    /// Returns `_OTHER` for an unknown method: clients can invent methods, and a label must have
    /// few values.
    fn name(method: &Method) -> &'static str {
        const KNOWN: [&str; 9] = [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
        ];
        let known = KNOWN.into_iter().find(|known| *known == method.as_str());
        known.unwrap_or("_OTHER")
    }

    pub(crate) fn request_started(method: &Method) {
        gauge!("http.server.active_requests", "http.request.method" => name(method)).increment(1);
    }

    pub(crate) fn request_ended(
        method: &Method,
        route: &str,
        status: Option<StatusCode>,
        time: Duration,
    ) {
        gauge!("http.server.active_requests", "http.request.method" => name(method)).decrement(1);
        let status = status.map_or_else(
            || "abandoned".to_owned(),
            |status| status.as_str().to_owned(),
        );
        let labels = [
            ("http.request.method", name(method).to_owned()),
            ("http.route", route.to_owned()),
            ("http.response.status_code", status),
        ];
        counter!("http.server.requests", &labels).increment(1);
        histogram!("http.server.request.duration", &labels).record(time);
    }

    /// Counts a connection that the server closed, or a request that it refused, for this reason.
    pub(crate) fn refused(reason: &'static str) {
        counter!("http.server.refused", "reason" => reason).increment(1);
    }

    /// Counts as an open connection until dropped.
    #[derive(Debug)]
    pub(crate) struct ConnectionGauge;

    impl ConnectionGauge {
        pub(crate) fn new() -> Self {
            gauge!("http.server.open_connections").increment(1);
            Self
        }
    }

    impl Drop for ConnectionGauge {
        fn drop(&mut self) {
            gauge!("http.server.open_connections").decrement(1);
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod recorder {
    use std::time::Duration;

    use http::{Method, StatusCode};

    pub(crate) fn request_started(_: &Method) {}

    pub(crate) fn request_ended(_: &Method, _: &str, _: Option<StatusCode>, _: Duration) {}

    pub(crate) fn refused(_: &'static str) {}

    pub(crate) fn describe() {}

    #[derive(Debug)]
    pub(crate) struct ConnectionGauge;

    impl ConnectionGauge {
        pub(crate) fn new() -> Self {
            Self
        }
    }
}
