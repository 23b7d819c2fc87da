//! What an operator turns on: sockets of systemd's or of its own, a proxy in front, health, a
//! quiet stop, JSON logs, traces and numbers. What it serves is in `api.rs` and `uploads.rs`.
//!
//! | variable | what | default |
//! |---|---|---|
//! | `BIND` | where it listens, where systemd hands over no sockets: `unix:` and a path, or an address | `127.0.0.1:8000` |
//! | `INTERNAL` | the address for `/metrics`, which the public does not see | `127.0.0.1:9100` |
//! | `HOSTS` | the hosts that are served | `localhost,127.0.0.1` |
//! | `PROXIES` | the proxies that are believed | `unix` |
//! | `UPLOADS` | the directory for files | `uploads` |
//! | `DRAIN_DELAY` | seconds from SIGTERM until it takes no more connections | `5` |
//! | `RUST_LOG` | what is logged | `info` |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | where traces go (`http://localhost:4318`); `OTEL_SERVICE_NAME` and the other variables of OpenTelemetry count, too | no traces |
//!
//! ```sh
//! mkdir uploads; cargo run -p production
//! curl 127.0.0.1:8000/notes --json '{"text": "Buy milk."}'
//! curl -N 127.0.0.1:8000/events              # and create another note
//! curl -T README.md 127.0.0.1:8000/files/1   # into uploads/1
//! curl 127.0.0.1:8000/readyz
//! curl 127.0.0.1:9100/metrics
//! ```

mod api;
mod telemetry;
mod uploads;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use resourceful::prelude::*;
use resourceful::{Listener, Server};

use self::telemetry::Telemetry;

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = Telemetry::start()?;
    let outcome = serve(&telemetry).await;
    telemetry.stop();
    outcome
}

async fn serve(telemetry: &Telemetry) -> Result<()> {
    let server = public_server().await?;
    let internal = App::new()
        .get(
            "/metrics",
            public(with_state(telemetry.numbers.clone(), metrics)).without_telemetry(),
        )
        .bind(setting("INTERNAL", "127.0.0.1:9100"))
        .await?;
    tracing::info!(public = %server.local_addr(), internal = %internal.local_addr(), "bound");
    // The numbers are there until the last request is answered.
    tokio::select! {
        outcome = server.run() => outcome,
        outcome = internal.run_until(std::future::pending()) => outcome,
    }
}

async fn metrics(numbers: PrometheusHandle, _: Request) -> Result<String> {
    Ok(numbers.render())
}

async fn public_server() -> Result<Server> {
    let hosts = setting("HOSTS", "localhost,127.0.0.1");
    let proxies = setting("PROXIES", "unix");
    let uploads: Arc<Path> = Path::new(&setting("UPLOADS", "uploads")).into();
    let shutdown_delay = setting("DRAIN_DELAY", "5").parse();
    let shutdown_delay = shutdown_delay.map_err(|_| Error::internal("DRAIN_DELAY is no number"))?;

    let app = App::new()
        .trusted_hosts(hosts.split(','))
        .trusted_proxies(proxies.split(','))
        .timeout(Duration::from_secs(10))
        .health();
    let app = uploads::mount(api::mount(app), uploads);

    let mut handed = Listener::from_systemd()?.into_iter();
    let first = match handed.next() {
        Some(listener) => listener,
        None => own_listener().await?,
    };
    let server = handed.fold(app.listen(first)?, Server::listen);
    Ok(server
        .shutdown_delay(Duration::from_secs(shutdown_delay))
        .shutdown_timeout(Duration::from_secs(20)))
}

async fn own_listener() -> Result<Listener> {
    let bind = setting("BIND", "127.0.0.1:8000");
    match bind.strip_prefix("unix:") {
        Some(path) => Listener::unix(path).await,
        None => Listener::bind(bind).await,
    }
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}
