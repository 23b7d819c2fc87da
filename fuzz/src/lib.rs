//! Fuzz targets for the parsers of resourceful.
//!
//! ```sh
//! cargo install cargo-fuzz --locked
//! fuzz/run 300             # every target for 300 seconds
//! fuzz/run 300 path json   # only these
//! ```
//!
//! Each target compares our result with a slow reference implementation. Public behaviour is tested
//! by requests to an application, without a socket; an internal parser is compiled from its source
//! file. `corpus/` has a few small inputs for each target: former bugs, and inputs with high coverage.
//!
//! | target | input | requirement |
//! |---|---|---|
//! | `path` | paths, and their routing | one normal form, without `..` or NUL; redirects stay on this host |
//! | `query` | query strings | the result of a simple decoder, or 422 or 400 |
//! | `accept` | `Accept` | 406 if and only if JSON has a weight of zero |
//! | `host` | `Host` | the parts of a simple parser; patterns match whole labels |
//! | `heads` | heads of HTTP/1 | ambiguous heads are found, for any split of the bytes |
//! | `frames` | frames of HTTP/2 | a flood ends at the same frame, for any split of the bytes |
//! | `json` | bodies | accepted if and only if serde and the rules accept; every pointer is valid |
//! | `webhook` | deliveries | unsigned deliveries are refused |

use std::cell::RefCell;

use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use resourceful::{App, AppService, Body};
use tokio::runtime::{Builder, Runtime};

/// A response with its complete body.
pub type Response = http::Response<bytes::Bytes>;

/// A client of an application on the current thread.
#[derive(Debug)]
pub struct TestApp {
    service: AppService,
    runtime: RefCell<Runtime>,
}

impl TestApp {
    /// # Panics
    /// If the application cannot be built.
    #[must_use]
    pub fn new(app: App) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        Self {
            service: app.build().expect("the application is valid"),
            runtime: RefCell::new(runtime.expect("the runtime can be built")),
        }
    }

    /// Sends a request and returns the response.
    ///
    /// # Panics
    /// If the hook or the body panics.
    #[must_use]
    pub fn send(&self, request: http::Request<Body>) -> Response {
        self.runtime.borrow_mut().block_on(async {
            let Ok(response) = self.service.call(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the body comes from memory");
            http::Response::from_parts(parts, body.to_bytes())
        })
    }
}
