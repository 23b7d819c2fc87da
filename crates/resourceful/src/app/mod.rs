//! [`App`]: resources, views and settings of an application.

mod composition;
pub(crate) mod config;
#[cfg(feature = "files")]
mod files;
mod serve;
pub(crate) mod test_client;
#[cfg(feature = "tower")]
mod tower;

use std::fmt::Debug;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Mutex};

use http::Method;
use tokio::net::ToSocketAddrs;

use crate::builtin::health::{Check, Live, Ready};
use crate::docs::access_rules::{AccessRules, access_rules};
use crate::docs::build::{About, OpenApi, describe};
use crate::docs::openapi_json::Served;
use crate::docs::swagger_ui::{self, Docs};
use crate::endpoint::Endpoint;
use crate::endpoint::action_endpoint::ActionEndpoint;
use crate::endpoint::function_endpoint::{
    FunctionCaller, FunctionKind, FunctionView, ViewFunction,
};
use crate::endpoint::public_endpoint::Public;
use crate::endpoint::view_endpoint::{ViewEndpoint, ViewHook};
use crate::error::build_error::{BuildError, BuildErrors};
use crate::error::problem::Problem;
use crate::error::{Error, Result};
use crate::handler::access::Access;
use crate::handler::resource::{AsyncResource, Caller};
use crate::handler::resource_action::{ExtraActions, ResourceAction};
use crate::handler::standard_actions::add_standard_actions;
use crate::handler::view::AsyncView;
use crate::openapi::Info;
use crate::proto::path::join;
use crate::request::route::Route;
use crate::request::settings::Settings;
use crate::router::part::{Inherited, Part, Parts};
use crate::router::{Methods, Registration, Router, unsupported};
use crate::server::{Listener, Server};
use crate::service::AppService;
use crate::service::lifespan::Lifespan;
use crate::service::pipeline::Pipeline;
use crate::task::running::Running;

/// An application: resources and views at their paths.
///
/// [`build`](Self::build) reports all configuration errors at once.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().get("/hello", public(hello));
/// let client = TestClient::new(app)?;
/// assert_eq!(client.get("/hello").await.text(), "hello");
/// assert_eq!(client.get("/hello/").await.status(), 308);
/// # Ok(())
/// # }
/// ```
#[must_use = "an application does nothing until it is served"]
pub struct App {
    registrations: Vec<Registration>,
    /// The settings that a nested application has, too.
    part: Part,
    /// The settings of the outermost application.
    settings: Settings,
    /// The settings that a nested application cannot have, and where they were set.
    outermost_only: Vec<(&'static str, &'static Location<'static>)>,
    lifespan: Lifespan,
    health: Option<&'static Location<'static>>,
    checks: Vec<Check>,
    about: About,
    /// Whether the application serves its API document.
    is_documented: bool,
    docs: Option<Docs>,
    /// Errors that are found before the router checks the paths.
    errors: Vec<BuildError>,
}

impl App {
    /// Creates an application without routes.
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new();
    /// ```
    pub fn new() -> Self {
        Self {
            registrations: Vec::new(),
            part: Part::default(),
            settings: Settings::default(),
            outermost_only: Vec::new(),
            lifespan: Lifespan::default(),
            health: None,
            checks: Vec::new(),
            about: About::default(),
            is_documented: true,
            docs: swagger_ui::DEFAULT,
            errors: Vec::new(),
        }
    }

    /// Serves a resource: its collection at `path`, its items below it.
    ///
    /// If `path` ends in a slash (`/posts/`), so do the paths of items (`/posts/7/`). The id is the
    /// parameter `{id}`; `path` may have parameters with other names.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// struct Posts;
    ///
    /// #[resource]
    /// impl AsyncResource for Posts {
    ///     type Access = Public;
    ///     async fn retrieve(&self, _: &Request, id: i64) -> Result<String> { Ok(format!("post {id}")) }
    /// }
    ///
    /// let app = App::new().resource("/posts", Posts);
    /// ```
    #[track_caller]
    pub fn resource<R: AsyncResource>(mut self, path: &str, resource: R) -> Self {
        let caller = Location::caller();
        let mistakes = resource.registered().into_iter();
        let mistakes =
            mistakes.map(|mistake| BuildError::new(format!("`{path}`: {mistake}"), &[caller]));
        self.errors.extend(mistakes);
        let resource = Arc::new(resource);
        let shared = Arc::clone(&resource);
        let check = Check::new(R::NAME, move || {
            let resource = Arc::clone(&shared);
            async move { resource.ready().await }
        });
        self.checks.push(check);
        let item = join(path, "{id}");
        let mut actions = ActionRoutes {
            app: &mut self,
            collection: path,
            item: &item,
            resource,
            running: R::MAX_CONCURRENT_REQUESTS.map(|max| Arc::new(Running::new(max, max))),
            caller,
        };
        add_standard_actions(&mut actions);
        R::extra_actions(&mut actions);
        self
    }

