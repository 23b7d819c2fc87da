//! HTTPS with HTTP/2 and HTTP/1.1 on one port, and a redirect from plain HTTP on another port. The
//! server uses renewed certificates without a restart: replace the files and watch the log.
//!
//! ```sh
//! openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
//!     -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
//! cargo run -p tls
//! curl -i http://localhost:8000/                       # 308
//! curl -L --cacert cert.pem http://localhost:8000/     # follows it, over HTTP/2
//! curl --cacert cert.pem --http1.1 https://localhost:8443/
//! curl http://localhost:8443/                          # 400: use https
//! ```
//!
//! To change addresses and files, set `BIND`, `TLS_BIND`, `TLS_CERTIFICATE`, `TLS_KEY` and `SITE`
//! (`https://example.org`).

use std::sync::Arc;

use resourceful::http::header::LOCATION;
use resourceful::http::uri::PathAndQuery;
use resourceful::http::{HeaderValue, StatusCode};
use resourceful::prelude::*;
use resourceful::{Listener, Tls};

async fn hello(request: Request) -> Result<String> {
    Ok(format!("Hello over {:?}!\n", request.version()))
}

/// Redirects to the same page of the HTTPS site.
///
/// The site is a setting: a redirect to the `Host` of the request could lead anywhere.
#[endpoint]
async fn to_https(site: &Arc<str>, request: &Request) -> Result<Response> {
    let uri = request.uri().path_and_query();
    let path = uri.map_or("/", PathAndQuery::as_str);
    let location = HeaderValue::try_from(format!("{site}{path}")).map_err(Error::internal)?;
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();

    let tls = Tls::from_pem_files(
        setting("TLS_CERTIFICATE", "cert.pem"),
        setting("TLS_KEY", "key.pem"),
    )?;
    let listener = Listener::bind(setting("TLS_BIND", "127.0.0.1:8443")).await?;
    let https = App::new()
        .get("/", public(hello))
        .listen(listener.with_tls(tls))?;
    let port = https.local_addr().port();
    let site: Arc<str> = setting("SITE", &format!("https://localhost:{port}")).into();

    // Only GET is redirected: the body of another method has been sent in plain text already.
    let http = App::new()
        .get("/", public(to_https).state(&site))
        .get("/{*path}", public(to_https).state(&site))
        .bind(setting("BIND", "127.0.0.1:8000"))
        .await?;

    println!("Listening on http://{} and {site}", http.local_addr());
    // A signal stops both servers; each finishes its running requests.
    let (https, http) = tokio::join!(https.run(), http.run());
    https.and(http)
}
