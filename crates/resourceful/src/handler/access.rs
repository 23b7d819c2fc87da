//! [`Access`]: the access rule of a resource or view. There is no default rule.

use std::future::{Future, ready};

use crate::action::Action;
use crate::error::{ErrorStatus, Result};
use crate::openapi::{Operation, ProblemKind, Registry, Security};
use crate::request::Request;

/// Decides who may call the resource `R`. Runs for each request, before its body is read.
///
/// Resources and class views set `type Access`, which has no default. Function views are registered
/// with [`public`](crate::public) or [`guarded`](crate::guarded). State that the decision needs, such as
/// keys or a session store, belongs in the resource.
///
/// Most rules are made of an [`Authenticate`](crate::Authenticate): [`SignedIn`](crate::SignedIn),
/// [`Maybe`](crate::Maybe), [`SignedInToWrite`](crate::SignedInToWrite), [`Only`](crate::Only). A rule of
/// your own can call the `check` of another one.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use subtle::ConstantTimeEq;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Note { id: i64 }
///
/// struct Notes { token: String }
///
/// /// Accepts clients that send the token. Deleting is always forbidden.
/// struct WithToken;
///
/// impl Access<Notes> for WithToken {
///     type Caller = ();
///
///     async fn check(notes: &Notes, request: &Request) -> Result<()> {
///         let credentials = request.header("authorization").and_then(|value| value.split_once(' '));
///         // Names of schemes are case-insensitive (RFC 9110 section 11.1).
///         let given = credentials.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
///         // Compares in constant time: the time of `==` depends on how much of a guess is right.
///         let is_known = |token: &str| bool::from(token.as_bytes().ct_eq(notes.token.as_bytes()));
///         match given {
///             None => Err(Error::unauthorized("Bearer")),
///             Some((_, token)) if !is_known(token) => Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
///             Some(_) if request.action() == Some(Action::Destroy) => Err(Error::forbidden("Notes are for ever.")),
///             Some(_) => Ok(()),
///         }
///     }
/// }
///
/// #[resource]
/// impl AsyncResource for Notes {
///     type Access = WithToken;
///
///     async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Note>> { Ok(Page::all(vec![])) }
///     async fn destroy(&self, _: &Request, _: Unchecked<i64>) -> Result<()> { Ok(()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/notes", Notes { token: "s3cret".into() }))?;
/// let refused = client.get("/notes").await;
/// assert_eq!(refused.status(), 401);
/// assert_eq!(refused.headers()["www-authenticate"], "Bearer");
/// assert_eq!(client.get("/notes").header("authorization", "bearer s3cret").await.status(), 200);
/// assert_eq!(client.delete("/notes/1").header("authorization", "Bearer s3cret").await.status(), 403);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who may call `{R}`",
    note = "use `Public`, or write `impl Access<{R}> for {Self}`; `{R}` is the resource, or the state that `.state(..)` gives a function"
)]
pub trait Access<R: ?Sized>: Send + Sync + 'static {
    /// The caller that [`check`](Self::check) finds, such as a user. Hooks get it from
    /// [`Request::caller`]. It is `()` where a rule knows nobody.
    type Caller: Send + Sync + 'static;

    /// Returns the authentication schemes for the API document, one of which a caller needs. Does not
    /// affect [`check`](Self::check).
    ///
    /// `action` is `None` for views.
    #[must_use]
    fn security(resource: &R, action: Option<Action>) -> Vec<Security> {
        let _ = (resource, action);
        vec![Security::Unspecified]
    }

    /// Returns the problems of [`check`](Self::check) for the API document. Does not affect it.
    ///
    /// The default is 401 and 403, or none if [`security`](Self::security) is [`Security::Public`] alone.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful::{ErrorStatus, ProblemKind};
    ///
    /// struct Quota;
    ///
    /// impl<R: Sync> Access<R> for Quota {
    ///     type Caller = ();
    ///
    ///     fn refusals(_: &R, _: Option<Action>) -> Vec<ProblemKind> {
    ///         vec![ProblemKind::new(ErrorStatus::new(429)).with_retry_after()]
    ///     }
    ///
    ///     async fn check(_: &R, _: &Request) -> Result<()> {
    ///         Err(Error::new(ErrorStatus::new(429)).with_retry_after(60))
    ///     }
    /// }
    /// # async fn report(_: Request) -> Result<()> { Ok(()) }
    /// # let document = App::new().get("/", guarded::<Quota, _>(report)).openapi()?;
    /// # let responses = &document.as_value()["paths"]["/"]["get"]["responses"];
    /// # assert!(responses.get("429").is_some() && responses.get("403").is_none());
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    #[must_use]
    fn refusals(resource: &R, action: Option<Action>) -> Vec<ProblemKind> {
        match &*Self::security(resource, action) {
            [Security::Public] => Vec::new(),
            _ => [401, 403]
                .map(|status| ProblemKind::new(ErrorStatus::new(status)))
                .into(),
        }
    }

    /// Checks whether `request` is allowed, and returns its caller.
    ///
    /// # Errors
    /// [`Error::unauthorized`](crate::Error::unauthorized) if the client must authenticate itself,
    /// [`Error::forbidden`](crate::Error::forbidden) if authentication would not help.
    fn check(resource: &R, request: &Request) -> impl Future<Output = Result<Self::Caller>> + Send;
}

/// Allows all requests.
///
/// # Examples
/// ```
/// fn is_access<A: resourceful::Access<()>>() {}
/// is_access::<resourceful::Public>();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Public;

impl<R: ?Sized> Access<R> for Public {
    type Caller = ();

    fn security(_: &R, _: Option<Action>) -> Vec<Security> {
        vec![Security::Public]
    }

    fn check(_: &R, _: &Request) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
}

/// Adds the schemes and the problems of an access rule.
pub(crate) fn describe_access<A: Access<R>, R: ?Sized>(
    resource: &R,
    action: Option<Action>,
    operation: &mut Operation,
    registry: &mut Registry,
) {
    operation.set_security(&A::security(resource, action), registry);
    operation.add_refusals::<A>(A::refusals(resource, action), registry);
}
