//! Bare hyper with two settings: pipelined responses are flushed together, and a client may close its
//! half of the connection first.

use hyper::server::conn::http1;
use resourceful_benches::bare;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    bare::serve(http1::Builder::new().half_close(true).pipeline_flush(true)).await
}
