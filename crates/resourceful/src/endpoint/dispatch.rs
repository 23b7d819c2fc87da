//! Runs one request through one endpoint: accept, authorise, read, call, respond.
//!
//! This module runs every endpoint: actions of resources, views, WebSockets, mounted services and
//! built-in endpoints. No other code calls their steps.

use std::pin::pin;
use std::sync::Arc;

use crate::endpoint::error_response::error_response;
use crate::endpoint::telemetry::{RequestTelemetry, Telemetry};
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::gate::Gates;
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;
use crate::task::catch_panic::CatchPanic;
use crate::task::running::Place;

/// Runs steps 6 and 9 to 12 of the walk. Sets `is_authorised` after the caller is authorised.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` stores its arguments twice"
)]
fn dispatch<E: TypedEndpoint>(
    endpoint: &E,
    mut request: Request,
    head: &Head,
    gates: &Gates,
    is_authorised: &mut bool,
) -> impl Future<Output = Result<Reply>> + Send {
    async move {
        endpoint.accept(&mut request)?;
        let running = endpoint.is_limited().then_some(&head.settings().running);
        let mut place = Place::of(running).await?;
        for gate in gates.iter().flat_map(|gates| gates.iter()) {
            gate.check(&request).await?;
        }
        let caller = E::Access::check(endpoint.state(), &request).await?;
        *is_authorised = true;
        let has_body = request.has_body();
        if has_body {
            // A client that sends slowly has no place meanwhile.
            place = Place::NONE;
        }
        let input = endpoint.read(&mut request).await?;
        if has_body {
            place = Place::of(running).await?;
        }
        let request = request.with_caller(caller);
        let reply = endpoint.answer(request, input, head).await;
        drop(place);
        reply
    }
}

/// Runs [`dispatch`]. A safe request gets a timeout, a panic becomes an error, an error becomes a
/// response.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` stores its arguments twice"
)]
pub(super) fn run<E: TypedEndpoint>(
    endpoint: Arc<E>,
    request: Request,
    gates: Gates,
) -> impl Future<Output = Reply> + Send {
    async move {
        let head = Arc::clone(request.head());
        let mut is_authorised = false;
        let work = dispatch::<E>(&endpoint, request, &head, &gates, &mut is_authorised);
        let result = CatchPanic::with_timeout(pin!(work), head.cancel_timeout()).await;
        let mut reply = result.unwrap_or_else(|error| error_response(&error, &head));
        if let Some(notes) = head.notes_if_any() {
            for (name, value) in notes.take_response_fields() {
                reply = reply.with(name, value);
            }
        }
        if !is_authorised
            && let Telemetry::Refusals = endpoint.telemetry()
            && let Some(telemetry) = RequestTelemetry::new(&head)
        {
            return telemetry.completed(reply);
        }
        reply
    }
}
