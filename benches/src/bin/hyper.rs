//! Bare hyper with default settings.

use hyper::server::conn::http1;
use resourceful_benches::bare;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    bare::serve(&http1::Builder::new()).await
}
