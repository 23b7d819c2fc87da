//! [`AsyncResource`]: typed hooks, one per [`Action`].

use std::future::Future;
use std::time::Duration;

use crate::action::{Action, Actions};
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::id::Id;
use crate::handler::resource_action::ExtraActions;
use crate::input::Input;
use crate::input::pagination::Page;
use crate::input::query::Query;
use crate::openapi::{DocComments, Problems};
use crate::request::Request;
use crate::response::representation::{Output, Representation};

/// A set of things with an API: the hooks that are written are the operations it serves.
///
/// Mounted with [`App::resource`](crate::App::resource). A method without a hook is answered
/// with 405 and the right `Allow`.
///
/// | hook | request | success |
/// |---|---|---|
/// | `list` | `GET` collection | 200, `{"<name>": [..], "pagination": {..}}` |
/// | `create` | `POST` collection | 201, the item, `Location` if [`location_id`](Self::location_id) says |
/// | `retrieve` | `GET` item | 200, the item |
/// | `update` | `PUT` item | 200, the item |
/// | `partial_update` | `PATCH` item | 200, the item |
/// | `destroy` | `DELETE` item | 204 |
///
/// `#[resource]` reads the associated types off the hooks' signatures. This is the same by
/// hand:
///
/// # Examples
/// ```
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
///     type Id = i64;
///     type Query = Never;
///     type ListItem = Never;
///     type Item = Tag;
///     type Create = Never;
///     type Update = Never;
///     type PartialUpdate = Never;
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
pub trait AsyncResource: Send + Sync + 'static {
    /// The collection's name in the plural; the member of a list that holds the items.
    const NAME: &'static str;

    /// The hooks that are written below.
    const ACTIONS: Actions;

    /// What the doc comments say; `#[resource]` collects them.
    const DOCS: DocComments = DocComments::new("", &[]);

    /// The largest body in bytes; `None` is the application's limit.
    const MAX_BODY_SIZE: Option<u64> = None;

    /// How long a request has until it is answered; `None` is the application's limit, and
    /// `Duration::MAX` no limit.
    const TIMEOUT: Option<Duration> = None;

    /// Who may call it: [`Public`](crate::Public) or your own.
    type Access: Access<Self>;

    /// What the hooks fail with: [`Error`](crate::error::Error), or an enum that derives `Problem`.
    type Error: Problems;

    /// What names an item in its path: an integer, a UUID, a slug.
    type Id: Id;

    /// What `list` reads from the query string.
    type Query: Query;

    /// What a list consists of.
    type ListItem: Output;

    /// What the other hooks answer.
    type Item: Representation;

    /// The body of `create`.
    type Create: Input;

    /// The body of `update`.
    type Update: Input;

    /// The body of `partial_update`.
    type PartialUpdate: Input;

    /// The items, or a part of them.
    fn list(
        &self,
        request: &Request,
        query: Self::Query,
    ) -> impl Future<Output = Result<Page<Self::ListItem>, Self::Error>> + Send {
        let _ = (request, query);
        async { absent(Action::List) }
    }

    /// Makes an item.
    fn create(
        &self,
        request: &Request,
        new: Self::Create,
    ) -> impl Future<Output = Result<Self::Item, Self::Error>> + Send {
        let _ = (request, new);
        async { absent(Action::Create) }
    }

    /// One item.
    fn retrieve(
        &self,
        request: &Request,
        id: Self::Id,
    ) -> impl Future<Output = Result<Self::Item, Self::Error>> + Send {
        let _ = (request, id);
        async { absent(Action::Retrieve) }
    }

    /// Replaces an item.
    fn update(
        &self,
        request: &Request,
        id: Self::Id,
        item: Self::Update,
    ) -> impl Future<Output = Result<Self::Item, Self::Error>> + Send {
        let _ = (request, id, item);
        async { absent(Action::Update) }
    }

    /// Changes some fields of an item.
    fn partial_update(
        &self,
        request: &Request,
        id: Self::Id,
        changes: Self::PartialUpdate,
    ) -> impl Future<Output = Result<Self::Item, Self::Error>> + Send {
        let _ = (request, id, changes);
        async { absent(Action::PartialUpdate) }
    }

    /// Removes an item.
    fn destroy(
        &self,
        request: &Request,
        id: Self::Id,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, id);
        async { absent(Action::Destroy) }
    }

    /// The id of an item just made, for the `Location` of a 201 (RFC 9110 section 15.3.2).
    fn location_id(&self, item: &Self::Item) -> Option<Self::Id> {
        let _ = item;
        None
    }

    /// Actions besides the six; `#[resource]` writes it from the hooks that have
    /// `#[action(..)]`.
    fn extra_actions(actions: &mut impl ExtraActions<Self>)
    where
        Self: Sized,
    {
        let _ = actions;
    }

    /// Whether what it needs is there: asked by `/readyz`
    /// ([`App::health`](crate::App::health)), under the resource's name.
    fn ready(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// An action is served that has no hook: `ACTIONS` was written by hand, and wrongly. The
/// walk answers 500 and the log has this text.
fn absent<T>(action: Action) -> T {
    panic!("`{action}` is in ACTIONS, but the hook is not written")
}
