//! [`Subject`]: the item that a hook gets, found for its caller.

use std::future::{Future, ready};

use crate::error::Result;
use crate::handler::id::Id;
use crate::request::Request;

/// An item of the resource `R` that a caller `C` may touch. Item hooks and item actions take one.
///
/// A type that implements it is a rule: [`find`](Self::find) loads the item if it exists for this caller.
/// Different hooks can take different subjects, such as `Post` to read and `OwnPost` to change.
///
/// Every [`Id`] is a subject where the access rule is [`Public`](crate::Public). Under any other rule a
/// bare id does not compile; [`Unchecked`] is the explicit opposite.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Authenticate, Authentication, SignedIn, Subject};
/// # struct Tokens;
/// # struct User { id: i64 }
/// # impl Authenticate for Tokens {
/// #     type Caller = User;
/// #     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
/// #         Ok(match request.credentials("Bearer")? {
/// #             Some(id) => Authentication::Caller(User { id: id.parse().map_err(Error::internal)? }),
/// #             None => Authentication::Missing,
/// #         })
/// #     }
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
/// # }
///
/// #[derive(Clone, Serialize, JsonSchema)]
/// struct Note { id: i64, author: i64 }
///
/// #[derive(AsRef)]
/// struct Notes {
///     #[as_ref]
///     tokens: Tokens,
///     all: Vec<Note>,
/// }
///
/// /// A user finds their own notes only.
/// impl Subject<Notes, User> for Note {
///     type Id = i64;
///
///     async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<Note>> {
///         let is_theirs = |note: &&Note| note.id == id && note.author == request.caller().id;
///         Ok(notes.all.iter().find(is_theirs).cloned())
///     }
/// }
///
/// #[resource]
/// impl AsyncResource for Notes {
///     type Access = SignedIn<Tokens>;
///
///     async fn retrieve(&self, _: &Request<User>, note: Note) -> Result<Note> { Ok(note) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let notes = Notes { tokens: Tokens, all: vec![Note { id: 7, author: 1 }] };
/// let client = TestClient::new(App::new().resource("/notes", notes))?;
/// assert_eq!(client.get("/notes/7").header("authorization", "Bearer 1").await.status(), 200);
/// let other = client.get("/notes/7").header("authorization", "Bearer 2").await;
/// let missing = client.get("/notes/8").header("authorization", "Bearer 2").await;
/// assert_eq!((other.status().as_u16(), other.text()), (404, missing.text()));
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "nobody has decided which `{Self}` a caller of `{R}` may touch",
    label = "no subject of `{R}`",
    note = "let the hook take a type with `impl Subject<{R}, {C}>`, which finds the item for its caller, or write `Unchecked<..>` around the id",
    note = "a bare id is a subject only where `type Access = Public`"
)]
pub trait Subject<R, C = ()>: Sized + Send {
    /// The id of the item in the path.
    type Id: Id;

    /// Finds the item. Runs after the body of the request was read and validated, just before the hook.
    ///
    /// The result is `None` if there is no such item, or if it does not exist for this caller: both get the
    /// same 404.
    ///
    /// # Errors
    /// [`Error::forbidden`](crate::Error::forbidden) if the caller may see the item, but not touch it.
    fn find(
        resource: &R,
        request: &Request<C>,
        id: Self::Id,
    ) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// An id without a decision: each caller that the access rule lets in may touch the item.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::Unchecked;
///
/// struct Local;
///
/// impl<R: Sync> Access<R> for Local {
///     type Caller = ();
///
///     async fn check(_: &R, request: &Request) -> Result<()> {
///         let local = request.peer().is_some_and(|peer| peer.ip().is_loopback());
///         if local { Ok(()) } else { Err(Error::forbidden("Only from this machine.")) }
///     }
/// }
///
/// struct Jobs;
///
/// #[resource]
/// impl AsyncResource for Jobs {
///     type Access = Local;
///
///     async fn retrieve(&self, _: &Request, Unchecked(id): Unchecked<i64>) -> Result<String> {
///         Ok(format!("job {id}"))
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unchecked<I>(pub I);

impl<R, C, I: Id> Subject<R, C> for Unchecked<I> {
    type Id = I;

    fn find(_: &R, _: &Request<C>, id: I) -> impl Future<Output = Result<Option<Self>>> + Send {
        ready(Ok(Some(Self(id))))
    }
}
