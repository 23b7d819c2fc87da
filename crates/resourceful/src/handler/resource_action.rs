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
/// `#[action(POST, "publish")]` makes one of a hook. The six hooks are actions of the same kind.
///
/// # Examples
/// The same by hand:
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

    /// [`OnItem`] or [`OnCollection`], as [`SPEC`](Self::SPEC) says.
    type Target: ActionTarget;

    /// [`NoInput`], [`QueryInput`] or [`BodyInput`].
    type Input: ActionInput;

    /// What it answers.
    type Output: Representation;

    /// What it fails with.
    type Error: Problems;

    /// Does it.
    fn run(
        resource: &R,
        request: &Request,
        target: Self::Target,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// Takes up the extra actions of a resource.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ExtraActions<R> {
    /// Serves `A`, too.
    fn add<A: ResourceAction<R>>(&mut self);
}

/// What an extra action is addressed to.
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

/// One item, by its id.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct OnItem<I>(pub I);

/// The collection.
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

/// What an extra action reads.
///
/// # Examples
/// See [`ResourceAction`].
pub trait ActionInput: Sized + Send {
    #[doc(hidden)]
    fn read(request: &mut Request, limit: u64) -> impl Future<Output = Result<Self>> + Send;

    #[doc(hidden)]
    fn describe(operation: &mut Operation, registry: &mut Registry, limit: u64);
}

/// Nothing.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct NoInput;

/// A typed query string.
///
/// # Examples
/// See [`ResourceAction`].
#[derive(Clone, Copy, Debug)]
pub struct QueryInput<Q>(pub Q);

/// A typed body.
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
        request.json_within(limit).await.map(Self)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, limit: u64) {
        operation.add_json_body(&B::schema(registry), &B::media_types(), limit);
    }
}
