//! [`Endpoint`]: the steps of a request from the route to the response.
//!
//! [`crate::service`] calls the [`Endpoint`] that the router found. The code behind this trait is
//! generic over the user's types. The trait is the only `dyn` of the request path, and
//! [`BoxFuture`] the only `Box<dyn Future>`. The box also lets a request outlive its client, see
//! [`response_future`]. Read [`dispatch`] first.

pub(crate) mod action_endpoint;
pub(crate) mod dispatch;
pub(crate) mod error_response;
pub(crate) mod function_endpoint;
#[cfg(feature = "tower")]
pub(crate) mod layers;
mod once;
pub(crate) mod operation;
pub(crate) mod public_endpoint;
pub(crate) mod response_future;
pub(crate) mod telemetry;
pub(crate) mod typed_endpoint;
pub(crate) mod view_endpoint;
#[cfg(feature = "tower")]
pub(crate) mod without_cookies;

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::endpoint::dispatch::run;
use crate::endpoint::telemetry::{RequestTelemetry, Telemetry};
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::handler::gate::Gates;
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::response::reply::Reply;

/// The future of an endpoint: the only boxed future of the request path.
#[expect(unreachable_pub, reason = "named by a hidden method of a public trait")]
pub type BoxFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// Serves one method of one path.
pub trait Endpoint: Send + Sync {
    /// Timeout of a request. `None` is the application's timeout.
    fn timeout(&self) -> Option<Duration>;

    /// The requests that are logged and measured.
    fn telemetry(&self) -> Telemetry;

    /// Refuses a path without the parameters that the endpoint reads, with the reason.
    fn check_path(&self, parameters: &[&str]) -> Result<(), String>;

    /// The name of the type of the access rule.
    fn rule(&self) -> &'static str;

    /// The name of the type of the item that the hook gets; `None` if it gets no item.
    fn subject(&self) -> Option<&'static str>;

    /// The operation in the document. `None` if the endpoint is not part of the API.
    fn describe(&self, registry: &mut Registry) -> Option<Operation>;

    /// Runs all steps of [`dispatch`], with the access rules of the applications around the endpoint.
    fn call(self: Arc<Self>, request: Request, gates: Gates) -> BoxFuture;
}

impl<E: TypedEndpoint> Endpoint for E {
    fn timeout(&self) -> Option<Duration> {
        TypedEndpoint::timeout(self)
    }

    fn telemetry(&self) -> Telemetry {
        TypedEndpoint::telemetry(self)
    }

    fn check_path(&self, parameters: &[&str]) -> Result<(), String> {
        TypedEndpoint::check_path(self, parameters)
    }

    fn rule(&self) -> &'static str {
        type_name::<E::Access>()
    }

    fn subject(&self) -> Option<&'static str> {
        TypedEndpoint::subject(self)
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        TypedEndpoint::describe(self, registry)
    }

    fn call(self: Arc<Self>, request: Request, gates: Gates) -> BoxFuture {
        let telemetry = match TypedEndpoint::telemetry(&*self) {
            Telemetry::All => RequestTelemetry::new(request.head()),
            Telemetry::Refusals | Telemetry::Off => None,
        };
        observed(telemetry, move || run(self, request, gates))
    }
}

/// Boxes the future of a request, within its telemetry if it has any.
///
/// The box makes the future of `work` itself: one that is moved into it is stored twice.
fn observed<F>(
    telemetry: Option<RequestTelemetry>,
    work: impl FnOnce() -> F + Send + 'static,
) -> BoxFuture
where
    F: Future<Output = Reply> + Send + 'static,
{
    let Some(telemetry) = telemetry else {
        return Box::pin(work());
    };
    Box::pin(async move {
        let work = work().instrument(telemetry.span());
        telemetry.completed(work.await)
    })
}
