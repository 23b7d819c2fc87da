//! [`TypedEndpoint`]: the steps that each kind of endpoint implements.

use std::future::Future;
use std::time::Duration;

use crate::endpoint::telemetry::Telemetry;
use crate::error::Result;
use crate::handler::access::Access;
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;

/// The caller of the endpoint `E`, from its access rule.
pub(crate) type EndpointCaller<E> =
    <<E as TypedEndpoint>::Access as Access<<E as TypedEndpoint>::State>>::Caller;

/// The steps of an endpoint, before its future is boxed. [`crate::endpoint::dispatch`] calls them.
pub(crate) trait TypedEndpoint: Send + Sync + Sized + 'static {
    /// The access rule. It has no default, so that no endpoint can omit it.
    type Access: Access<Self::State>;

    /// The state of the access rule.
    type State;

    /// The values that [`read`](Self::read) takes from the request.
    type Input: Send;

    /// The value that [`call`](Self::call) returns.
    type Output;

    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Refuses a path without the parameters that the endpoint reads, with the reason.
    fn check_path(&self, parameters: &[&str]) -> Result<(), String> {
        let _ = parameters;
        Ok(())
    }

    /// The name of the type of the item that the hook gets; `None` if it gets no item.
    fn subject(&self) -> Option<&'static str> {
        None
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        let _ = registry;
        None
    }

    fn telemetry(&self) -> Telemetry {
        Telemetry::All
    }

    /// Whether its requests count as running.
    fn is_limited(&self) -> bool {
        true
    }

    /// Refuses a request that this endpoint cannot serve, whoever the caller is.
    fn accept(&self, request: &mut Request) -> Result<()> {
        let _ = request;
        Ok(())
    }

    /// The state of the access rule.
    fn state(&self) -> &Self::State;

    /// Reads the path, the query and the body.
    fn read(&self, request: &mut Request) -> impl Future<Output = Result<Self::Input>> + Send;

    /// Finds the item for the caller, and runs the user's code. The request has the body that
    /// [`read`](Self::read) has left.
    fn call(
        &self,
        request: Request<EndpointCaller<Self>>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Turns the value into a response to the request with this head.
    fn respond(&self, output: Self::Output, head: &Head) -> Result<Reply>;

    /// [`call`](Self::call), then [`respond`](Self::respond).
    fn answer(
        &self,
        request: Request<EndpointCaller<Self>>,
        input: Self::Input,
        head: &Head,
    ) -> impl Future<Output = Result<Reply>> + Send {
        async move {
            let output = self.call(request, input).await?;
            self.respond(output, head)
        }
    }
}
