//! The macros of `resourceful`. They add what an `impl` block leaves out, keep the user's
//! spans, and do nothing that cannot be written by hand.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
mod hooks;
mod names;
mod problem;
mod resource;
mod texts;
mod view;

use proc_macro::TokenStream;

/// Fills in what an `impl AsyncResource` leaves out.
///
/// * `ACTIONS`: the hooks that are there;
/// * `NAME`: the type's name in snake case (`BlogPosts` is `blog_posts`), or the one given:
///   `#[resource(name = "posts")]`;
/// * the associated types, read off the hooks' signatures: `Id`, `Query`, `ListItem`, `Item`,
///   `Create`, `Update`, `PartialUpdate`, `Error`; `Never` where no hook says.
///
/// * `DOCS`: the doc comments of the block and of its hooks, for the document of the API.
///
/// What the block says itself is left alone. `type Access` is never filled in.
///
/// # Extra actions
/// Hooks besides the six have `#[action(METHOD, "path")]`: a parameter called `id` makes it an
/// action of an item, else it is one of the collection; what comes after is its input, of `POST`,
/// `PUT` and `PATCH` the body, of `GET` and `DELETE` the query. `Result<()>` is answered with 204.
/// Clients call it by the type that is made for it, named after both: `PostsPublish`.
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
///     /// Shows a post to everybody.
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

/// Fills in what an `impl AsyncView` leaves out: `METHODS`, the hooks that are there, and
/// `Error`, read off their signatures. `type Access` is never filled in.
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

/// Turns an error type, usually a `thiserror` enum, into problems: `From<It> for Error`.
///
/// Each variant (or the struct) says its `status`, 400 to 599, and may say what the client
/// reads: `detail`, `type` with `title` (RFC 9457), `retry_after` in seconds, and for 401 the `challenge`
/// in `WWW-Authenticate` (default `Bearer`). The `Display`
/// text goes to the log, never to the client. A variant that holds another error which is a problem already, or
/// the library's own `Error`, says `#[problem(transparent)]` and is answered as that.
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
