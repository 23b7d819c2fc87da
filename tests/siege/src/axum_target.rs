//! The other target: an axum router on the default server, with the paths that its rows use.

use std::convert::Infallible;
use std::io::Write;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use resourceful::Server;
use tokio::time::sleep;

use crate::target::{CHUNK, LARGE, MADE};

pub(crate) fn is_chosen() -> bool {
    std::env::var("SIEGE_TARGET").is_ok_and(|target| target == "axum")
}

pub(crate) async fn serve() -> crate::Result<()> {
    let whole = Bytes::from(vec![0; LARGE]);
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/slow", get(slow))
        .route("/large", get(large))
        .route("/made", get(|| async { vec![b'x'; MADE] }))
        .route("/whole", get(|| async move { whole.clone() }))
        .route("/body", post(measure));
    let server = Server::bind("127.0.0.1:0", router).await?;
    println!("http://{}", server.local_addr());
    Ok(server.run().await?)
}

/// See `slow` of the other target.
async fn slow(RawQuery(number): RawQuery) -> &'static str {
    let number = number.unwrap_or_default();
    let _ = writeln!(std::io::stdout(), "began {number}");
    sleep(Duration::from_secs(1)).await;
    "done"
}

async fn large() -> Body {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let chunks = std::iter::repeat_n(Ok::<_, Infallible>(chunk), LARGE / CHUNK);
    Body::from_stream(stream::iter(chunks))
}

/// A body that does not arrive in time is an error of the body.
async fn measure(body: Body) -> Result<String, StatusCode> {
    match to_bytes(body, 2 << 20).await {
        Ok(bytes) => Ok(bytes.len().to_string()),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
