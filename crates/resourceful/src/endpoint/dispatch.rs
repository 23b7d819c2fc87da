//! The walk of one request through one endpoint: accept, authorise, read, call, respond.
//!
//! All endpoints take this way: actions of resources, views, WebSockets, mounted services and the
//! library's own. Nothing else calls their steps.

use std::pin::pin;

use crate::endpoint::error_response::error_response;
use crate::endpoint::telemetry::{RequestTelemetry, Telemetry};
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::Result;
use crate::request::Request;
use crate::response::reply::Reply;
use crate::task::catch_panic::CatchPanic;

/// Steps 6 and 9 to 12 of the walk. `is_authorised` becomes true when the caller may go on.
async fn dispatch<E: TypedEndpoint>(
    endpoint: &E,
    request: &mut Request,
    is_authorised: &mut bool,
) -> Result<Reply> {
    endpoint.accept(request)?;
    endpoint.authorise(request).await?;
    *is_authorised = true;
    let input = endpoint.read(request).await?;
    let output = endpoint.call(request, input).await?;
    endpoint.respond(output)
}

/// [`dispatch`] with everything around it: a safe request has a time limit, a panic is an error,
/// an error is a response.
pub(super) async fn run<E: TypedEndpoint>(endpoint: &E, mut request: Request) -> Reply {
    let timeout = request.head().cancel_timeout();
    let mut is_authorised = false;
    let work = dispatch(endpoint, &mut request, &mut is_authorised);
    let result = CatchPanic::with_timeout(pin!(work), timeout).await;
    let reply = result.unwrap_or_else(|error| error_response(&error, request.head()));
    if !is_authorised
        && let Telemetry::Refusals = endpoint.telemetry()
        && let Some(telemetry) = RequestTelemetry::new(request.head())
    {
        return telemetry.completed(reply);
    }
    reply
}
