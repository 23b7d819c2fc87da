//! Class views and function views as endpoints.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::body::Response;
use crate::endpoint::telemetry::Telemetry;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::endpoint::{Endpoint, operation};
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::view::{AsyncView, Guarded};
use crate::openapi::{Operation, Problems, Registry};
use crate::request::Request;
use crate::response::into_response::IntoResponse;
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
    type Input = Request;
    type Output = Response;

    fn timeout(&self) -> Option<Duration> {
        V::TIMEOUT
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_view::<V>(&self.hook.method(), registry))
    }

    async fn authorise(&self, request: &Request) -> Result<()> {
        V::Access::check(&self.view, request).await
    }

    async fn read(&self, request: &mut Request) -> Result<Request> {
        Ok(request.take())
    }

    async fn call(&self, _: &Request, request: Request) -> Result<Response> {
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

    fn respond(&self, response: Response) -> Result<Reply> {
        Ok(response.into())
    }
}

/// A function view: `Fn(Request) -> impl Future<Output = Result<impl IntoResponse, ..>>` with its
/// access rule.
///
/// [`public`](crate::public) and [`guarded`](crate::guarded) create function views.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
///
/// fn is_view(_: impl resourceful::FunctionView) {}
/// is_view(public(hello));
/// ```
#[diagnostic::on_unimplemented(
    message = "nobody has decided who may call this",
    label = "not a `FunctionView`",
    note = "write `public(..)` around it, or `guarded::<YourAccess, _>(..)`; inside stands an `async fn(Request) -> Result<..>`"
)]
pub trait FunctionView {
    #[doc(hidden)]
    fn into_endpoint(self) -> Arc<dyn Endpoint>;
}

impl<A, F, Fut, T, E> FunctionView for Guarded<A, F>
where
    A: Access<()>,
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send,
    T: IntoResponse,
    E: Problems,
{
    fn into_endpoint(self) -> Arc<dyn Endpoint> {
        Arc::new(self)
    }
}

impl<A, F, Fut, T, E> TypedEndpoint for Guarded<A, F>
where
    A: Access<()>,
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send,
    T: IntoResponse,
    E: Problems,
{
    type Input = Request;
    type Output = T;

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_function::<A, T, E>(
            &self.description,
            registry,
        ))
    }

    fn telemetry(&self) -> Telemetry {
        if self.has_telemetry {
            Telemetry::All
        } else {
            Telemetry::Off
        }
    }

    async fn authorise(&self, request: &Request) -> Result<()> {
        A::check(&(), request).await
    }

    async fn read(&self, request: &mut Request) -> Result<Request> {
        Ok(request.take())
    }

    async fn call(&self, head: &Request, request: Request) -> Result<T> {
        let result = (self.handler)(request).await;
        let mut output = result.map_err(Into::into)?;
        output.place(head);
        Ok(output)
    }

    fn respond(&self, output: T) -> Result<Reply> {
        output.into_reply()
    }
}
