//! Class views with a hook per HTTP method, and function views.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use http::Method;

use crate::body::Response;
use crate::error::Result;
use crate::handler::access::{Access, Public};
use crate::handler::description::Description;
use crate::openapi::{DocComments, HookErrors, Problems};
use crate::request::Request;

/// The caller of the hooks of the view `V`, from its access rule.
pub(crate) type ViewCaller<V> = <<V as AsyncView>::Access as Access<V>>::Caller;

/// A class view: one hook per HTTP method, with the raw request.
///
/// Register it with [`App::view`](crate::App::view). `#[view]` fills in `METHODS` and `Error`. The
/// framework handles `HEAD` and `OPTIONS`.
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
pub trait AsyncView: Send + Sync + Sized + 'static {
    /// The methods that have a hook.
    const METHODS: &'static [Method];

    /// Time limit from the head of a request to its response. `None` (default) is the application's
    /// limit; `Duration::MAX` is no limit.
    const TIMEOUT: Option<Duration> = None;

    /// The doc comments for the API document. `#[view]` collects them.
    const DOCS: DocComments = DocComments::new("", &[]);

    /// The errors of each hook for the API document. `#[errors(..)]` on a hook adds it; a hook without one may
    /// return all errors of [`Error`](Self::Error).
    const ERRORS: HookErrors = HookErrors::new(&[]);

    /// Decides who may call the view: [`Public`] or your own type.
    type Access: Access<Self>;

    /// The error type of the hooks: [`Error`](crate::error::Error), or an enum that derives `Problem`.
    type Error: Problems;

    /// Describes the hook for `method` in the API document. Does not change how the hook runs.
    fn describe(method: &Method) -> Description {
        let _ = method;
        Description::new()
    }

    /// Serves `GET`, and `HEAD` without the body.
    fn get(
        &self,
        request: Request<ViewCaller<Self>>,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("get") }
    }

    /// Serves `POST`.
    fn post(
        &self,
        request: Request<ViewCaller<Self>>,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("post") }
    }

    /// Serves `PUT`.
    fn put(
        &self,
        request: Request<ViewCaller<Self>>,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("put") }
    }

    /// Serves `PATCH`.
    fn patch(
        &self,
        request: Request<ViewCaller<Self>>,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("patch") }
    }

    /// Serves `DELETE`.
    fn delete(
        &self,
        request: Request<ViewCaller<Self>>,
    ) -> impl Future<Output = Result<Response, Self::Error>> + Send {
        let _ = request;
        async { absent("delete") }
    }
}

/// Panics: a hand-written `METHODS` names a method without a hook. The client gets 500.
fn absent<T>(hook: &str) -> T {
    panic!("`{hook}` is in METHODS, but the hook is not written")
}

/// A function view or a mounted service with its access rule, and with its state.
///
/// [`public`] and [`guarded`] create it. Functions and services cannot be registered without one.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
/// let view: resourceful::Guarded<Public, _> = public(hello);
/// ```
#[derive(Debug)]
pub struct Guarded<A, H, S = ()> {
    pub(crate) handler: H,
    pub(crate) state: S,
    pub(crate) timeout: Option<Duration>,
    pub(crate) has_telemetry: bool,
    pub(crate) description: Description,
    access: PhantomData<fn() -> A>,
}

impl<A, H, S> Guarded<A, H, S> {
    /// Sets the state of the function and of its access rule, to a clone of `state`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// #[derive(Clone)]
    /// struct Keys(Vec<String>);
    ///
    /// struct KnownKey;
    ///
    /// impl Access<Keys> for KnownKey {
    ///     type Caller = ();
    ///
    ///     async fn check(keys: &Keys, request: &Request) -> Result<()> {
    ///         let given = request.header("x-key").unwrap_or_default();
    ///         if keys.0.iter().any(|key| key == given) { Ok(()) } else { Err(Error::unauthorized("Key")) }
    ///     }
    /// }
    ///
    /// /// Counts the known keys.
    /// #[endpoint]
    /// async fn count(keys: &Keys) -> Result<Json<usize>> { Ok(Json(keys.0.len())) }
    ///
    /// let keys = Keys(vec!["open sesame".into()]);
    /// let app = App::new().get("/keys/count", guarded::<KnownKey, _>(count).state(&keys));
    /// ```
    #[must_use]
    pub fn state<T: Clone>(self, state: &T) -> Guarded<A, H, T> {
        Guarded {
            handler: self.handler,
            state: state.clone(),
            timeout: self.timeout,
            has_telemetry: self.has_telemetry,
            description: self.description,
            access: PhantomData,
        }
    }

    pub(crate) fn map_handler<T>(self, change: impl FnOnce(H) -> T) -> Guarded<A, T, S> {
        Guarded {
            handler: change(self.handler),
            state: self.state,
            timeout: self.timeout,
            has_telemetry: self.has_telemetry,
            description: self.description,
            access: PhantomData,
        }
    }

    /// Sets the time limit from the head of a request to its response. Default: the application's
    /// limit. `Duration::MAX` is no limit.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use std::time::Duration;
    ///
    /// async fn report(_: Request) -> Result<&'static str> { Ok("done") }
    ///
    /// let app = App::new().get("/report", public(report).timeout(Duration::from_secs(300)));
    /// ```
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Excludes requests to this view from the log and the metrics, for example those of a monitor that
    /// sends one every few seconds.
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

    /// Describes the view in the API document. Does not change how the view runs.
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
    /// let description = Description::of("Greets a person.").query::<Whom>();
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

/// Makes `handler` accessible to everyone.
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

/// Makes `handler` accessible to requests that pass [`A::check`](Access::check).
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// struct Local;
///
/// impl Access<()> for Local {
///     type Caller = ();
///
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
        state: (),
        timeout: None,
        has_telemetry: true,
        description: Description::new(),
        access: PhantomData,
    }
}
