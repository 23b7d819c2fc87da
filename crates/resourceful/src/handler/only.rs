//! [`Only`]: an access rule for some of the callers of another one.

use std::marker::PhantomData;

use crate::action::Action;
use crate::error::{Error, Result};
use crate::handler::access::Access;
use crate::openapi::{ProblemKind, Security};
use crate::request::Request;

/// Decides which callers `C` an [`Only`] lets in.
///
/// A decision that needs state, such as a database, is an [`Access`] of your own.
///
/// # Examples
/// See [`Only`].
pub trait Policy<C>: Send + Sync + 'static {
    /// The text for refused callers. Every one gets the same text, so that it tells nothing of the rows of
    /// others.
    const REFUSAL: &'static str = "You may not do this.";

    /// Whether the caller may send this request.
    fn allows(caller: &C, request: &Request) -> bool;
}

/// Allows callers of the rule `A` whom the policy `P` lets in. Others get 403.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Authenticate, Authentication, Only, Policy, SignedIn};
/// # #[derive(Clone)]
/// # struct Tokens;
/// # struct User { is_staff: bool }
/// # impl AsRef<Tokens> for Tokens { fn as_ref(&self) -> &Tokens { self } }
/// # impl Authenticate for Tokens {
/// #     type Caller = User;
/// #     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
/// #         let name = request.credentials("Bearer")?;
/// #         Ok(name.map_or(Authentication::Missing, |name| Authentication::Caller(User { is_staff: name == "ada" })))
/// #     }
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
/// # }
///
/// struct Staff;
///
/// impl Policy<User> for Staff {
///     const REFUSAL: &'static str = "This is for the staff.";
///
///     fn allows(user: &User, _: &Request) -> bool { user.is_staff }
/// }
///
/// #[endpoint]
/// async fn report() -> Result<&'static str> { Ok("all is well") }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let view = guarded::<Only<SignedIn<Tokens>, Staff>, _>(report).state(&Tokens);
/// let client = TestClient::new(App::new().get("/report", view))?;
/// assert_eq!(client.get("/report").header("authorization", "Bearer ada").await.status(), 200);
/// assert_eq!(client.get("/report").header("authorization", "Bearer bob").await.status(), 403);
/// assert_eq!(client.get("/report").await.status(), 401);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Only<A, P>(PhantomData<fn() -> (A, P)>);

impl<A, P, R> Access<R> for Only<A, P>
where
    A: Access<R>,
    P: Policy<A::Caller>,
    R: Sync,
{
    type Caller = A::Caller;

    fn security(resource: &R, action: Option<Action>) -> Vec<Security> {
        A::security(resource, action)
    }

    fn refusals(resource: &R, action: Option<Action>) -> Vec<ProblemKind> {
        A::refusals(resource, action)
    }

    async fn check(resource: &R, request: &Request) -> Result<A::Caller> {
        let caller = A::check(resource, request).await?;
        if P::allows(&caller, request) {
            Ok(caller)
        } else {
            Err(Error::forbidden(P::REFUSAL))
        }
    }
}
