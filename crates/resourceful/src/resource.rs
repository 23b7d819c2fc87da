//! [`AsyncResource`]: typed hooks, one per [`Action`].

use std::fmt::Display;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::Access;
use crate::action::{Action, Actions};
use crate::error::Result;
use crate::extra::ExtraActions;
use crate::input::Input;
use crate::openapi::{Operation, Problems, Scribe, Texts};
use crate::paging::Page;
use crate::query::Query;
use crate::reply::{Content, Reply};
use crate::request::Request;
use crate::response::Response;

/// A set of things with an API: the hooks that are written are the operations it serves.
///
/// Mounted with [`App::resource`](crate::App::resource). A method without a hook is answered
/// with 405 and the right `Allow`.
///
/// | hook | request | success |
/// |---|---|---|
/// | `list` | `GET` collection | 200, `{"<name>": [..], "pagination": {..}}` |
/// | `create` | `POST` collection | 201, the item, `Location` if [`locate`](Self::locate) says |
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
    const TEXTS: Texts = Texts::new("", &[]);

    /// The largest body in bytes; `None` is the application's limit.
    const BODY_LIMIT: Option<u64> = None;

    /// How long a request has until it is answered; `None` is the application's limit, and
    /// `Duration::MAX` no limit.
    const TIME_LIMIT: Option<Duration> = None;

    /// Who may call it: [`Public`](crate::Public) or your own.
    type Access: Access<Self>;

    /// What the hooks fail with: [`Error`], or an enum that derives `Problem`.
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
    fn locate(&self, item: &Self::Item) -> Option<Self::Id> {
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

/// What can name an item in a path.
///
/// Every type that can be parsed and displayed, and has a schema; one that parses `+7` and displays `7` is
/// found under `7` alone.
///
/// # Examples
/// ```
/// fn is_id<T: resourceful::Id>() {}
/// is_id::<i64>();
/// is_id::<String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of an item",
    note = "an id implements `FromStr`, `Display` and `JsonSchema`, and is `Send`"
)]
pub trait Id: FromStr + Display + JsonSchema + Send + 'static {}

impl<T: FromStr + Display + JsonSchema + Send + 'static> Id for T {}

/// A value that is answered: serialised, and described by a schema.
///
/// Derive the two traits; there is nothing to implement.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Post { id: i64, title: String }
///
/// fn is_output<T: resourceful::Output>() {}
/// is_output::<Post>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered",
    label = "not an `Output`",
    note = "add `#[derive(Serialize, JsonSchema)]` to `{Self}`"
)]
pub trait Output: Send + Sized {
    #[doc(hidden)]
    fn item(self, status: StatusCode) -> Result<Reply>;

    #[doc(hidden)]
    fn page(page: &Page<Self>, name: &str) -> Result<Reply>;

    #[doc(hidden)]
    fn schema(scribe: &mut Scribe) -> Value;
}

// The two traits are bounds here and not supertraits above, so that the compiler names
// `Output` and its note when one is missing.
#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send> Output for T {
    fn item(self, status: StatusCode) -> Result<Reply> {
        Ok(Content::json(status, &self)?.into())
    }

    fn page(page: &Page<Self>, name: &str) -> Result<Reply> {
        Ok(Content::json(StatusCode::OK, &page.named(name))?.into())
    }

    fn schema(scribe: &mut Scribe) -> Value {
        scribe.schemas.output::<T>()
    }
}

/// What a hook may answer: every [`Output`], or [`Raw`].
///
/// # Examples
/// ```
/// fn is_representation<T: resourceful::Representation>() {}
/// is_representation::<Vec<String>>();
/// is_representation::<resourceful::Raw>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered",
    label = "not an `Output`",
    note = "add `#[derive(Serialize, JsonSchema)]` to `{Self}`, or answer `Raw(response)`"
)]
pub trait Representation: Send {
    #[doc(hidden)]
    fn represent(self, status: StatusCode) -> Result<Reply>;

    #[doc(hidden)]
    fn describe(operation: &mut Operation, scribe: &mut Scribe, status: StatusCode);
}

#[diagnostic::do_not_recommend]
impl<T: Output> Representation for T {
    fn represent(self, status: StatusCode) -> Result<Reply> {
        self.item(status)
    }

    fn describe(operation: &mut Operation, scribe: &mut Scribe, status: StatusCode) {
        let schema = T::schema(scribe);
        operation.answers_json(status, schema);
    }
}

/// The way out of the typed hooks: a response as it is, with its status and headers.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::Raw;
///
/// struct Files;
///
/// #[resource]
/// impl AsyncResource for Files {
///     type Access = Public;
///
///     async fn retrieve(&self, _: &Request, name: String) -> Result<Raw> {
///         Ok(Raw(format!("content of {name}").into_response()))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/files", Files))?;
/// assert_eq!(client.get("/files/a.txt").await.text(), "content of a.txt");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Raw(pub Response);

impl Representation for Raw {
    fn describe(operation: &mut Operation, _: &mut Scribe, _: StatusCode) {
        operation.answers_something(None);
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        Ok(self.0.into())
    }
}

/// Nothing: 204. What an [extra action](crate::ExtraAction) answers whose hook returns
/// `Result<()>`.
///
/// # Examples
/// ```
/// fn is_representation<T: resourceful::Representation>() {}
/// is_representation::<resourceful::NoContent>();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct NoContent;

impl Representation for NoContent {
    fn represent(self, _: StatusCode) -> Result<Reply> {
        Ok(Content::empty(StatusCode::NO_CONTENT).into())
    }

    fn describe(operation: &mut Operation, _: &mut Scribe, _: StatusCode) {
        operation.answers(StatusCode::NO_CONTENT, None);
    }
}

/// The schema of a page of `T`: its items under `name`, and `pagination`, where there is one.
pub(crate) fn page_schema<T: Output>(
    name: &str,
    pagination: Option<Value>,
    scribe: &mut Scribe,
) -> Value {
    let mut properties = serde_json::Map::new();
    let items = json!({"type": "array", "items": T::schema(scribe)});
    properties.insert(name.to_owned(), items);
    let mut required = vec![name];
    if let Some(pagination) = pagination {
        properties.insert("pagination".to_owned(), pagination);
        required.push("pagination");
    }
    json!({"type": "object", "required": required, "properties": properties})
}
