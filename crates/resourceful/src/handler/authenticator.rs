//! [`Authenticator`]: the authenticators that a resource or the state of a function holds.

use std::future::Future;
use std::marker::PhantomData;

use http::header::HeaderValue;

use crate::error::Result;
use crate::handler::authenticate::{Authenticate, Authentication};
use crate::openapi::Security;
use crate::request::Request;

/// An [`Authenticate`] that `R` holds, or [`Any`] of several.
///
/// `R` holds it if it implements `AsRef` of it.
///
/// # Examples
/// See [`SignedIn`](crate::SignedIn).
#[diagnostic::on_unimplemented(
    message = "`{Self}` finds no caller",
    note = "write `impl Authenticate for {Self}`, or use one of `resourceful-auth`; `Any<(A, B)>` takes two to four"
)]
pub trait Authenticator<R: ?Sized>: Send + Sync + 'static {
    #[doc(hidden)]
    type Caller: Send + Sync + 'static;

    #[doc(hidden)]
    fn find(
        resource: &R,
        request: &Request,
    ) -> impl Future<Output = Result<Authentication<Self::Caller>>> + Send;

    #[doc(hidden)]
    fn challenges(resource: &R) -> Vec<HeaderValue>;

    #[doc(hidden)]
    fn schemes(resource: &R) -> Vec<Security>;
}

/// `AsRef` with a message for a resource that does not hold what its access rule needs.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `{A}`, which its access rule needs",
    label = "the access rule finds no `{A}` here",
    note = "a resource or view has it in a field with `#[as_ref]`, and `#[derive(AsRef)]`; a function gets it by `.state(..)`"
)]
pub trait Holds<A> {
    fn held(&self) -> &A;
}

#[diagnostic::do_not_recommend]
impl<A, R: AsRef<A>> Holds<A> for R {
    fn held(&self) -> &A {
        self.as_ref()
    }
}

impl<A: Authenticate, R: Holds<A> + Sync> Authenticator<R> for A {
    type Caller = A::Caller;

    fn find(
        resource: &R,
        request: &Request,
    ) -> impl Future<Output = Result<Authentication<A::Caller>>> + Send {
        resource.held().authenticate(request)
    }

    fn challenges(resource: &R) -> Vec<HeaderValue> {
        vec![resource.held().challenge()]
    }

    fn schemes(resource: &R) -> Vec<Security> {
        vec![resource.held().security()]
    }
}

/// One of several authenticators: `Any<(Sessions<User>, ApiKeys<User>)>`.
///
/// They are tried in this order, and the first one whose credentials the request has decides: wrong
/// credentials are refused, even if the request has others. A 401 for a request without credentials has the
/// challenges of all. The caller has the type of the first one; the callers of the others are converted by
/// `Into`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Any, Authenticate, Authentication, SignedIn};
///
/// struct User { name: &'static str }
///
/// #[derive(Clone)]
/// struct Bearer;
/// #[derive(Clone)]
/// struct Key;
///
/// # impl AsRef<Bearer> for Keys { fn as_ref(&self) -> &Bearer { &self.0 } }
/// # impl AsRef<Key> for Keys { fn as_ref(&self) -> &Key { &self.1 } }
/// #[derive(Clone)]
/// struct Keys(Bearer, Key); // with `AsRef` of both
///
/// impl Authenticate for Bearer {
///     type Caller = User;
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
///     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
///         Ok(match request.credentials("Bearer")? {
///             Some("let-me-in") => Authentication::Caller(User { name: "Ada" }),
///             Some(_) => return Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
///             None => Authentication::Missing,
///         })
///     }
/// }
///
/// impl Authenticate for Key {
///     type Caller = User;
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Key") }
///     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
///         Ok(match request.header("x-key") {
///             Some("open-sesame") => Authentication::Caller(User { name: "Ali" }),
///             Some(_) => return Err(Error::unauthorized("Key")),
///             None => Authentication::Missing,
///         })
///     }
/// }
///
/// #[endpoint]
/// async fn name(request: &Request<User>) -> Result<&'static str> { Ok(request.caller().name) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let view = guarded::<SignedIn<Any<(Bearer, Key)>>, _>(name).state(&Keys(Bearer, Key));
/// let client = TestClient::new(App::new().get("/name", view))?;
/// assert_eq!(client.get("/name").header("x-key", "open-sesame").await.text(), "Ali");
/// let refused = client.get("/name").await;
/// let challenges: Vec<_> = refused.headers().get_all("www-authenticate").iter().collect();
/// assert_eq!(challenges, ["Bearer", "Key"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Any<T>(PhantomData<fn() -> T>);

/// Implements [`Authenticator`] for [`Any`] of a tuple.
macro_rules! any {
    ($first:ident $($other:ident)+) => {
        impl<R, $first, $($other),+> Authenticator<R> for Any<($first, $($other),+)>
        where
            R: Sync + ?Sized,
            $first: Authenticator<R>,
            $($other: Authenticator<R, Caller: Into<$first::Caller>>,)+
        {
            type Caller = $first::Caller;

            async fn find(
                resource: &R,
                request: &Request,
            ) -> Result<Authentication<$first::Caller>> {
                let mut foreign = None;
                match $first::find(resource, request).await? {
                    Authentication::Caller(caller) => return Ok(Authentication::Caller(caller)),
                    Authentication::Foreign(error) => foreign = Some(error),
                    Authentication::Missing => {}
                }
                $(match $other::find(resource, request).await? {
                    Authentication::Caller(caller) => {
                        return Ok(Authentication::Caller(caller.into()));
                    }
                    Authentication::Foreign(error) => foreign = foreign.or(Some(error)),
                    Authentication::Missing => {}
                })+
                Ok(foreign.map_or(Authentication::Missing, Authentication::Foreign))
            }

            fn challenges(resource: &R) -> Vec<HeaderValue> {
                let mut all = $first::challenges(resource);
                for challenge in [$($other::challenges(resource)),+].into_iter().flatten() {
                    if !all.contains(&challenge) {
                        all.push(challenge);
                    }
                }
                all
            }

            fn schemes(resource: &R) -> Vec<Security> {
                let mut all = $first::schemes(resource);
                all.extend([$($other::schemes(resource)),+].into_iter().flatten());
                all
            }
        }
    };
}

any!(A B);
any!(A B C);
any!(A B C D);
