//! Bytes that nobody thought of, against every parser of ours.
//!
//! ```sh
//! cargo install cargo-fuzz --locked
//! fuzz/run 300             # every target for so many seconds
//! fuzz/run 300 path json   # or these
//! ```
//!
//! Each target compares what we do with a slow reference of its own. What is public is asked as
//! an application is asked, without a socket; a parser inside the crate is built from its source
//! file. `corpus/` has a few small inputs of each: what once was wrong, and what reaches far.
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

/// An answer, its body read.
pub type Answer = http::Response<bytes::Bytes>;

/// An application on a thread of its own, which answers one request after the other.
#[derive(Debug)]
pub struct Asked {
    service: AppService,
    runtime: RefCell<Runtime>,
}

impl Asked {
    /// # Panics
    /// When the application cannot be built.
    #[must_use]
    pub fn new(app: App) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        Self {
            service: app.build().expect("the application is sound"),
            runtime: RefCell::new(runtime.expect("there is a clock")),
        }
    }

    /// What it answers.
    ///
    /// # Panics
    /// When the hook or the body does.
    #[must_use]
    pub fn ask(&self, request: http::Request<Body>) -> Answer {
        self.runtime.borrow_mut().block_on(async {
            let Ok(response) = self.service.call(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the body comes from memory");
            http::Response::from_parts(parts, body.to_bytes())
        })
    }
}