    /// Serves a class view.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// struct Status;
    ///
    /// #[view]
    /// impl AsyncView for Status {
    ///     type Access = Public;
    ///     async fn get(&self, _: Request) -> Result<Response> { Ok("fine".into_response()) }
    /// }
    ///
    /// let app = App::new().view("/status", Status);
    /// ```
    #[track_caller]
    pub fn view<V: AsyncView>(mut self, path: &str, view: V) -> Self {
        let view = Arc::new(view);
        for method in V::METHODS {
            match ViewHook::of(method) {
                Some(hook) => {
                    let view = Arc::clone(&view);
                    let endpoint = Arc::new(ViewEndpoint { view, hook });
                    self = self.register(path, Methods::One(method.clone()), endpoint);
                }
                None => self.errors.push(BuildError::new(
                    format!("`{path}` is no path: {}", unsupported(method)),
                    &[Location::caller()],
                )),
            }
        }
        self
    }

    /// Serves a WebSocket.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful::{AsyncSocket, Message, Socket};
    ///
    /// struct Echo;
    ///
    /// impl AsyncSocket for Echo {
    ///     type Access = Public;
    ///     type Incoming = Message;
    ///     type Outgoing = Message;
    ///
    ///     async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
    ///         while let Some(message) = socket.receive().await? {
    ///             socket.send(&message).await?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().socket("/echo", Echo))?;
    /// assert_eq!(client.get("/echo").await.status(), 426); // no handshake
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "websocket")]
    #[track_caller]
    pub fn socket<S: crate::websocket::AsyncSocket>(self, path: &str, socket: S) -> Self {
        let endpoint = crate::websocket::SocketEndpoint(Arc::new(socket));
        self.register(path, Methods::One(Method::GET), Arc::new(endpoint))
    }

    /// Serves `GET` (and `HEAD`) at `path` with a function.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
    /// let app = App::new().get("/hello", public(hello));
    /// ```
    #[track_caller]
    pub fn get<V, K>(self, path: &str, view: V) -> Self
    where
        V: FunctionView,
        V::Access: Access<V::State>,
        V::Function: FunctionKind<K> + ViewFunction<V::State, FunctionCaller<V>, K>,
    {
        self.function(path, Method::GET, view)
    }

    /// Serves `POST` at `path` with a function.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// async fn echo(mut request: Request) -> Result<String> {
    ///     Ok(String::from_utf8_lossy(&request.bytes().await?).into_owned())
    /// }
    /// let app = App::new().post("/echo", public(echo));
    /// ```
    #[track_caller]
    pub fn post<V, K>(self, path: &str, view: V) -> Self
    where
        V: FunctionView,
        V::Access: Access<V::State>,
        V::Function: FunctionKind<K> + ViewFunction<V::State, FunctionCaller<V>, K>,
    {
        self.function(path, Method::POST, view)
    }

    /// Serves `PUT` at `path` with a function.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// async fn store(_: Request) -> Result<()> { Ok(()) }
    /// let app = App::new().put("/file", public(store));
    /// ```
    #[track_caller]
    pub fn put<V, K>(self, path: &str, view: V) -> Self
    where
        V: FunctionView,
        V::Access: Access<V::State>,
        V::Function: FunctionKind<K> + ViewFunction<V::State, FunctionCaller<V>, K>,
    {
        self.function(path, Method::PUT, view)
    }

    /// Serves `PATCH` at `path` with a function.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// async fn amend(_: Request) -> Result<()> { Ok(()) }
    /// let app = App::new().patch("/file", public(amend));
    /// ```
    #[track_caller]
    pub fn patch<V, K>(self, path: &str, view: V) -> Self
    where
        V: FunctionView,
        V::Access: Access<V::State>,
        V::Function: FunctionKind<K> + ViewFunction<V::State, FunctionCaller<V>, K>,
    {
        self.function(path, Method::PATCH, view)
    }

    /// Serves `DELETE` at `path` with a function.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// async fn remove(_: Request) -> Result<()> { Ok(()) }
    /// let app = App::new().delete("/file", public(remove));
    /// ```
    #[track_caller]
    pub fn delete<V, K>(self, path: &str, view: V) -> Self
    where
        V: FunctionView,
        V::Access: Access<V::State>,
        V::Function: FunctionKind<K> + ViewFunction<V::State, FunctionCaller<V>, K>,
    {
        self.function(path, Method::DELETE, view)
    }

    /// Serves the health checks `/livez` and `/readyz`.
    ///
    /// `/livez` returns 200 while the process runs. `/readyz` returns 200, or 503 while a
    /// [check](Self::ready_check) fails and after a shutdown was requested. Both are absent from the log
    /// and the metrics. [`trusted_hosts`](Self::trusted_hosts) does not apply to them, because health
    /// checks use the server's address.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().health().ready_check("database", || async {
    ///     Err(Error::internal("connection refused")) // only the log contains this text
    /// });
    /// let client = TestClient::new(app)?;
    /// assert_eq!(client.get("/livez").await.status(), 200);
    /// let problem = client.get("/readyz").await.json();
    /// assert_eq!(problem["detail"], "Failing checks: database.");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn health(mut self) -> Self {
        self.health = Some(Location::caller());
        self.settings.has_health = true;
        self
    }

    /// Adds a check to `/readyz`. Its `name` is visible to clients.
    ///
    /// All checks run at the same time. A check that takes longer than two seconds has failed. Resources
    /// implement theirs in [`AsyncResource::ready`].
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().health().ready_check("cache", || async { Ok(()) });
    /// ```
    pub fn ready_check<F, Fut>(mut self, name: &str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.checks.push(Check::new(name, check));
        self
    }

    /// Serves the interactive API documentation at `/docs` in release builds, too.
    ///
    /// The page shows `/openapi.json` and can send requests. Builds with debug assertions always serve it.
    /// Anyone who can reach the server can read it. Its files are part of the program: they add two
    /// megabytes to a release build that calls this method. Its `Content-Security-Policy` limits the page
    /// to requests to this application. If the application has a route at or below `/docs`, the page is
    /// not served.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().docs())?;
    /// assert!(client.get("/docs").await.text().contains("<title>API</title>"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn docs(mut self) -> Self {
        self.docs = Some(swagger_ui::docs);
        self
    }

    /// Sets a function that changes the problem details of all errors. The log is not affected.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().map_problem(|error, problem| {
    ///     let text = error.detail().unwrap_or("Sorry.").to_owned();
    ///     problem.with("error", text)
    /// });
    /// let problem = TestClient::new(app)?.get("/nothing").await.json();
    /// assert_eq!(problem["error"], "There is nothing at this path.");
    /// # Ok(())
    /// # }
    /// ```
    pub fn map_problem(
        mut self,
        change: impl Fn(&Error, Problem) -> Problem + Send + Sync + 'static,
    ) -> Self {
        self.part.map_problem = Some(Arc::new(change));
        self
    }

    /// Sets title and version in the API document, `GET /openapi.json`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{App, Info};
    /// let app = App::new().info(Info::new("Blog", env!("CARGO_PKG_VERSION")));
    /// ```
    pub fn info(mut self, info: Info) -> Self {
        self.about.info = info;
        self
    }

    /// Sets the description of a tag in the API document. The tag of a resource gets the doc comment of the
    /// resource.
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().tag("films", "What has been on.");
    /// ```
    pub fn tag(mut self, name: &str, description: &str) -> Self {
        self.about
            .tags
            .insert(name.to_owned(), description.to_owned());
        self
    }

    /// Sets a function that changes the API document, for example to add servers, webhooks or extensions.
    ///
    /// # Examples
    /// ```
    /// use resourceful::App;
    ///
    /// let app = App::new().modify_openapi(|document| {
    ///     document["servers"] = serde_json::json!([{"url": "https://api.example.org"}]);
    /// });
    /// assert_eq!(app.openapi()?.as_value()["servers"][0]["url"], "https://api.example.org");
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    pub fn modify_openapi(
        mut self,
        change: impl Fn(&mut serde_json::Value) + Send + Sync + 'static,
    ) -> Self {
        self.about.changes.push(Box::new(change));
        self
    }

    /// Turns off the API document, its `/docs` page, and its part in responses to `OPTIONS`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let client = TestClient::new(App::new().without_openapi())?;
    /// assert_eq!(client.get("/openapi.json").await.status(), 404);
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_openapi(mut self) -> Self {
        self.is_documented = false;
        self
    }

    /// Generates the OpenAPI 3.1 document of all routes registered so far.
    ///
    /// The content comes from their types and doc comments. The application serves the document at
    /// `/openapi.json`.
    ///
    /// # Errors
    /// Two types with the same schema name, or two operations with the same id.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// /// Blog posts.
    /// struct Posts;
    ///
    /// #[resource]
    /// impl AsyncResource for Posts {
    ///     type Access = Public;
    ///
    ///     /// The title of a post.
    ///     async fn retrieve(&self, _: &Request, id: i64) -> Result<String> { Ok(format!("post {id}")) }
    /// }
    ///
    /// let document = App::new().resource("/posts", Posts).openapi()?;
    /// let operation = &document.as_value()["paths"]["/posts/{id}"]["get"];
    /// assert_eq!(operation["operationId"], "posts.retrieve");
    /// assert_eq!(operation["summary"], "The title of a post.");
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    pub fn openapi(&self) -> Result<OpenApi, BuildErrors> {
        let outermost = Inherited::outermost(self.settings.clone(), &self.part);
        let (document, errors) = describe(&self.registrations, &self.about, outermost);
        if errors.is_empty() {
            Ok(document)
        } else {
            Err(BuildErrors::new(errors))
        }
    }

    /// Lists who may call each route, and which items they get.
    ///
    /// The routes of the library, such as health checks and the document, are open to all. They are not
    /// listed.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// struct Posts;
    ///
    /// #[resource]
    /// impl AsyncResource for Posts {
    ///     type Access = Public;
    ///     async fn retrieve(&self, _: &Request, id: i64) -> Result<String> { Ok(format!("post {id}")) }
    /// }
    ///
    /// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
    ///
    /// let app = App::new().resource("/posts", Posts).get("/hello", public(hello));
    /// assert_eq!(app.access_rules().to_string(), "GET /hello: Public\nGET /posts/{id}: Public, i64\n");
    /// ```
    #[must_use]
    pub fn access_rules(&self) -> AccessRules {
        let outermost = Inherited::outermost(self.settings.clone(), &self.part);
        access_rules(&self.registrations, outermost)
    }

    /// Adds a hook that runs before the server accepts its first connection.
    ///
    /// Hooks run in the order of registration. An error ends [`serve`](Self::serve).
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().on_start(|| async { Ok(()) });
    /// ```
    pub fn on_start<F, Fut>(mut self, start: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.lifespan.push_start(start);
        self
    }

    /// Adds a hook that runs after the last response.
    ///
    /// Hooks run in reverse order of registration, so resources are closed in reverse order of opening.
    /// They also run if a start hook failed. Errors are logged.
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new().on_stop(|| async { Ok(()) });
    /// ```
    pub fn on_stop<F, Fut>(mut self, stop: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.lifespan.push_stop(stop);
        self
    }

    /// Builds the application as a service without a socket.
    ///
    /// # Errors
    /// All configuration errors: malformed paths, paths registered twice, and the errors of
    /// [`openapi`](Self::openapi) if the document is served.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// let service = App::new().build()?;
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    pub fn build(mut self) -> Result<AppService, BuildErrors> {
        if let Some(caller) = self.health {
            let ready = Public(Ready(std::mem::take(&mut self.checks)));
            self.add_built_in("/livez", Arc::new(Public(Live)), caller);
            self.add_built_in("/readyz", Arc::new(ready), caller);
        }
        let outermost = Inherited::outermost(self.settings.clone(), &self.part);
        let document = self.serve_document(outermost.clone());
        let router = Router::new(self.registrations, &outermost, self.errors)?;
        let unmatched = Route::new(String::new(), Arc::clone(&outermost.settings));
        Ok(AppService::new(Pipeline {
            router,
            settings: outermost.settings,
            #[cfg(feature = "tower")]
            layers: outermost.layers,
            unmatched: Arc::new(unmatched),
            document,
            lifespan: Mutex::new(self.lifespan),
        }))
    }

    /// Builds the application and binds an address; port 0 takes a free port.
    ///
    /// # Errors
    /// The errors of [`build`](Self::build), or an address that cannot be bound.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// println!("listening on http://{}", server.local_addr());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind(self, address: impl ToSocketAddrs + Debug) -> Result<Server> {
        self.listen(Listener::bind(address).await?)
    }

    /// Builds the application on a [`Listener`]: a Unix socket, an inherited socket or TLS.
    ///
    /// # Errors
    /// The errors of [`build`](Self::build).
    ///
    /// # Examples
    /// ```no_run
    /// use resourceful::{App, Listener};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// App::new().listen(Listener::unix("/run/blog.sock").await?)?.run().await
    /// # }
    /// ```
    pub fn listen(self, listener: impl Into<Listener>) -> Result<Server> {
        Ok(Server::serving(self.build()?, listener.into()))
    }

    /// Serves HTTP/1.1 and HTTP/2 on `address` until SIGINT or SIGTERM, then finishes running requests.
    ///
    /// # Errors
    /// The errors of [`build`](Self::build), an address that cannot be bound, or the error of a start hook.
    ///
    /// # Examples
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// resourceful::App::new().serve("127.0.0.1:8000").await
    /// # }
    /// ```
    pub async fn serve(self, address: impl ToSocketAddrs + Debug) -> Result<()> {
        self.bind(address).await?.run().await
    }

    /// Registers the API document and its page, unless the application has its own routes at their paths.
    fn serve_document(&mut self, outermost: Inherited) -> Option<Served> {
        if !self.is_documented {
            return None;
        }
        let (document, errors) = describe(&self.registrations, &self.about, outermost);
        self.errors.extend(errors);
        let document = Served::new(&document);
        let caller = Location::caller();
        let path = "/openapi.json";
        if self.registrations.iter().all(|route| route.pattern != path) {
            self.add_built_in(path, Arc::new(Public(document.clone())), caller);
        }
        let mut patterns = self.registrations.iter().map(|route| &route.pattern);
        if let Some(docs) = self.docs
            && !patterns.any(|pattern| swagger_ui::is_in_docs(pattern))
        {
            for (path, endpoint) in docs() {
                self.add_built_in(path, endpoint, caller);
            }
        }
        Some(document)
    }

    #[track_caller]
    fn function<V, K>(self, path: &str, method: Method, view: V) -> Self
    where
        V: FunctionView,
        V::Access: Access<V::State>,
        V::Function: FunctionKind<K> + ViewFunction<V::State, FunctionCaller<V>, K>,
    {
        let endpoint = V::Function::into_endpoint(view.into_guarded());
        self.register(path, Methods::One(method), endpoint)
    }

    #[track_caller]
    fn register(mut self, pattern: &str, methods: Methods, endpoint: Arc<dyn Endpoint>) -> Self {
        self.add(pattern, methods, endpoint, Location::caller());
        self
    }

    /// Adds an endpoint of the library for `GET`.
    fn add_built_in(
        &mut self,
        pattern: &str,
        endpoint: Arc<dyn Endpoint>,
        caller: &'static Location<'static>,
    ) {
        self.add(pattern, Methods::One(Method::GET), endpoint, caller);
        if let Some(registration) = self.registrations.last_mut() {
            registration.is_built_in = true;
        }
    }

    /// Adds a registration. All routes are registered here.
    fn add(
        &mut self,
        pattern: &str,
        methods: Methods,
        endpoint: Arc<dyn Endpoint>,
        caller: &'static Location<'static>,
    ) {
        self.registrations.push(Registration {
            pattern: pattern.to_owned(),
            methods,
            endpoint,
            caller,
            parts: Parts::new(),
            is_documented: true,
            is_built_in: false,
        });
    }
}

/// Registers the actions of a resource at its collection and its items.
struct ActionRoutes<'a, R> {
    app: &'a mut App,
    collection: &'a str,
    item: &'a str,
    resource: Arc<R>,
    running: Option<Arc<Running>>,
    caller: &'static Location<'static>,
}

impl<R: AsyncResource> ExtraActions<R, Caller<R>> for ActionRoutes<'_, R> {
    fn add<A: ResourceAction<R, Caller = Caller<R>>>(&mut self) {
        let parent = if A::SPEC.is_detail() {
            self.item
        } else {
            self.collection
        };
        let pattern = match A::SPEC.path() {
            "" => parent.to_owned(),
            path => join(parent, path),
        };
        let endpoint =
            ActionEndpoint::<R, A>::new(Arc::clone(&self.resource), self.running.clone());
        let method = Methods::One(A::SPEC.method().clone());
        self.app
            .add(&pattern, method, Arc::new(endpoint), self.caller);
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths: Vec<_> = self
            .registrations
            .iter()
            .map(|route| &route.pattern)
            .collect();
        f.debug_struct("App")
            .field("paths", &paths)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
