//! Fuzz targets for every parser.
//!
//! ```sh
//! cargo install cargo-fuzz --locked
//! fuzz/run 300             # every target for 300 seconds
//! fuzz/run 300 path json   # or these
//! ```
//!
//! Each target compares the library with a slow reference. Public functions are tested through an
//! application without a socket; private parsers are compiled from their source files. `corpus/` has a
//! few small inputs per target: former failures, and inputs with much coverage.
//!
//! | target | reads | must hold |
//! |---|---|---|
//! | `path` | paths, and what is routed by them | one spelling, without `..` or NUL; redirects stay here |
//! | `query` | query strings | what a plain decoder says, or 422 or 400 |
//! | `accept` | `Accept` | 406 where JSON is refused by a weight of zero, and nowhere else |
//! | `host` | `Host` | its parts are those of a plain reader; patterns match whole labels |
//! | `heads` | heads of HTTP/1 | an ambiguous one is found, however the bytes are cut |
//! | `frames` | frames of HTTP/2 | a flood ends at the same frame, however the bytes are cut |
//! | `json` | bodies | taken exactly when serde and the rules do; every pointer points |
//! | `webhook` | deliveries | what was not signed is not believed |

use std::cell::RefCell;

use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use resourceful::{App, AppService, Body};
use tokio::runtime::{Builder, Runtime};

/// A response with its whole body.
pub type FullResponse = http::Response<bytes::Bytes>;

/// Calls an application on this thread, one request at a time.
#[derive(Debug)]
pub struct Caller {
    service: AppService,
    runtime: RefCell<Runtime>,
}

impl Caller {
    /// # Panics
    /// If the application cannot be built.
    #[must_use]
    pub fn new(app: App) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        Self {
            service: app.build().expect("the application is valid"),
            runtime: RefCell::new(runtime.expect("the runtime needs only a clock")),
        }
    }

    /// Returns the response to a request.
    ///
    /// # Panics
    /// If the hook or the body panics.
    #[must_use]
    pub fn call(&self, request: http::Request<Body>) -> FullResponse {
        self.runtime.borrow_mut().block_on(async {
            let Ok(response) = self.service.call(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the body comes from memory");
            http::Response::from_parts(parts, body.to_bytes())
        })
    }
}
