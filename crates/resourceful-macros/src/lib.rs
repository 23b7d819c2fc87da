//! The macros of `resourceful`.
//!
//! They add the missing items to an `impl` block and keep the user's spans. Everything they
//! generate can be written by hand.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
mod as_ref;
mod case;
mod changeset;
mod column;
mod doc_comments;
mod endpoint;
mod errors;
mod filter;
mod hooks;
mod idempotency;
mod item;
mod model_resource;
mod order;
mod problem;
mod resource;
mod serde_name;
mod view;

use proc_macro::TokenStream;

/// Adds the missing items to an `impl AsyncResource`.
///
/// * `ACTIONS`: the hooks that the block contains;
/// * `NAME`: the type's name in snake case (`BlogPosts` is `blog_posts`), or the name in
///   `#[resource(name = "posts")]`;
/// * the associated types `Id`, `RetrieveSubject`, `UpdateSubject`, `PartialUpdateSubject`, `DestroySubject`, `Query`, `ListItem`, `Item`, `Create`, `CreateOutput`, `Update`,
///   `UpdateOutput`, `PartialUpdate`, `PartialUpdateOutput`, `DestroyOutput` and `Error`, taken
///   from the hooks' signatures; `Never` if no hook uses one;
/// * `DOCS`: the doc comments of the block and of its hooks, for the API document.
///
/// Items that the block contains already stay as they are. `type Access` is never added.
///
/// # Extra actions
/// `#[action(METHOD, "path")]` makes a hook besides the six. It is an action of an item if it has an `id`,
/// an `Unchecked` id, a `Found` row, or a subject that another item hook takes, too, as its first parameter after the
/// request; `#[action(METHOD, "path", detail)]` also makes it one. Without an item it is an action of the
/// collection. The parameter after that is its input: the body for `POST`, `PUT` and `PATCH`, the query for
/// `GET` and `DELETE`.
/// `Result<()>` returns 204. The macro generates a type named after resource and hook
/// (`PostsPublish`), by which clients call the action.
///
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Post { id: i64, published: bool }
///
/// struct Posts;
///
/// #[resource]
/// impl AsyncResource for Posts {
///     type Access = Public;
///
///     /// Makes a post public.
///     #[action(POST, "publish")]
///     async fn publish(&self, _: &Request, id: i64) -> Result<Post> {
///         Ok(Post { id, published: true })
///     }
///
///     #[action(GET, "recent")]
///     async fn recent(&self, _: &Request, page: PageNumber) -> Result<Vec<Post>> {
///         Ok(vec![Post { id: 1, published: true }])
///     }
/// }
///
/// let document = App::new().resource("/posts", Posts).openapi()?;
/// let paths = &document.as_value()["paths"];
/// assert_eq!(paths["/posts/{id}/publish"]["post"]["operationId"], "posts.publish");
/// assert_eq!(paths["/posts/recent"]["get"]["parameters"][0]["name"], "page");
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
///
/// # Errors of a hook
/// The document lists all problems of the hooks' error type for each hook. `#[errors(NotFound)]` names the variants
/// that one hook returns; a name that is no variant does not compile. It stands on an extra action, too. On the block
/// it is for the hooks without their own.
///
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Debug, thiserror::Error, Problem)]
/// enum PostError {
///     #[error("no such post")]
///     #[problem(status = 404)]
///     NotFound,
///     #[error("the title is taken")]
///     #[problem(status = 409)]
///     Taken,
/// }
///
/// struct Posts;
///
/// #[resource]
/// impl AsyncResource for Posts {
///     type Access = Public;
///
///     #[errors(NotFound)]
///     async fn retrieve(&self, _: &Request, _id: i64) -> Result<String, PostError> {
///         Err(PostError::NotFound)
///     }
/// }
///
/// let document = App::new().resource("/posts", Posts).openapi()?;
/// let responses = &document.as_value()["paths"]["/posts/{id}"]["get"]["responses"];
/// assert!(responses.get("404").is_some() && responses.get("409").is_none());
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
///
/// # Model resources
/// On an `impl ModelResource` of `resourceful_db` it also writes the six hooks, except those that the block has.
/// `#[resource(only(list, retrieve))]` leaves out the other actions. The documentation of that trait lists the items
/// of the block.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// struct Greetings;
///
/// #[resource]
/// impl AsyncResource for Greetings {
///     type Access = Public;
///
///     async fn retrieve(&self, _: &Request, name: String) -> Result<String> {
///         Ok(format!("Hello, {name}!"))
///     }
/// }
///
/// assert_eq!(Greetings::NAME, "greetings");
/// assert_eq!(Greetings::ACTIONS, Actions::of(&[Action::Retrieve]));
/// ```
#[proc_macro_attribute]
pub fn resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    resource::expand(arguments.into(), item.into()).into()
}

/// Implements `AsRef` for the types of the fields with `#[as_ref]`.
///
/// A resource holds in such fields what its access rule needs, for example an authenticator. A field with
/// `#[as_ref(A, B)]` has `AsRef` of `A` and of `B` itself, such as a state that several resources share.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// struct Keys(Vec<String>);
///
/// #[derive(AsRef)]
/// struct Notes {
///     #[as_ref]
///     keys: Keys,
///     limit: usize,
/// }
///
/// let notes = Notes { keys: Keys(vec![]), limit: 10 };
/// let keys: &Keys = notes.as_ref();
/// assert!(keys.0.len() < notes.limit);
///
/// #[derive(AsRef)]
/// struct Tags {
///     #[as_ref(Keys)]
///     notes: Notes,
/// }
///
/// let tags = Tags { notes };
/// let keys: &Keys = tags.as_ref();
/// assert!(keys.0.is_empty());
/// ```
#[proc_macro_derive(AsRef, attributes(as_ref))]
pub fn as_ref(item: TokenStream) -> TokenStream {
    as_ref::expand(item.into()).into()
}

