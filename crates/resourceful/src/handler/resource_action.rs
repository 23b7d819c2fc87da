//! [`ResourceAction`]: one action of a resource, with its types.

use std::any::type_name;
use std::future::{Future, ready};

use crate::action::{Action, ActionSpec};
use crate::error::Result;
use crate::handler::id::Id;
use crate::handler::subject::Subject;
use crate::handler::unused::Never;
use crate::input::Input;
use crate::input::query::Query;
use crate::openapi::{Operation, Problems, Registry};
use crate::request::{Request, nothing_here};
use crate::response::representation::Representation;

/// One action of the resource `R`.
///
/// `#[action(POST, "publish")]` generates one from a method. The six standard hooks are actions, too.
///
/// # Examples
/// An implementation by hand:
/// ```
/// use http::Method;
/// use resourceful::prelude::*;
/// use resourceful::{ActionSpec, ResourceAction, ExtraActions, NoInput, OnItem};
///
/// struct Posts;
/// struct Publish;
///
/// impl ResourceAction<Posts> for Publish {
///     const SPEC: &'static ActionSpec = &ActionSpec::on_item("publish", Method::POST, "publish");
///     type Caller = ();
///     type Target = OnItem<i64>;
///     type Input = NoInput;
///     type Output = String;
///     type Error = Error;
///
///     async fn run(_: &Posts, _: &Request, OnItem(id): OnItem<i64>, _: NoInput) -> Result<String> {
///         Ok(format!("post {id} is published"))
///     }
/// }
///
/// #[resource]
/// impl AsyncResource for Posts {
///     type Access = Public;
///
///     fn extra_actions(actions: &mut impl ExtraActions<Self>) {
///         actions.add::<Publish>();
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/posts", Posts))?;
/// assert_eq!(client.post("/posts/7/publish").await.text(), r#""post 7 is published""#);
/// # Ok(())
/// # }
/// ```
pub trait ResourceAction<R>: Send + Sync + 'static {
    /// The name, the method and the path.
    const SPEC: &'static ActionSpec;

    #[doc(hidden)]
    const ACTION: Action = Action::Extra(Self::SPEC);

    /// The doc comment of the hook.
    const DOC: &'static str = "";

    /// The variants of [`Error`](Self::Error) that the hook returns, for the API document. `None` (default)
    /// means all.
    const ERRORS: Option<&'static [&'static str]> = None;

    /// The caller: that of the resource, see [`Caller`](crate::Caller).
    type Caller: Send + Sync + 'static;

    /// [`OnItem`] or [`OnCollection`], in agreement with [`SPEC`](Self::SPEC).
    type Target: ActionTarget<R, Self::Caller>;

    /// [`NoInput`], [`QueryInput`] or [`BodyInput`].
    type Input: ActionInput;

    /// The type of the response.
    type Output: Representation;

    /// The type of the errors.
    type Error: Problems;

    /// Refuses the request, if its preconditions are false.
    #[doc(hidden)]
    fn check(
        resource: &R,
        request: &Request<Self::Caller>,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (resource, request);
        ready(Ok(()))
    }

    /// Runs the action.
    fn run(
        resource: &R,
        request: &Request<Self::Caller>,
        target: Self::Target,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// Registers the extra actions of a resource.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ExtraActions<R, C = ()> {
    /// Registers the action `A`.
    fn add<A: ResourceAction<R, Caller = C>>(&mut self);
}

/// The target of an extra action: an item or the collection.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ActionTarget<R, C>: Sized + Send {
    #[doc(hidden)]
    const IS_ITEM: bool;

    #[doc(hidden)]
    type Id: Id;

    /// The id in the path; `()` for the collection.
    #[doc(hidden)]
    type Key: Send;

    /// The name of the type of the subject; `None` for the collection.
    #[doc(hidden)]
    fn subject() -> Option<&'static str>;

    #[doc(hidden)]
    fn key(request: &Request) -> Result<Self::Key>;

    #[doc(hidden)]
    fn find(
        resource: &R,
        request: &Request<C>,
        key: Self::Key,
    ) -> impl Future<Output = Result<Self>> + Send;
}

/// The target of an action on one item: a [`Subject`].
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct OnItem<S>(pub S);

/// The target of an action on the collection.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct OnCollection;

impl<R: Sync, C: Sync, S: Subject<R, C>> ActionTarget<R, C> for OnItem<S> {
    const IS_ITEM: bool = true;
    type Id = S::Id;
    type Key = S::Id;

    fn subject() -> Option<&'static str> {
        Some(type_name::<S>())
    }

    fn key(request: &Request) -> Result<S::Id> {
        request.item_id()
    }

    async fn find(resource: &R, request: &Request<C>, id: S::Id) -> Result<Self> {
        let subject = S::find(resource, request, id).await?;
        subject.map(Self).ok_or_else(nothing_here)
    }
}

impl<R, C> ActionTarget<R, C> for OnCollection {
    const IS_ITEM: bool = false;
    type Id = Never;
    type Key = ();

    fn subject() -> Option<&'static str> {
        None
    }

    fn key(_: &Request) -> Result<()> {
        Ok(())
    }

    fn find(_: &R, _: &Request<C>, (): ()) -> impl Future<Output = Result<Self>> + Send {
        ready(Ok(Self))
    }
}

/// The input of an extra action: none, a query string or a body.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ActionInput: Sized + Send {
    #[doc(hidden)]
    fn read(request: &mut Request, limit: u64) -> impl Future<Output = Result<Self>> + Send;

    #[doc(hidden)]
    fn describe(operation: &mut Operation, registry: &mut Registry, limit: u64);
}

/// The input of an action that reads neither query string nor body.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct NoInput;

/// The input of an action that reads a typed query string.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct QueryInput<Q>(pub Q);

/// The input of an action that reads a typed body.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct BodyInput<B>(pub B);

impl ActionInput for NoInput {
    async fn read(_: &mut Request, _: u64) -> Result<Self> {
        Ok(Self)
    }

    fn describe(_: &mut Operation, _: &mut Registry, _: u64) {}
}

impl<A: ActionInput, B: ActionInput> ActionInput for (A, B) {
    async fn read(request: &mut Request, limit: u64) -> Result<Self> {
        Ok((
            A::read(request, limit).await?,
            B::read(request, limit).await?,
        ))
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, limit: u64) {
        A::describe(operation, registry, limit);
        B::describe(operation, registry, limit);
    }
}

impl<Q: Query> ActionInput for QueryInput<Q> {
    async fn read(request: &mut Request, _: u64) -> Result<Self> {
        request.query().map(Self)
    }

    fn describe(operation: &mut Operation, _: &mut Registry, _: u64) {
        operation.add_query_parameters(Q::parameters());
    }
}

impl<B: Input> ActionInput for BodyInput<B> {
    async fn read(request: &mut Request, limit: u64) -> Result<Self> {
        request.input(limit).await.map(Self)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, limit: u64) {
        let schema = B::schema(registry);
        operation.add_input_body(B::MEDIA_TYPE, &schema, &B::media_types(), limit);
    }
}
