//! Functions as endpoints: typed ones by `#[endpoint]`, and those that read the request themselves.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::endpoint::telemetry::Telemetry;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::endpoint::{Endpoint, operation};
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::endpoint_function::{EndpointFunction, IsEndpoint};
use crate::handler::parent::Parent;
use crate::handler::resource_action::ActionInput;
use crate::handler::view::Guarded;
use crate::openapi::{Operation, Problems, Registry};
use crate::request::head::Head;
use crate::request::{Request, nothing_here};
use crate::response::into_response::IntoResponse;
use crate::response::location::Base;
use crate::response::reply::Reply;

/// A function with its access rule.
///
/// [`public`](crate::public) and [`guarded`](crate::guarded) create it.
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
    note = "write `public(..)` around it, or `guarded::<YourAccess, _>(..)`; inside stands an `async fn(Request) -> Result<..>`, or a function with `#[endpoint]`"
)]
pub trait FunctionView {
    /// The access rule.
    type Access;

    /// The function.
    type Function;

    /// The state of the function and of its access rule.
    type State;

    #[doc(hidden)]
    fn into_guarded(self) -> Guarded<Self::Access, Self::Function, Self::State>;
}

/// The caller of the function of the view `V`, from its access rule.
pub(crate) type FunctionCaller<V> =
    <<V as FunctionView>::Access as Access<<V as FunctionView>::State>>::Caller;

impl<A, F, S> FunctionView for Guarded<A, F, S> {
    type Access = A;
    type Function = F;
    type State = S;

    fn into_guarded(self) -> Self {
        self
    }
}

/// A function that can be a view: `async fn(Request) -> Result<..>`, or an `async fn` with `#[endpoint]`.
/// The compiler finds its kind `K`.
///
/// # Examples
/// See [`App::get`](crate::App::get).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no view",
    label = "not a view",
    note = "a view is an `async fn(Request) -> Result<impl IntoResponse>`, or an `async fn` with `#[endpoint]`"
)]
pub trait FunctionKind<K> {}

impl<C, F, Fut> FunctionKind<ReadsRequest<C>> for F where F: Fn(Request<C>) -> Fut {}

impl<F: Fn() -> E, E: IsEndpoint> FunctionKind<Typed<E>> for F {}

/// A view that has all that it needs. `S` is the state of the function and of its access rule, `C` the
/// caller that the rule finds.
///
/// # Examples
/// See [`App::get`](crate::App::get).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run with the state `{S}` and the caller `{C}`",
    label = "another state or caller is needed",
    note = "`public(function).state(&state)` gives a function its state",
    note = "the access rule of `guarded::<Rule, _>(function)` determines the caller in `Request<..>`; that of `public` is `()`"
)]
pub trait ViewFunction<S, C, K> {
    #[doc(hidden)]
    fn into_endpoint<A: Access<S, Caller = C>>(view: Guarded<A, Self, S>) -> Arc<dyn Endpoint>
    where
        Self: Sized;
}

/// The kind of a function that reads the request itself, from a caller `C`.
#[derive(Debug)]
pub struct ReadsRequest<C>(PhantomData<fn() -> C>);

/// The kind of a function with `#[endpoint]`, which the attribute turns into `fn name() -> E`.
#[derive(Debug)]
pub struct Typed<E>(PhantomData<fn() -> E>);

impl<S, C, F, Fut, T, E> ViewFunction<S, C, ReadsRequest<C>> for F
where
    S: Send + Sync + 'static,
    C: Send + Sync + 'static,
    F: Fn(Request<C>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send,
    T: IntoResponse,
    E: Problems,
{
    fn into_endpoint<A: Access<S, Caller = C>>(view: Guarded<A, Self, S>) -> Arc<dyn Endpoint> {
        Arc::new(FunctionEndpoint {
            view,
            kind: PhantomData::<fn() -> ReadsRequest<C>>,
        })
    }
}

impl<S, C, F, E> ViewFunction<S, C, Typed<E>> for F
where
    S: Send + Sync + 'static,
    C: Send + Sync + 'static,
    F: Fn() -> E,
    E: EndpointFunction<S, C>,
{
    fn into_endpoint<A: Access<S, Caller = C>>(view: Guarded<A, Self, S>) -> Arc<dyn Endpoint> {
        Arc::new(FunctionEndpoint {
            view: view.map_handler(|function| function()),
            kind: PhantomData::<fn() -> Typed<E>>,
        })
    }
}

/// A function as an endpoint.
struct FunctionEndpoint<A, F, S, K> {
    view: Guarded<A, F, S>,
    kind: PhantomData<fn() -> K>,
}

impl<A, F, S, K> FunctionEndpoint<A, F, S, K> {
    fn logged(&self) -> Telemetry {
        if self.view.has_telemetry {
            Telemetry::All
        } else {
            Telemetry::Off
        }
    }
}

impl<A, F, S, C, Fut, T, E> TypedEndpoint for FunctionEndpoint<A, F, S, ReadsRequest<C>>
where
    A: Access<S, Caller = C>,
    S: Send + Sync + 'static,
    C: Send + Sync + 'static,
    F: Fn(Request<C>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send,
    T: IntoResponse,
    E: Problems,
{
    type Access = A;
    type State = S;
    type Input = ();
    type Output = T;

    fn timeout(&self) -> Option<Duration> {
        self.view.timeout
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_function::<A, S, T, E>(
            &self.view.state,
            &self.view.description,
            registry,
        ))
    }

    fn telemetry(&self) -> Telemetry {
        self.logged()
    }

    fn state(&self) -> &S {
        &self.view.state
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, request: Request<C>, (): ()) -> Result<T> {
        (self.view.handler)(request).await.map_err(Into::into)
    }

    fn respond(&self, mut output: T, head: &Head) -> Result<Reply> {
        output.place(&Base { head, action: None });
        output.into_reply()
    }
}

impl<A, F, S> TypedEndpoint for FunctionEndpoint<A, F, S, Typed<F>>
where
    A: Access<S>,
    S: Send + Sync + 'static,
    F: EndpointFunction<S, A::Caller>,
{
    type Access = A;
    type State = S;
    type Input = (F::Path, F::Input);
    type Output = F::Output;

    fn timeout(&self) -> Option<Duration> {
        self.view.timeout
    }

    fn check_path(&self, parameters: &[&str]) -> Result<(), String> {
        let unknown = F::PARAMETERS.iter().find(|name| !parameters.contains(name));
        unknown.map_or(Ok(()), |name| {
            Err(format!(
                "it has no parameter `{{{name}}}`, which the function reads"
            ))
        })
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_endpoint_function::<A, S, F>(
            &self.view.state,
            &self.view.description,
            registry,
        ))
    }

    fn telemetry(&self) -> Telemetry {
        self.logged()
    }

    fn state(&self) -> &S {
        &self.view.state
    }

    async fn read(&self, request: &mut Request) -> Result<Self::Input> {
        let segments = request.segments_of(F::PARAMETERS);
        let path = F::Path::parse(&segments).ok_or_else(nothing_here)?;
        let max_body_size = request.settings().max_body_size;
        Ok((path, F::Input::read(request, max_body_size).await?))
    }

    fn call(
        &self,
        request: Request<A::Caller>,
        (path, input): Self::Input,
    ) -> impl Future<Output = Result<F::Output>> + Send {
        let work = F::run(&self.view.state, request, path, input);
        async move { work.await.map_err(Into::into) }
    }

    fn respond(&self, mut output: F::Output, head: &Head) -> Result<Reply> {
        output.place(&Base { head, action: None });
        output.into_reply()
    }
}
