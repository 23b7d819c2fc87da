//! [`TraceContext`]: continues traces of other processes (W3C Trace Context).

use std::sync::OnceLock;

use tracing::Span;

static INSTALLED: OnceLock<Box<dyn TraceContext>> = OnceLock::new();

/// Connects the spans of this process with those of others by a `traceparent` (W3C Trace Context, section 3.2): the adapter
/// to a tracing system such as OpenTelemetry, of which this library knows nothing.
///
/// With one installed, a request continues the trace of its client. Jobs of `resourceful-outbox` and calls of
/// `resourceful-client` continue that of the request, and so does a message of `resourceful-bus`: a span in each process that
/// it reaches. Without one, each has a trace of its own.
///
/// # Examples
/// ```
/// use resourceful::{TraceContext, set_trace_context};
///
/// struct NoTraces;
///
/// impl TraceContext for NoTraces {
///     fn traceparent(&self) -> Option<String> {
///         None
///     }
///
///     fn continue_trace(&self, span: &tracing::Span, traceparent: &str) {
///         let _ = (span, traceparent);
///     }
/// }
///
/// assert!(set_trace_context(NoTraces));
/// ```
///
/// `examples/production` has the one of OpenTelemetry.
pub trait TraceContext: Send + Sync + 'static {
    /// The `traceparent` of the current span: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. `None` if the span
    /// is in no trace.
    fn traceparent(&self) -> Option<String>;

    /// Makes a span, which has just been created, a child of the span with this `traceparent`. A client may have sent it, so
    /// it may be any text of at most 512 bytes.
    fn continue_trace(&self, span: &Span, traceparent: &str);
}

/// Longest `traceparent` in bytes that is looked at.
const MAX_LEN: usize = 512;

/// Installs the trace context of this process. Returns `false`, and changes nothing, if there is one already.
///
/// # Examples
/// See [`TraceContext`].
pub fn set_trace_context(context: impl TraceContext) -> bool {
    INSTALLED.set(Box::new(context)).is_ok()
}

/// The `traceparent` of the current span, if a [`TraceContext`] is installed: to send it to another process.
///
/// # Examples
/// ```
/// assert_eq!(resourceful::traceparent(), None);
/// ```
#[must_use]
pub fn traceparent() -> Option<String> {
    INSTALLED.get()?.traceparent()
}

/// Makes a span, which has just been created, a child of the span with the `traceparent` of another process, if a
/// [`TraceContext`] is installed.
///
/// # Examples
/// ```
/// let span = tracing::info_span!("work");
/// resourceful::continue_trace(&span, Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
/// ```
pub fn continue_trace(span: &Span, traceparent: Option<&str>) {
    if let Some(context) = INSTALLED.get()
        && let Some(traceparent) = traceparent.filter(|text| text.len() <= MAX_LEN)
        && !span.is_disabled()
    {
        context.continue_trace(span, traceparent);
    }
}
