//! [`TypedEndpoint`]: the steps that each kind of endpoint implements.

use std::any::type_name;
use std::future::Future;
use std::time::Duration;

use crate::endpoint::telemetry::Telemetry;
use crate::error::Result;
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;

/// Who may call an endpoint, as names of types.
#[derive(Debug)]
pub struct EndpointAccess {
    /// The access rule.
    pub(crate) rule: &'static str,
    /// The subject that the hook gets; `None` if it gets no item.
    pub(crate) subject: Option<&'static str>,
}

impl EndpointAccess {
    /// That of a hook without an item, by the rule `A`.
    pub(crate) fn by<A>() -> Self {
        Self {
            rule: type_name::<A>(),
            subject: None,
        }
    }
}

/// The steps of an endpoint, before its future is boxed. [`crate::endpoint::dispatch`] calls them.
pub(crate) trait TypedEndpoint: Send + Sync + 'static {
    /// The caller that [`authorise`](Self::authorise) finds.
    type Caller: Send + Sync + 'static;

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

    /// Who may call the endpoint.
    fn access(&self) -> EndpointAccess;

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        let _ = registry;
        None
    }

    fn telemetry(&self) -> Telemetry {
        Telemetry::All
    }

    /// Refuses a request that this endpoint cannot serve, whoever the caller is.
    fn accept(&self, request: &mut Request) -> Result<()> {
        let _ = request;
        Ok(())
    }

    /// Finds the caller, and refuses one without access. This step has no default, so that no endpoint can
    /// omit it.
    fn authorise(&self, request: &Request) -> impl Future<Output = Result<Self::Caller>> + Send;

    /// Reads the path, the query and the body.
    fn read(&self, request: &mut Request) -> impl Future<Output = Result<Self::Input>> + Send;

    /// Finds the item for the caller, and runs the user's code. The request has the body that
    /// [`read`](Self::read) has left.
    fn call(
        &self,
        request: Request<Self::Caller>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Turns the value into a response to the request with this head.
    fn respond(&self, output: Self::Output, head: &Head) -> Result<Reply>;
}
