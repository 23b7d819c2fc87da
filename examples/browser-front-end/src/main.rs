//! A page that talks to an API on another origin: it lists books, adds a book, and uploads a cover.
//!
//! The API allows the origin of the page (CORS) and compresses its responses. The example serves the
//! page itself, on a port of its own, so the page has another origin than the API.
//!
//! ```sh
//! cargo run -p browser-front-end   # then open http://127.0.0.1:8000
//! curl -i 127.0.0.1:8001/books -H 'Origin: http://127.0.0.1:8000' --compressed
//! ```
//!
//! To change the addresses, set `BIND` (the page) and `API`.

mod api;
mod site;

use resourceful::prelude::*;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(setting("BIND", "127.0.0.1:8000")).await;
    let listener = listener.map_err(Error::internal)?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let page_origin = format!("http://{address}");

    let api = api::app(&page_origin)?;
    let api = api.bind(setting("API", "127.0.0.1:8001")).await?;
    let api_origin = format!("http://{}", api.local_addr());
    let site = site::app(&api_origin)?.listen(listener)?;

    println!("Open {page_origin} (the API is at {api_origin})");
    // A signal stops both servers.
    let (site, api) = tokio::join!(site.run(), api.run());
    site.and(api)
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}
