//! A production setup: any number of replicas with sockets of systemd or their own, behind a proxy, with PostgreSQL and
//! Redis; health checks, graceful shutdown, JSON logs, traces and metrics. The API is in `api.rs` and `uploads.rs`; the
//! files beside `src` deploy two replicas.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `BIND` | address, or `unix:` and a path; ignored if systemd passes sockets | `127.0.0.1:8000` |
//! | `INTERNAL` | address of `/metrics`, which is not public | `127.0.0.1:9100` |
//! | `HOSTS` | hosts that are served | `localhost,127.0.0.1` |
//! | `PROXIES` | trusted proxies | `unix` |
//! | `DATABASE_URL` | SQLite for one machine, PostgreSQL for several | `sqlite://production.sqlite3` |
//! | `REDIS_URL` | carries events to all replicas | events stay in this process |
//! | `UPLOADS` | directory for files | `uploads` |
//! | `SHUTDOWN_DELAY` | seconds from SIGTERM until the server accepts no more connections | `5` |
//! | `RUST_LOG` | log filter | `info` |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | endpoint for traces (`http://localhost:4318`); the other variables of OpenTelemetry also work, for example `OTEL_SERVICE_NAME` | no traces |
//!
//! ```sh
//! mkdir uploads; cargo run -p production
//! curl 127.0.0.1:8000/notes --json '{"text": "Buy milk."}'
//! curl -N 127.0.0.1:8000/events              # then create another note
//! curl -T README.md 127.0.0.1:8000/files/1   # stores uploads/1
//! curl 127.0.0.1:8000/readyz
//! curl 127.0.0.1:9100/metrics
//! ```

mod api;
mod news;
mod tables;
mod telemetry;
mod uploads;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use resourceful::prelude::*;
use resourceful::{Listener, Server};
use resourceful_bus::{Bus, MemoryBroker, RedisBroker};
use resourceful_db::Db;
use resourceful_outbox::{Outbox, Worker};

use self::news::Announce;
use self::tables::Migrator;
use self::telemetry::Telemetry;

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = Telemetry::start()?;
    let result = serve(&telemetry).await;
    telemetry.stop();
    result
}

async fn serve(telemetry: &Telemetry) -> Result<()> {
    let server = public_server().await?;
    let internal = App::new()
        .get(
            "/metrics",
            public(metrics)
                .state(&telemetry.metrics)
                .without_telemetry(),
        )
        .bind(setting("INTERNAL", "127.0.0.1:9100"))
        .await?;
    tracing::info!(public = %server.local_addr(), internal = %internal.local_addr(), "bound");
    // Metrics are served until the last request is complete.
    tokio::select! {
        result = server.run() => result,
        result = internal.run_until(std::future::pending()) => result,
    }
}

/// All metrics, for Prometheus.
#[endpoint]
async fn metrics(recorder: &PrometheusHandle) -> Result<String> {
    Ok(recorder.render())
}

async fn public_server() -> Result<Server> {
    let hosts = setting("HOSTS", "localhost,127.0.0.1");
    let proxies = setting("PROXIES", "unix");
    let uploads: Arc<Path> = Path::new(&setting("UPLOADS", "uploads")).into();
    let shutdown_delay = setting("SHUTDOWN_DELAY", "5").parse();
    let shutdown_delay =
        shutdown_delay.map_err(|_| Error::internal("SHUTDOWN_DELAY is not a number"))?;

    // One of the replicas migrates; no one listens before.
    let db = Db::connect(&setting("DATABASE_URL", "sqlite://production.sqlite3")).await?;
    db.migrate::<Migrator>().await?;
    let bus = match std::env::var("REDIS_URL") {
        Ok(url) => Bus::new(RedisBroker::new(&url).map_err(Error::internal)?),
        Err(_) => Bus::new(MemoryBroker::default()),
    };
    let outbox = Outbox::new(db.clone()).await?;
    // To announce a note takes milliseconds. If the process ends meanwhile, another replica does it after this time.
    let worker = Worker::new(&outbox)
        .lease(Duration::from_secs(10))
        .drain_timeout(Duration::from_secs(5))
        .job::<Announce>(bus.clone())
        .start()?;

    let app = App::new()
        .trusted_hosts(hosts.split(','))
        .trusted_proxies(proxies.split(','))
        .timeout(Duration::from_secs(10))
        .health()
        .on_stop(|| worker.drain());
    let app = uploads::mount(api::mount(app, db, outbox, bus), uploads);

    let mut listeners = Listener::from_systemd()?.into_iter();
    let first = match listeners.next() {
        Some(listener) => listener,
        None => own_listener().await?,
    };
    let server = listeners.fold(app.listen(first)?, Server::listen);
    // The proxy opens the connections of all clients.
    Ok(server
        .max_connections_per_peer(10_000)
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
