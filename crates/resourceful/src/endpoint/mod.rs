//! The only `dyn` and the only `Box<dyn Future>` of the request path.
//!
//! Above this line everything is generic over the user's types; below it the router holds
//! [`Endpoint`]s. The box is also what lets a handler outlive its client: see
//! [`crate::endpoint::response_future::ResponseFuture`].

pub(crate) mod dispatch;
pub(crate) mod error_response;
pub(crate) mod operation;
pub(crate) mod response_future;
pub(crate) mod telemetry;

use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tracing::Instrument;

use crate::action::Action;
use crate::endpoint::dispatch::{dispatch, dispatch_extra};
use crate::endpoint::error_response::conclude;
use crate::endpoint::telemetry::RequestTelemetry;
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::extra_action::ExtraAction;
use crate::handler::resource::AsyncResource;
use crate::handler::view::{AsyncView, Guarded};
use crate::openapi::{Operation, Problems, Registry};
use crate::request::Request;
use crate::response::into_response::IntoResponse;
use crate::response::reply::Reply;
use crate::task::catch_panic::CatchPanic;

/// The one box.
#[expect(unreachable_pub, reason = "named by a hidden method of a public trait")]
pub type BoxFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What serves one method of one path.
pub trait Endpoint: Send + Sync {
    /// How long it has; `None` is the application's limit.
    fn timeout(&self) -> Option<Duration>;

    /// What the document says of it; none, if it is no part of the API.
    fn describe(&self, registry: &mut Registry) -> Option<Operation>;

    /// The whole rest of the walk.
    fn call(self: Arc<Self>, request: Request) -> BoxFuture;
}

/// The same before it is boxed.
pub(crate) trait TypedEndpoint: Send + Sync + 'static {
    /// Is it told of in the log and in numbers?
    fn is_observed(&self) -> bool {
        true
    }

    fn timeout(&self) -> Option<Duration> {
        None
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        let _ = registry;
        None
    }

    fn serve(&self, request: Request) -> impl Future<Output = Reply> + Send;
}

impl<S: TypedEndpoint> Endpoint for S {
    fn timeout(&self) -> Option<Duration> {
        TypedEndpoint::timeout(self)
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        TypedEndpoint::describe(self, registry)
    }

    fn call(self: Arc<Self>, request: Request) -> BoxFuture {
        let observed = self
            .is_observed()
            .then(|| RequestTelemetry::new(request.head()));
        let Some(observed) = observed.flatten() else {
            return Box::pin(async move { self.serve(request).await });
        };
        let span = observed.span();
        let work = async move { observed.answered(self.serve(request).await) };
        Box::pin(work.instrument(span))
    }
}

/// For what takes its request by value: its head is kept, a panic is caught, the outcome
/// becomes the response.
pub(crate) async fn run_view<F, T>(request: Request, answer: impl FnOnce(Request) -> F) -> Reply
where
    F: Future<Output = Result<T>>,
    T: Into<Reply>,
{
    let head = Arc::clone(request.head());
    let outcome = CatchPanic::with_timeout(pin!(answer(request)), head.given_up_after()).await;
    conclude(outcome.map(Into::into), &head)
}

/// One action of a resource.
pub(crate) struct ResourceEndpoint<R> {
    pub(crate) resource: Arc<R>,
    pub(crate) action: Action,
}

impl<R: AsyncResource> TypedEndpoint for ResourceEndpoint<R> {
    fn timeout(&self) -> Option<Duration> {
        R::TIMEOUT
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_action::<R>(self.action, registry))
    }

    async fn serve(&self, mut request: Request) -> Reply {
        let resource = &*self.resource;
        let limit = request.head().given_up_after();
        let work = dispatch(resource, self.action, &mut request);
        let outcome = CatchPanic::with_timeout(pin!(work), limit).await;
        conclude(outcome, request.head())
    }
}

/// An action of a resource's own.
pub(crate) struct ExtraEndpoint<R, A> {
    pub(crate) resource: Arc<R>,
    pub(crate) action: PhantomData<fn() -> A>,
}

impl<R: AsyncResource, A: ExtraAction<R>> TypedEndpoint for ExtraEndpoint<R, A> {
    fn timeout(&self) -> Option<Duration> {
        R::TIMEOUT
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_extra::<R, A>(registry))
    }

    async fn serve(&self, mut request: Request) -> Reply {
        let resource = &*self.resource;
        let limit = request.head().given_up_after();
        let work = dispatch_extra::<R, A>(resource, &mut request);
        let outcome = CatchPanic::with_timeout(pin!(work), limit).await;
        conclude(outcome, request.head())
    }
}

/// One method of a class view.
pub(crate) struct ViewEndpoint<V> {
    pub(crate) view: Arc<V>,
    pub(crate) method: Method,
}

impl<V: AsyncView> TypedEndpoint for ViewEndpoint<V> {
    fn timeout(&self) -> Option<Duration> {
        V::TIMEOUT
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_view::<V>(&self.method, registry))
    }

    async fn serve(&self, request: Request) -> Reply {
        let view = &*self.view;
        let answer = |request: Request| async move {
            V::Access::check(view, &request).await?;
            match self.method {
                Method::GET => view.get(request).await,
                Method::POST => view.post(request).await,
                Method::PUT => view.put(request).await,
                Method::PATCH => view.patch(request).await,
                _ => view.delete(request).await,
            }
            .map_err(Into::into)
        };
        run_view(request, answer).await
    }
}

/// A function view: `Fn(Request) -> impl Future<Output = Result<impl IntoResponse, ..>>`, with
/// the decision who may call it.
///
/// Implemented by what [`public`](crate::public) and [`guarded`](crate::guarded) make.
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
    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_function::<A, T, E>(
            &self.description,
            registry,
        ))
    }

    fn is_observed(&self) -> bool {
        !self.is_unobserved
    }

    async fn serve(&self, request: Request) -> Reply {
        let answer = |request: Request| async move {
            A::check(&(), &request).await?;
            let answer = (self.handler)(request).await;
            answer.map_err(Into::into)?.into_reply()
        };
        run_view(request, answer).await
    }
}
