//! `/livez` and `/readyz`: what a supervisor and a load balancer ask.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::timeout;

use crate::endpoint::error_response::unlogged_error_response;
use crate::endpoint::telemetry::Telemetry;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::{Error, ErrorStatus, Result};
use crate::request::Request;
use crate::response::into_response::{IntoResponse, Json};
use crate::response::reply::Reply;
use crate::task::catch_panic::catch_panic;

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

type Run = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// Whether something the application needs is there.
pub(crate) struct Check {
    name: String,
    run: Run,
    /// Was it there when it was asked for last? Supervisors ask each second; the log tells of changes.
    is_there: AtomicBool,
}

impl Check {
    pub(crate) fn new<F, Fut>(name: &str, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        Self {
            name: name.to_owned(),
            run: Box::new(move || Box::pin(catch_panic(run()))),
            is_there: AtomicBool::new(true),
        }
    }

    async fn outcome(&self) -> Option<&str> {
        let error = match timeout(PATIENCE, (self.run)()).await {
            Ok(Ok(())) => {
                if !self.is_there.swap(true, Ordering::Relaxed) {
                    tracing::info!(check = self.name, "ready again");
                }
                return None;
            }
            Ok(Err(error)) => error,
            Err(_elapsed) => Error::internal("it took too long"),
        };
        if self.is_there.swap(false, Ordering::Relaxed) {
            tracing::warn!(check = self.name, error = error.to_string(), "not ready");
        }
        Some(&self.name)
    }
}

/// The process lives: it answers.
pub(crate) struct Live;

impl TypedEndpoint for Live {
    type Input = ();
    type Output = Reply;

    fn telemetry(&self) -> Telemetry {
        Telemetry::Off
    }

    /// Anybody may read it.
    async fn authorise(&self, _: &Request) -> Result<()> {
        Ok(())
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, _: &Request, (): ()) -> Result<Reply> {
        Json(json!({"status": "live"})).into_reply()
    }

    fn respond(&self, reply: Reply) -> Result<Reply> {
        Ok(reply)
    }
}

/// Requests are welcome: all checks pass, and nobody has asked it to stop.
pub(crate) struct Ready(pub(crate) Vec<Check>);

impl TypedEndpoint for Ready {
    type Input = ();
    type Output = Reply;

    fn telemetry(&self) -> Telemetry {
        Telemetry::Off
    }

    /// Anybody may read it.
    async fn authorise(&self, _: &Request) -> Result<()> {
        Ok(())
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, request: &Request, (): ()) -> Result<Reply> {
        if request.settings().leaving.is_cancelled() {
            return Ok(unready("The server is about to stop.", request));
        }
        // Collected first: a future that holds the closures of an iterator is not `Send`.
        let checks: Vec<_> = self.0.iter().map(Check::outcome).collect();
        let failed: Vec<_> = join_all(checks).await.into_iter().flatten().collect();
        if !failed.is_empty() {
            let detail = format!("Failing checks: {}.", failed.join(", "));
            return Ok(unready(detail, request));
        }
        Json(json!({"status": "ready"})).into_reply()
    }

    fn respond(&self, reply: Reply) -> Result<Reply> {
        Ok(reply)
    }
}

fn unready(detail: impl Into<Cow<'static, str>>, request: &Request) -> Reply {
    let error = Error::new(ErrorStatus::new(503)).with_detail(detail);
    unlogged_error_response(&error, request.head())
}
