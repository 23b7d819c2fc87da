//! [`ResourceAction`]: one action of a resource, with its types.

use std::future::Future;

use crate::action::{Action, ActionSpec};
use crate::error::Result;
use crate::handler::id::Id;
use crate::handler::unused::Never;
use crate::input::Input;
use crate::input::query::Query;
use crate::openapi::{Operation, Problems, Registry};
use crate::request::Request;
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

    /// [`OnItem`] or [`OnCollection`], in agreement with [`SPEC`](Self::SPEC).
    type Target: ActionTarget;

    /// [`NoInput`], [`QueryInput`] or [`BodyInput`].
    type Input: ActionInput;

    /// The type of the response.
    type Output: Representation;

    /// The type of the errors.
    type Error: Problems;

    /// Runs the action.
    fn run(
        resource: &R,
        request: &Request,
        target: Self::Target,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// Registers the extra actions of a resource.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ExtraActions<R> {
    /// Registers the action `A`.
    fn add<A: ResourceAction<R>>(&mut self);
}

/// The target of an extra action: an item or the collection.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ActionTarget: Sized + Send + 'static {
    #[doc(hidden)]
    const IS_ITEM: bool;

    #[doc(hidden)]
    type Id: Id;

    #[doc(hidden)]
    fn from_request(request: &Request) -> Result<Self>;
}

/// The target of an action on one item: the id of the item.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct OnItem<I>(pub I);

/// The target of an action on the collection.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct OnCollection;

impl<I: Id> ActionTarget for OnItem<I> {
    const IS_ITEM: bool = true;
    type Id = I;

    fn from_request(request: &Request) -> Result<Self> {
        request.item_id().map(Self)
    }
}

impl ActionTarget for OnCollection {
    const IS_ITEM: bool = false;
    type Id = Never;

    fn from_request(_: &Request) -> Result<Self> {
        Ok(Self)
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

/// The whole request, with its body: the input of a function that reads it.
impl ActionInput for Request {
    async fn read(request: &mut Request, _: u64) -> Result<Self> {
        Ok(request.take())
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
