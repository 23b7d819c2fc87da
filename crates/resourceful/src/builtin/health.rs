//! `/livez` and `/readyz`: health checks for a supervisor and a load balancer.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::timeout;

use crate::endpoint::error_response::unlogged_error_response;
use crate::endpoint::public_endpoint::PublicEndpoint;
use crate::endpoint::telemetry::Telemetry;
use crate::error::{Error, ErrorStatus, Result};
use crate::request::Request;
use crate::response::into_response::{IntoResponse, Json};
use crate::response::reply::Reply;
use crate::task::catch_panic::catch_panic;

/// Timeout of a check. A slower check fails.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Run = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// A readiness check: tests a dependency of the application.
pub(crate) struct Check {
    name: String,
    run: Run,
    /// Did the last run succeed? Supervisors run the checks every second, so only changes are
    /// logged.
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

    /// Runs the check. Returns its name if it fails.
    async fn failed_name(&self) -> Option<&str> {
        let error = match timeout(CHECK_TIMEOUT, (self.run)()).await {
            Ok(Ok(())) => {
                if !self.is_there.swap(true, Ordering::Relaxed) {
                    tracing::info!(check = self.name, "ready again");
                }
                return None;
            }
            Ok(Err(error)) => error,
            Err(_elapsed) => Error::internal("timed out"),
        };
        if self.is_there.swap(false, Ordering::Relaxed) {
            tracing::warn!(check = self.name, error = error.to_string(), "not ready");
        }
        Some(&self.name)
    }
}

/// `/livez`: the process responds.
pub(crate) struct Live;

impl PublicEndpoint for Live {
    const TELEMETRY: Telemetry = Telemetry::Off;

    async fn reply(&self, _: &Request) -> Result<Reply> {
        Json(json!({"status": "live"})).into_reply()
    }
}

/// `/readyz`: all checks pass, and the server is not about to stop.
pub(crate) struct Ready(pub(crate) Vec<Check>);

impl PublicEndpoint for Ready {
    const TELEMETRY: Telemetry = Telemetry::Off;

    async fn reply(&self, request: &Request) -> Result<Reply> {
        if request.settings().leaving.is_cancelled() {
            return Ok(unready("The server is about to stop.", request));
        }
        // Collected first: a future that holds an iterator with closures is not `Send`.
        let checks: Vec<_> = self.0.iter().map(Check::failed_name).collect();
        let failed: Vec<_> = join_all(checks).await.into_iter().flatten().collect();
        if !failed.is_empty() {
            let detail = format!("Failing checks: {}.", failed.join(", "));
            return Ok(unready(detail, request));
        }
        Json(json!({"status": "ready"})).into_reply()
    }
}

fn unready(detail: impl Into<Cow<'static, str>>, request: &Request) -> Reply {
    let error = Error::new(ErrorStatus::new(503)).with_detail(detail);
    unlogged_error_response(&error, request.head())
}
