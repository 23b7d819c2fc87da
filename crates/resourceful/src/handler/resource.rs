//! [`AsyncResource`]: typed hooks, one per [`Action`].

use std::future::Future;
use std::time::Duration;

use crate::action::{Action, Actions};
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::id::Id;
use crate::handler::idempotency::{IdempotentActions, Once};
use crate::handler::parent::Parent;
use crate::handler::resource_action::ExtraActions;
use crate::handler::subject::Subject;
use crate::input::Input;
use crate::input::pagination::Page;
use crate::input::query::Query;
use crate::openapi::{DocComments, HookErrors, Problems};
use crate::proto::validators::Validators;
use crate::request::Request;
use crate::request::notes::Notes;
use crate::response::destroy_output::DestroyOutput;
use crate::response::representation::{Output, Representation};

/// The caller of the hooks of `R`, from its access rule.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Caller, Never};
///
/// /// Says whose note it is, for any resource whose callers have a name.
/// fn signature<R: AsyncResource>(request: &Request<Caller<R>>) -> &str
/// where
///     Caller<R>: AsRef<str>,
/// {
///     request.caller().as_ref()
/// }
/// ```
pub type Caller<R> = <<R as AsyncResource>::Access as Access<R>>::Caller;

/// A resource: a collection of items with an API. Each hook that you write serves one operation.
///
/// Register it with [`App::resource`](crate::App::resource). A method without a hook returns 405 with
/// the correct `Allow`.
///
/// | hook | request | success |
/// |---|---|---|
/// | `list` | `GET` collection | 200, `{"<name>": [..], "pagination": {..}}` |
/// | `create` | `POST` collection | 201, the item, `Location` if [`location_id`](Self::location_id) returns an id |
/// | `retrieve` | `GET` item | 200, the item |
/// | `update` | `PUT` item | 200, the item |
/// | `partial_update` | `PATCH` item | 200, the item |
/// | `destroy` | `DELETE` item | 204 |
///
/// A hook can return another status, header fields, or content that is not JSON: see [`Representation`].
///
/// `#[resource]` takes the associated types from the signatures of the hooks. The hooks of an item get a
/// [`Subject`].
///
/// # Examples
/// An implementation by hand:
/// ```
/// use resourceful::{Never, NoParent};
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Tag { id: i64, name: String }
///
/// struct Tags;
///
/// impl AsyncResource for Tags {
///     const NAME: &'static str = "tags";
///     const ACTIONS: Actions = Actions::of(&[Action::Retrieve]);
///     type Access = Public;
///     type Error = Error;
///     type Parent = NoParent;
///     type Id = i64;
///     type RetrieveSubject = i64;
///     type UpdateSubject = i64;
///     type PartialUpdateSubject = i64;
///     type DestroySubject = i64;
///     type Query = Never;
///     type ListItem = Never;
///     type Item = Tag;
///     type Create = Never;
///     type CreateOutput = Never;
///     type Update = Never;
///     type UpdateOutput = Never;
///     type PartialUpdate = Never;
///     type PartialUpdateOutput = Never;
///     type DestroyOutput = ();
///
///     async fn retrieve(&self, _: &Request, id: i64) -> Result<Tag> {
///         if id == 1 { Ok(Tag { id, name: "rust".into() }) } else { Err(Error::not_found("Tag not found")) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/tags", Tags))?;
/// assert_eq!(client.get("/tags/1").await.text(), r#"{"id":1,"name":"rust"}"#);
/// assert_eq!(client.get("/tags/2").await.status(), 404);
/// assert_eq!(client.delete("/tags/1").await.headers()["allow"], "GET, HEAD, OPTIONS");
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "this has no `impl AsyncResource`",
    note = "write `#[resource] impl AsyncResource for {Self} {{ .. }}`; a class view is mounted with `App::view`, a function with `App::get` and its kin"
)]
pub trait AsyncResource: Send + Sync + Sized + 'static {
    /// The plural name of the resource, which is also the key of the items in a list.
    const NAME: &'static str;

    /// The actions that have a hook.
    const ACTIONS: Actions;

    /// The doc comments for the API document. `#[resource]` collects them.
    const DOCS: DocComments = DocComments::new("", &[]);

    /// The errors of each hook for the API document. `#[errors(..)]` on a hook adds it; a hook without one may
    /// return all errors of [`Error`](Self::Error).
    const ERRORS: HookErrors = HookErrors::new(&[]);

    /// Maximum body size in bytes. `None` (default) is the application's limit.
    const MAX_BODY_SIZE: Option<u64> = None;

    /// Time limit from the head of a request to its response. `None` (default) is the application's
    /// limit; `Duration::MAX` is no limit.
    const TIMEOUT: Option<Duration> = None;

    /// Maximum number of the resource's requests whose hooks run at once; as many may wait for that, and further ones
    /// get 503 with `Retry-After` at once. `None` (default): the application's limit alone,
    /// [`AppConfig::max_concurrent_requests`](crate::AppConfig::max_concurrent_requests).
    const MAX_CONCURRENT_REQUESTS: Option<usize> = None;

    /// `Cache-Control` of successful responses to `GET`. `None` (default): `private, no-cache` with
    /// [`validators`](Self::validators), so that a client keeps the response and asks each time whether it is
    /// current; else `no-store`.
    const CACHE_CONTROL: Option<&'static str> = None;

    /// Whether `update`, `partial_update` and `destroy` need `If-Match` or `If-Unmodified-Since` (default: no). A
    /// request without one gets 428 (RFC 6585 section 3). It needs [`validators`](Self::validators).
    const REQUIRE_IF_MATCH: bool = false;

    /// The place where the preconditions of requests are evaluated. `#[resource]` sets it.
    #[doc(hidden)]
    const CONDITIONS: Conditions = Conditions::Ignored;

    /// The actions that read `Idempotency-Key`. `#[resource]` sets it.
    #[doc(hidden)]
    const IDEMPOTENT: IdempotentActions = IdempotentActions::NONE;

    /// Decides who may call the resource: [`Public`](crate::Public) or your own type.
    type Access: Access<Self>;

    /// The error type of the hooks: [`Error`](crate::error::Error), or an enum that derives `Problem`.
    type Error: Problems;

    /// The parent of a nested resource: the type of the last parameter in the path of the collection.
    /// [`NoParent`](crate::NoParent) for a resource that is not nested, [`Parents`](crate::Parents) for
    /// several parameters. A path with another parent is 404.
    type Parent: Parent;

    /// The type of an item's id, such as an integer, a UUID or a slug.
    type Id: Id;

    /// The item that `retrieve` gets: a [`Subject`] that is found for the caller, or the id itself where the
    /// resource is [`Public`](crate::Public). [`Unchecked`](crate::Unchecked) is an id without a decision.
    type RetrieveSubject: Subject<Self, Caller<Self>, Id = Self::Id>;

    /// The item that `update` gets.
    type UpdateSubject: Subject<Self, Caller<Self>, Id = Self::Id>;

    /// The item that `partial_update` gets.
    type PartialUpdateSubject: Subject<Self, Caller<Self>, Id = Self::Id>;

    /// The item that `destroy` gets.
    type DestroySubject: Subject<Self, Caller<Self>, Id = Self::Id>;

    /// The query string of `list`.
    type Query: Query;

    /// The type of an item in a list.
    type ListItem: Output;

    /// The result of `retrieve`: an item.
    type Item: Representation;

    /// The body of `create`.
    type Create: Input;

    /// The result of `create`: an item, or [`Created`](struct@crate::Created),
    /// [`Accepted`](struct@crate::Accepted) and the like.
    type CreateOutput: Representation;

    /// The body of `update`.
    type Update: Input;

    /// The result of `update`.
    type UpdateOutput: Representation;

    /// The body of `partial_update`.
    type PartialUpdate: Input;

    /// The result of `partial_update`.
    type PartialUpdateOutput: Representation;

    /// The result of `destroy`: `()` for 204, or another [`DestroyOutput`].
    type DestroyOutput: DestroyOutput;

    /// Lists the items, or a page of them.
    fn list(
        &self,
        request: &Request<Caller<Self>>,
        query: Self::Query,
    ) -> impl Future<Output = Result<Page<Self::ListItem>, Self::Error>> + Send {
        let _ = (request, query);
        async { absent(Action::List) }
    }

    /// Creates an item.
    fn create(
        &self,
        request: &Request<Caller<Self>>,
        new: Self::Create,
    ) -> impl Future<Output = Result<Self::CreateOutput, Self::Error>> + Send {
        let _ = (request, new);
        async { absent(Action::Create) }
    }

    /// Retrieves an item.
    fn retrieve(
        &self,
        request: &Request<Caller<Self>>,
        subject: Self::RetrieveSubject,
    ) -> impl Future<Output = Result<Self::Item, Self::Error>> + Send {
        let _ = (request, subject);
        async { absent(Action::Retrieve) }
    }

    /// Replaces an item.
    fn update(
        &self,
        request: &Request<Caller<Self>>,
        subject: Self::UpdateSubject,
        item: Self::Update,
    ) -> impl Future<Output = Result<Self::UpdateOutput, Self::Error>> + Send {
        let _ = (request, subject, item);
        async { absent(Action::Update) }
    }

    /// Changes some fields of an item.
    fn partial_update(
        &self,
        request: &Request<Caller<Self>>,
        subject: Self::PartialUpdateSubject,
        changes: Self::PartialUpdate,
    ) -> impl Future<Output = Result<Self::PartialUpdateOutput, Self::Error>> + Send {
        let _ = (request, subject, changes);
        async { absent(Action::PartialUpdate) }
    }

    /// Deletes an item.
    fn destroy(
        &self,
        request: &Request<Caller<Self>>,
        subject: Self::DestroySubject,
    ) -> impl Future<Output = Result<Self::DestroyOutput, Self::Error>> + Send {
        let _ = (request, subject);
        async { absent(Action::Destroy) }
    }

    /// Keeps the responses to requests with an `Idempotency-Key`. `#[resource]` writes it.
    #[doc(hidden)]
    fn idempotency(&self) -> Option<&dyn Once<Caller<Self>>> {
        None
    }

    /// Runs after a change was committed in the transaction of an `Idempotency-Key`. `#[resource]` writes it.
    #[doc(hidden)]
    fn committed(&self, request: &Request<Caller<Self>>) -> impl Future<Output = ()> + Send {
        let _ = request;
        async {}
    }

    /// Returns the parent of the requested items. It was parsed before [`Access::check`] ran.
    ///
    /// # Panics
    /// If `request` is one to another resource.
    fn parent<C>(&self, request: &Request<C>) -> Self::Parent {
        let notes = request.head().notes_if_any();
        let parent = notes.and_then(Notes::parent).cloned();
        parent.expect("the request is one to this resource")
    }

    /// Returns the id of a new item for the `Location` of a 201 (RFC 9110 section 15.3.2).
    /// `None` (default) omits the field. A `Location` of the result itself has precedence.
    fn location_id(&self, item: &Self::CreateOutput) -> Option<Self::Id> {
        let _ = item;
        None
    }

    /// Returns the version of an item, or the time of its last change. Items with one have an `ETag` or
    /// `Last-Modified`, and requests may be conditional (RFC 9110 section 13):
    ///
    /// | request | field | response |
    /// |---|---|---|
    /// | `GET` item and list | `If-None-Match`, `If-Modified-Since` | 304 if the client has the same content |
    /// | `PUT`, `PATCH`, `DELETE` item | `If-Match`, `If-Unmodified-Since` | 412 if the item was changed since |
    /// | `POST`, `PUT`, `PATCH` | `Prefer: return=minimal` | no content |
    ///
    /// A change with a precondition first calls [`retrieve`](Self::retrieve) and compares. Two changes at the same
    /// moment can both pass, unless the hook excludes that; a model resource compares in its statement.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful::Validators;
    ///
    /// #[derive(Serialize, JsonSchema)]
    /// struct Post { title: String, version: u64 }
    ///
    /// struct Posts;
    ///
    /// #[resource]
    /// impl AsyncResource for Posts {
    ///     type Access = Public;
    ///
    ///     async fn retrieve(&self, _: &Request, _: i64) -> Result<Post> {
    ///         Ok(Post { title: "Hello".into(), version: 7 })
    ///     }
    ///
    ///     async fn destroy(&self, _: &Request, _: i64) -> Result<()> { Ok(()) }
    ///
    ///     fn validators(&self, post: &Post) -> Validators { Validators::version(post.version) }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().resource("/posts", Posts))?;
    /// let post = client.get("/posts/1").await;
    /// let tag = post.headers()["etag"].to_str().unwrap();
    /// let again = client.get("/posts/1").header("if-none-match", tag).await;
    /// assert_eq!(again.status(), 304);
    /// let delete = client.delete("/posts/1").header("if-match", "\"6-0\"");
    /// assert_eq!(delete.await.status(), 412);
    /// # Ok(())
    /// # }
    /// ```
    fn validators(&self, item: &Self::Item) -> Validators {
        let _ = item;
        Validators::default()
    }

    /// Registers actions besides the six standard ones. `#[resource]` generates it from the methods with
    /// `#[action(..)]`.
    fn extra_actions(actions: &mut impl ExtraActions<Self, Caller<Self>>) {
        let _ = actions;
    }

    /// Runs when the resource is added to an application, and returns the mistakes for which it cannot be built.
    /// `#[resource]` generates it for resources over tables.
    #[doc(hidden)]
    fn registered(&self) -> Vec<String> {
        Vec::new()
    }

    /// Checks that the services the resource needs are available. `/readyz`
    /// ([`App::health`](crate::App::health)) runs it under the name of the resource.
    ///
    /// # Errors
    /// Any error makes `/readyz` return 503.
    fn ready(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// The place where the preconditions of requests are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditions {
    /// Nowhere: items have no validators.
    Ignored,
    /// Before the hook, by `validators`.
    Checked,
    /// In the hook.
    InHook,
}

impl Conditions {
    // `==` cannot be used in constants.
    pub(crate) const fn are_ignored(self) -> bool {
        matches!(self, Self::Ignored)
    }
}

/// Panics: a hand-written `ACTIONS` contains an action without a hook. The client gets 500, and the log
/// has this text.
fn absent<T>(action: Action) -> T {
    panic!("`{action}` is in ACTIONS, but the hook is not written")
}
