//! Telemetry: a JSON log line and a span per request, and metrics.

use std::collections::HashMap;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use resourceful::prelude::*;
use resourceful::{TraceContext, set_trace_context};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

/// Histogram buckets in seconds, by the semantic conventions of OpenTelemetry.
const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

pub(crate) struct Telemetry {
    pub(crate) metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    pub(crate) fn start() -> Result<Self> {
        let endpoint = std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT");
        let provider = endpoint.map(|_| traces()).transpose()?;
        if provider.is_some() {
            set_trace_context(W3cTraces(TraceContextPropagator::new()));
        }
        let spans = provider.as_ref().map(|provider| {
            let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
            tracing_opentelemetry::layer().with_tracer(tracer)
        });
        // The layer and the exporter also log through this subscriber.
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let lines = fmt::layer().json().flatten_event(true);
        tracing_subscriber::registry()
            .with(filter)
            .with(lines.with_span_list(false))
            .with(spans)
            .init();
        Ok(Self {
            metrics: metrics()?,
            traces: provider,
        })
    }

    /// Sends the remaining spans.
    pub(crate) fn stop(self) {
        if let Some(Err(error)) = self.traces.map(|traces| traces.shutdown()) {
            tracing::warn!(error = error.to_string(), "the last spans may be lost");
        }
    }
}

/// Continues traces of clients and of other replicas, by OpenTelemetry.
struct W3cTraces(TraceContextPropagator);

impl TraceContext for W3cTraces {
    fn traceparent(&self) -> Option<String> {
        let mut fields = HashMap::new();
        let context = Span::current().context();
        self.0.inject_context(&context, &mut fields);
        fields.remove("traceparent")
    }

    fn continue_trace(&self, span: &Span, traceparent: &str) {
        let field = ("traceparent".to_owned(), traceparent.to_owned());
        let parent = self.0.extract(&HashMap::from([field]));
        // A span that no layer records has no parent.
        let _ = span.set_parent(parent);
    }
}

/// Exports traces in batches, from a separate thread.
fn traces() -> Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.map_err(Error::internal)?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter);
    Ok(provider.build())
}

fn metrics() -> Result<PrometheusHandle> {
    let metrics = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(Error::internal)?;
    let upkeep = metrics.clone();
    // Without upkeep, measurements pile up between two scrapes.
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    Ok(metrics)
}
