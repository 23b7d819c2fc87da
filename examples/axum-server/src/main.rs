//! An axum router on our server: timeouts, limits and a stop that finishes running requests.
//!
//! ```sh
//! cargo run -p axum-server
//! curl 127.0.0.1:8000/
//! curl --http2-prior-knowledge 127.0.0.1:8000/
//! curl 127.0.0.1:8000/ -H "X-Long: $(printf 'x%.0s' {1..20000})"   # 431, before axum reads it
//! curl 127.0.0.1:8000/slow &                                       # finishes ..
//! kill -TERM $(pidof axum-server)                                  # .. after this
//! ```

use std::time::Duration;

use axum::routing::{get, post};
use resourceful::{Result, Server};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::trace::TraceLayer;

fn router() -> axum::Router {
    axum::Router::new()
        .route("/", get(|| async { "axum" }))
        .route("/slow", get(slow))
        .route("/echo", post(|body: String| async move { body }))
        // The server limits connections and heads. The size of bodies and the log of requests
        // belong to the service.
        .layer(RequestBodyLimitLayer::new(64 * 1024))
        .layer(TraceLayer::new_for_http())
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(2)).await;
    "done"
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = Server::bind(bind, router()).await?;
    println!("Listening on http://{}", server.local_addr());
    server
        .idle_timeout(Duration::from_secs(75))
        .shutdown_timeout(Duration::from_secs(25))
        .run()
        .await
}
