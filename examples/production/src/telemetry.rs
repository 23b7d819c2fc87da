//! What the operator sees: a line of JSON for each request, its span, and numbers.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use resourceful::prelude::*;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

/// In seconds, as the semantic conventions of OpenTelemetry have them.
const DURATIONS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

pub(crate) struct Telemetry {
    pub(crate) numbers: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    pub(crate) fn start() -> Result<Self> {
        let wanted = std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT");
        let provider = wanted.map(|_| traces()).transpose()?;
        let spans = provider.as_ref().map(|provider| {
            let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
            tracing_opentelemetry::layer().with_tracer(tracer)
        });
        // The layer and the exporter log, too: their words are lines like others.
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let lines = fmt::layer().json().flatten_event(true);
        tracing_subscriber::registry()
            .with(filter)
            .with(lines.with_span_list(false))
            .with(spans)
            .init();
        Ok(Self {
            numbers: numbers()?,
            traces: provider,
        })
    }

    /// Sends the spans that have not been sent yet.
    pub(crate) fn stop(self) {
        if let Some(Err(error)) = self.traces.map(|traces| traces.shutdown()) {
            tracing::warn!(error = error.to_string(), "the last spans may be lost");
        }
    }
}

/// In batches, by a thread of their own.
fn traces() -> Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.map_err(Error::internal)?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter);
    Ok(provider.build())
}

fn numbers() -> Result<PrometheusHandle> {
    let numbers = PrometheusBuilder::new()
        .set_buckets(&DURATIONS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(Error::internal)?;
    let kept = numbers.clone();
    // Else what is measured piles up while nobody asks for it.
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            kept.run_upkeep();
        }
    });
    Ok(numbers)
}
