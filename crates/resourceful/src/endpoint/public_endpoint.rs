//! [`PublicEndpoint`]: an endpoint of the library's own that every caller may use.

use std::future::Future;

use crate::endpoint::telemetry::Telemetry;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::Result;
use crate::handler::access;
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;

/// Replies to every caller, from the head of the request alone.
pub(crate) trait PublicEndpoint: Send + Sync + 'static {
    const TELEMETRY: Telemetry = Telemetry::All;

    fn reply(&self, request: &Request) -> impl Future<Output = Result<Reply>> + Send;
}

/// A [`PublicEndpoint`] with the steps of an endpoint.
pub(crate) struct Public<E>(pub(crate) E);

impl<E: PublicEndpoint> TypedEndpoint for Public<E> {
    type Access = access::Public;
    type State = ();
    type Input = ();
    type Output = Reply;

    fn telemetry(&self) -> Telemetry {
        E::TELEMETRY
    }

    /// Health checks are answered under any load.
    fn is_limited(&self) -> bool {
        false
    }

    fn state(&self) -> &() {
        &()
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, request: Request, (): ()) -> Result<Reply> {
        self.0.reply(&request).await
    }

    fn respond(&self, reply: Reply, _: &Head) -> Result<Reply> {
        Ok(reply)
    }
}
