//! Access rules for callers: [`SignedIn`], [`Maybe`] and [`SignedInToWrite`].

use std::marker::PhantomData;

use http::header::{HeaderValue, WWW_AUTHENTICATE};

use crate::action::Action;
use crate::error::{Error, ErrorStatus, Result};
use crate::handler::access::Access;
use crate::handler::authenticate::Authentication;
use crate::handler::authenticator::Authenticator;
use crate::openapi::Security;
use crate::request::Request;

/// Allows callers that `A` finds. Others get 401 with the challenge of `A`, before their body is read.
///
/// The resource implements `AsRef<A>`, for example by `#[derive(AsRef)]`; a function has its `A`, or a state
/// with `AsRef<A>`, from [`Guarded::state`](crate::Guarded::state).
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Authenticate, Authentication, SignedIn};
///
/// struct User { id: i64 }
///
/// struct Tokens;
///
/// impl Authenticate for Tokens {
///     type Caller = User;
///
///     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
///         Ok(match request.credentials("Bearer")? {
///             None => Authentication::Missing,
///             Some("of-ada") => Authentication::Caller(User { id: 1 }),
///             Some(_) => return Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
///         })
///     }
///
///     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
/// }
///
/// #[derive(AsRef)]
/// struct Notes {
///     #[as_ref]
///     tokens: Tokens,
/// }
///
/// #[resource]
/// impl AsyncResource for Notes {
///     type Access = SignedIn<Tokens>;
///
///     async fn list(&self, request: &Request<User>, _: Unpaged) -> Result<Page<String>> {
///         Ok(Page::all(vec![format!("a note of {}", request.caller().id)]))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/notes", Notes { tokens: Tokens }))?;
/// let list = client.get("/notes").header("authorization", "Bearer of-ada").await;
/// assert_eq!(list.json()["notes"][0], "a note of 1");
/// let refused = client.get("/notes").await;
/// assert_eq!(refused.status(), 401);
/// assert_eq!(refused.headers()["www-authenticate"], "Bearer");
/// # Ok(())
/// # }
/// ```
///
/// A hook that takes another caller does not compile:
/// ```compile_fail,E0053
/// # use resourceful::prelude::*;
/// # use resourceful::{Authenticate, Authentication, SignedIn};
/// # struct User;
/// # struct Tokens;
/// # impl Authenticate for Tokens {
/// #     type Caller = User;
/// #     async fn authenticate(&self, _: &Request) -> Result<Authentication<User>> { Ok(Authentication::Missing) }
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
/// # }
/// # #[derive(AsRef)]
/// # struct Notes { #[as_ref] tokens: Tokens }
/// #[resource]
/// impl AsyncResource for Notes {
///     type Access = SignedIn<Tokens>;
///
///     async fn list(&self, request: &Request, _: Unpaged) -> Result<Page<String>> { Ok(Page::all(vec![])) }
/// }
/// ```
#[derive(Debug)]
pub struct SignedIn<A>(PhantomData<fn() -> A>);

impl<A: Authenticator<R>, R: Sync> Access<R> for SignedIn<A> {
    type Caller = A::Caller;

    fn security(resource: &R, _: Option<Action>) -> Vec<Security> {
        A::schemes(resource)
    }

    async fn check(resource: &R, request: &Request) -> Result<A::Caller> {
        match A::find(resource, request).await? {
            Authentication::Caller(caller) => Ok(caller),
            Authentication::Foreign(error) => Err(error),
            Authentication::Missing => Err(unauthorized(A::challenges(resource))),
        }
    }
}

/// Allows all requests, and finds the caller of those with credentials. Wrong credentials are refused.
///
/// The caller is an `Option`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Authenticate, Authentication, Maybe};
/// # #[derive(Clone)]
/// # struct Tokens;
/// # struct User { name: &'static str }
/// # impl AsRef<Tokens> for Tokens { fn as_ref(&self) -> &Tokens { self } }
/// # impl Authenticate for Tokens {
/// #     type Caller = User;
/// #     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
/// #         Ok(match request.credentials("Bearer")? {
/// #             None => Authentication::Missing,
/// #             Some("of-ada") => Authentication::Caller(User { name: "Ada" }),
/// #             Some(_) => return Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
/// #         })
/// #     }
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
/// # }
///
/// #[endpoint]
/// async fn greet(request: &Request<Option<User>>) -> Result<String> {
///     let name = request.caller().as_ref().map_or("stranger", |user| user.name);
///     Ok(format!("Hello, {name}!"))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().get("/", guarded::<Maybe<Tokens>, _>(greet).state(&Tokens));
/// let client = TestClient::new(app)?;
/// assert_eq!(client.get("/").await.text(), "Hello, stranger!");
/// assert_eq!(client.get("/").header("authorization", "Bearer of-ada").await.text(), "Hello, Ada!");
/// assert_eq!(client.get("/").header("authorization", "Bearer guess").await.status(), 401);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Maybe<A>(PhantomData<fn() -> A>);

