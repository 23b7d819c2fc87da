//! Below resources: class views with a hook per HTTP method, and function views.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use http::Method;

use crate::body::Response;
use crate::error::Result;
use crate::handler::access::{Access, Public};
use crate::handler::description::Description;
use crate::openapi::{DocComments, Problems};
use crate::request::Request;

/// A class view: one hook per HTTP method, with the raw request.
///
/// Mounted with [`App::view`](crate::App::view). `#[view]` fills in `METHODS` and `Error`;
/// `HEAD` and `OPTIONS` are answered from what is there.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// struct Counter(AtomicU64);
///
/// #[view]
/// impl AsyncView for Counter {
///     type Access = Public;
///
///     async fn get(&self, _: Request) -> Result<Response> {
///         Ok(Json(self.0.load(Ordering::SeqCst)).into_response())
///     }
///
///     async fn post(&self, _: Request) -> Result<Response> {
///         Ok(Json(self.0.fetch_add(1, Ordering::SeqCst) + 1).into_response())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().view("/counter", Counter(AtomicU64::new(0))))?;
/// assert_eq!(client.post("/counter").await.text(), "1");
/// assert_eq!(client.get("/counter").await.text(), "1");
/// assert_eq!(client.put("/counter").await.headers()["allow"], "GET, HEAD, POST, OPTIONS");
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class view",
    label = "this has no `impl AsyncView`",
    note = "write `#[view] impl AsyncView for {Self} {{ .. }}`; a resource is mounted with `App::resource`, a function with `App::get` and its kin"
)]
pub trait AsyncView: Send + Sync + 'static {
    /// The methods whose hooks are written below.
    const METHODS: &'static [Method];

    /// How long a request has until it is answered; `None` is the application's limit, and
    /// `Duration::MAX` no limit.
    const TIMEOUT: Option<Duration> = None;

    /// What the doc comments say; `#[view]` collects them.
    const DOCS: DocComments = DocComments::new("", &[]);

    /// Who may call it: [`Public`] or your own.
    type Access: Access<Self>;

    /// What the hooks fail with: [`Error`](crate::error::Error), or an enum that derives `Problem`.
    type Error: Problems;

    /// What the types do not say of the hook for `method`: for the document alone.
    fn describe(method: &Method) -> Description
    where
        Self: Sized,
    {
        let _ = method;
        Description::new()
    }

    /// Serves `GET`, and `HEAD` without the body.
    fn get(&self, request: Request) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("get") }
    }

    /// Serves `POST`.
    fn post(&self, request: Request) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("post") }
    }

    /// Serves `PUT`.
    fn put(&self, request: Request) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("put") }
    }

    /// Serves `PATCH`.
    fn patch(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("patch") }
    }

    /// Serves `DELETE`.
    fn delete(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("delete") }
    }
}

/// See the function of this name in [`crate::handler::resource`].
fn absent<T>(hook: &str) -> T {
    panic!("`{hook}` is in METHODS, but the hook is not written")
}

/// A function view or a mounted service, with the decision who may call it.
///
/// Made by [`public`] and [`guarded`]; nothing can be registered without one.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
/// let view: resourceful::Guarded<Public, _> = public(hello);
/// ```
#[derive(Debug)]
pub struct Guarded<A, H> {
    pub(crate) handler: H,
    pub(crate) timeout: Option<Duration>,
    pub(crate) has_telemetry: bool,
    pub(crate) description: Description,
    access: PhantomData<fn() -> A>,
}

impl<A, H> Guarded<A, H> {
    /// How long a request has until it is answered, where that is not the application's
    /// limit; `Duration::MAX` is no limit.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use std::time::Duration;
    ///
    /// async fn report(_: Request) -> Result<&'static str> { Ok("at last") }
    ///
    /// let app = App::new().get("/report", public(report).timeout(Duration::from_secs(300)));
    /// ```
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Leaves its requests out of the log and of the numbers: for what is asked by machines
    /// every few seconds.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// async fn metrics(_: Request) -> Result<&'static str> { Ok("up 1") }
    ///
    /// let app = App::new().get("/metrics", public(metrics).without_telemetry());
    /// ```
    #[must_use]
    pub fn without_telemetry(mut self) -> Self {
        self.has_telemetry = false;
        self
    }

    /// What the types do not say of it: for the document alone.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// /// `?name=Ada`
    /// #[derive(Deserialize, JsonSchema, Validate)]
    /// struct Whom { #[garde(length(min = 1))] name: String }
    ///
    /// async fn hello(request: Request) -> Result<String> {
    ///     let whom: Whom = request.query()?;
    ///     Ok(format!("hello {}", whom.name))
    /// }
    ///
    /// let description = Description::of("Greets somebody.").query::<Whom>();
    /// let document = App::new().get("/hello", public(hello).described(description)).openapi()?;
    /// let operation = &document.as_value()["paths"]["/hello"]["get"];
    /// assert_eq!(operation["parameters"][0]["name"], "name");
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    #[must_use]
    pub fn described(mut self, description: Description) -> Self {
        self.description = description;
        self
    }
}

/// `handler`, open to anyone.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
///
/// let app = App::new().get("/hello", public(hello));
/// ```
pub fn public<H>(handler: H) -> Guarded<Public, H> {
    guarded(handler)
}

/// `handler`, open to whom `A` lets pass.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// struct Local;
///
/// impl Access<()> for Local {
///     async fn check(_: &(), request: &Request) -> Result<()> {
///         let local = request.peer().is_some_and(|peer| peer.ip().is_loopback());
///         if local { Ok(()) } else { Err(Error::forbidden("Only from this machine.")) }
///     }
/// }
///
/// async fn metrics(_: Request) -> Result<&'static str> { Ok("up 1") }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/metrics", guarded::<Local, _>(metrics)))?;
/// assert_eq!(client.get("/metrics").await.status(), 403); // no socket, no peer
/// # Ok(())
/// # }
/// ```
pub fn guarded<A, H>(handler: H) -> Guarded<A, H> {
    Guarded {
        handler,
        timeout: None,
        has_telemetry: true,
        description: Description::new(),
        access: PhantomData,
    }
}

/// A function view that gets a clone of `state` before the request.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use std::sync::Arc;
///
/// async fn greet(name: Arc<str>, _: Request) -> Result<String> { Ok(format!("I am {name}.")) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().get("/", public(with_state(Arc::from("Ada"), greet)));
/// assert_eq!(TestClient::new(app)?.get("/").await.text(), "I am Ada.");
/// # Ok(())
/// # }
/// ```
pub fn with_state<S, F, Fut>(state: S, view: F) -> impl Fn(Request) -> Fut + use<S, F, Fut>
where
    S: Clone,
    F: Fn(S, Request) -> Fut,
{
    move |request| view(state.clone(), request)
}
