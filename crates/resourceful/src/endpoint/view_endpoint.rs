//! [`ViewEndpoint`]: a method of a class view as an endpoint.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::body::Response;
use crate::endpoint::operation;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::Result;
use crate::handler::view::{AsyncView, ViewCaller};
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;

/// A hook of a class view.
#[derive(Clone, Copy)]
pub(crate) enum ViewHook {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl ViewHook {
    /// The hook of a method. `None` for a method without one.
    pub(crate) fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::Get),
            Method::POST => Some(Self::Post),
            Method::PUT => Some(Self::Put),
            Method::PATCH => Some(Self::Patch),
            Method::DELETE => Some(Self::Delete),
            _ => None,
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

/// One method of a class view.
pub(crate) struct ViewEndpoint<V> {
    pub(crate) view: Arc<V>,
    pub(crate) hook: ViewHook,
}

impl<V: AsyncView> TypedEndpoint for ViewEndpoint<V> {
    type Access = V::Access;
    type State = V;
    type Input = ();
    type Output = Response;

    fn timeout(&self) -> Option<Duration> {
        V::TIMEOUT
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_view(
            &*self.view,
            &self.hook.method(),
            registry,
        ))
    }

    fn state(&self) -> &V {
        &self.view
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, request: Request<ViewCaller<V>>, (): ()) -> Result<Response> {
        let view = &*self.view;
        let result = match self.hook {
            ViewHook::Get => view.get(request).await,
            ViewHook::Post => view.post(request).await,
            ViewHook::Put => view.put(request).await,
            ViewHook::Patch => view.patch(request).await,
            ViewHook::Delete => view.delete(request).await,
        };
        result.map_err(Into::into)
    }

    fn respond(&self, response: Response, _: &Head) -> Result<Reply> {
        Ok(response.into())
    }
}