/// Makes an `async fn` a view whose signature is its documentation.
///
/// | parameter | value |
/// |---|---|
/// | `state: &T` (any name) | the state that [`Guarded::state`](https://docs.rs/resourceful/latest/resourceful/struct.Guarded.html#method.state) has set |
/// | `request: &Request<C>` (any name) | the request from the caller `C`, whose body was read |
/// | `request: Request<C>` (any name) | the request with its body |
/// | `query: T` | the query string; 422 with each wrong parameter |
/// | `body: T` | the body; 400, 413, 415, or 422 with each wrong field |
/// | any other name | the parameter of the path with this name; 404 if it cannot be one |
///
/// The document has the types, and the doc comment as summary and description. `#[endpoint(tag = "films",
/// operation_id = "films.greet")]` sets the tag and the operation id, which else come from the path.
/// `#[errors(..)]` names the variants of the error type that the function returns.
///
/// `name()` is the endpoint. A unit test calls the function as `name().call(..)`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Clone)]
/// struct Greeter { greeting: String }
///
/// /// `?times=2`
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Times { #[garde(range(min = 1, max = 10))] times: usize }
///
/// /// Greets a person.
/// #[endpoint]
/// async fn greet(greeter: &Greeter, name: String, query: Times) -> Result<String> {
///     Ok(format!("{} {name}! ", greeter.greeting).repeat(query.times))
/// }
///
/// let greeter = Greeter { greeting: "Hello,".into() };
/// let app = App::new().get("/greet/{name}", public(greet).state(&greeter));
/// let document = app.openapi()?;
/// let operation = &document.as_value()["paths"]["/greet/{name}"]["get"];
/// assert_eq!(operation["summary"], "Greets a person.");
/// assert_eq!(operation["parameters"][1]["name"], "times");
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
#[proc_macro_attribute]
pub fn endpoint(arguments: TokenStream, item: TokenStream) -> TokenStream {
    endpoint::expand(arguments.into(), item.into()).into()
}

/// Adds the missing items to an `impl AsyncView`.
///
/// They are `METHODS`, the hooks that the block contains, and `Error`, taken from their
/// signatures. `type Access` is never added.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// struct Hello;
///
/// #[view]
/// impl AsyncView for Hello {
///     type Access = Public;
///
///     async fn get(&self, _: Request) -> Result<Response> { Ok("hello".into_response()) }
/// }
///
/// assert_eq!(Hello::METHODS, [http::Method::GET]);
/// ```
#[proc_macro_attribute]
pub fn view(_: TokenStream, item: TokenStream) -> TokenStream {
    view::expand(item.into()).into()
}

/// Converts an error type, usually a `thiserror` enum, into problem details.
///
/// It implements `From<YourError> for Error`. Each variant (or the struct) needs a `status` from
/// 400 to 599. Optional are `detail`, `type` with `title` (RFC 9457), `retry_after` in seconds,
/// and, for 401, the `challenge` in `WWW-Authenticate` (default `Bearer`); the client reads all
/// of these. The `Display` text goes to the log, never to the client. `#[problem(transparent)]`
/// marks a variant that holds another problem type or the library's own `Error`: the response is
/// that of the inner error.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Debug, thiserror::Error, Problem)]
/// enum BlogError {
///     #[error("no post {0}")]
///     #[problem(status = 404, detail = "Post not found")]
///     NoPost(i64),
///     #[error("quota: {0} of {0}")]
///     #[problem(status = 409, type = "https://example.com/quota", title = "Quota exceeded")]
///     Quota(u32),
///     #[error(transparent)]
///     #[problem(status = 503, retry_after = 5)]
///     Storage(#[from] std::io::Error),
///     #[error(transparent)]
///     #[problem(transparent)]
///     Request(#[from] Error),
/// }
///
/// let error = Error::from(BlogError::NoPost(7));
/// assert_eq!(error.status(), 404);
/// assert_eq!(error.detail(), Some("Post not found"));
/// assert!(error.to_string().contains("no post 7")); // for the log
/// ```
#[proc_macro_derive(Problem, attributes(problem))]
pub fn problem(item: TokenStream) -> TokenStream {
    problem::expand(item.into()).into()
}

/// Implements `resourceful_db::Item` for a struct: an item of an API, read from columns of a table.
///
/// The attributes are those of the trait's documentation.
#[proc_macro_derive(Item, attributes(item))]
pub fn item(item: TokenStream) -> TokenStream {
    item::expand(item.into()).into()
}

/// Implements `resourceful_db::Changeset` for a struct: the columns that a body sets.
///
/// The attributes are those of the trait's documentation. Its members have the names that serde reads.
#[proc_macro_derive(Changeset, attributes(changeset))]
pub fn changeset(item: TokenStream) -> TokenStream {
    changeset::expand(item.into()).into()
}

/// Implements `resourceful_db::Filter` for a struct: conditions from the query string.
///
/// The attributes are those of the trait's documentation. Its parameters have the names that serde reads.
#[proc_macro_derive(Filter, attributes(filter))]
pub fn filter(item: TokenStream) -> TokenStream {
    filter::expand(item.into()).into()
}

/// Implements `resourceful_db::Order` for an enum: the orders of a list.
///
/// An order has the name of its variant in snake case, or that of `#[order(rename = "new")]`. Each variant names
/// its columns: `#[order(priority desc, created_at)]`.
#[proc_macro_derive(Order, attributes(order))]
pub fn order(item: TokenStream) -> TokenStream {
    order::expand(item.into()).into()
}