impl<A: Authenticator<R>, R: Sync> Access<R> for Maybe<A> {
    type Caller = Option<A::Caller>;

    fn security(resource: &R, _: Option<Action>) -> Vec<Security> {
        let mut schemes = vec![Security::Public];
        schemes.extend(A::schemes(resource));
        schemes
    }

    async fn check(resource: &R, request: &Request) -> Result<Option<A::Caller>> {
        match A::find(resource, request).await? {
            Authentication::Caller(caller) => Ok(Some(caller)),
            Authentication::Foreign(error) => Err(error),
            Authentication::Missing => {
                request
                    .head()
                    .notes()
                    .set_challenges(A::challenges(resource));
                Ok(None)
            }
        }
    }
}

/// Allows all requests with a safe method (`GET`, `HEAD`), and others only by callers that `A` finds.
///
/// Django REST Framework calls it `IsAuthenticatedOrReadOnly`. The caller is an `Option`;
/// [`Request::signed_in`] returns it in the hooks that write.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Authenticate, Authentication, SignedInToWrite};
/// # struct User { id: i64 }
/// # struct Tokens;
/// # impl Authenticate for Tokens {
/// #     type Caller = User;
/// #     async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
/// #         Ok(match request.credentials("Bearer")? {
/// #             None => Authentication::Missing,
/// #             Some("of-ada") => Authentication::Caller(User { id: 1 }),
/// #             Some(_) => return Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
/// #         })
/// #     }
/// #     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
/// # }
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct NewNote { #[garde(length(chars, min = 1))] text: String }
///
/// #[derive(AsRef)]
/// struct Notes {
///     #[as_ref]
///     tokens: Tokens,
/// }
///
/// #[resource]
/// impl AsyncResource for Notes {
///     type Access = SignedInToWrite<Tokens>;
///
///     async fn list(&self, _: &Request<Option<User>>, _: Unpaged) -> Result<Page<String>> {
///         Ok(Page::all(vec!["a note".into()]))
///     }
///
///     async fn create(&self, request: &Request<Option<User>>, note: NewNote) -> Result<String> {
///         Ok(format!("{}, by {}", note.text, request.signed_in()?.id))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/notes", Notes { tokens: Tokens }))?;
/// assert_eq!(client.get("/notes").await.status(), 200);
/// let new = serde_json::json!({"text": "new"});
/// assert_eq!(client.post("/notes").json(&new).await.status(), 401);
/// let created = client.post("/notes").header("authorization", "Bearer of-ada").json(&new).await;
/// assert_eq!(created.json(), "new, by 1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SignedInToWrite<A>(PhantomData<fn() -> A>);

impl<A: Authenticator<R>, R: Sync> Access<R> for SignedInToWrite<A> {
    type Caller = Option<A::Caller>;

    fn security(resource: &R, action: Option<Action>) -> Vec<Security> {
        match action {
            Some(action) if !action.is_safe() => SignedIn::<A>::security(resource, Some(action)),
            action => Maybe::<A>::security(resource, action),
        }
    }

    async fn check(resource: &R, request: &Request) -> Result<Option<A::Caller>> {
        if request.method().is_safe() {
            Maybe::<A>::check(resource, request).await
        } else {
            SignedIn::<A>::check(resource, request).await.map(Some)
        }
    }
}

impl<C> Request<Option<C>> {
    /// The caller, where the access rule also lets in requests without credentials.
    ///
    /// # Errors
    /// 401 with the challenges of the rule, if the request had no credentials. [`SignedInToWrite`] refuses
    /// such requests before the hook of an unsafe method runs.
    ///
    /// # Examples
    /// See [`SignedInToWrite`].
    pub fn signed_in(&self) -> Result<&C> {
        let notes = self.head().notes_if_any();
        let challenges = || notes.map_or_else(Vec::new, |notes| notes.challenges().to_vec());
        let caller = self.caller().as_ref();
        caller.ok_or_else(|| unauthorized(challenges()))
    }
}

/// 401 with these challenges.
fn unauthorized(challenges: Vec<HeaderValue>) -> Error {
    let error = Error::new(ErrorStatus::new(401));
    let with = |error: Error, challenge| error.with_header(WWW_AUTHENTICATE, challenge);
    challenges.into_iter().fold(error, with)
}
