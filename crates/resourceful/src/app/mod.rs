//! [`App`]: what is served where, said once.

pub(crate) mod config;
mod serve;
pub(crate) mod test_client;

use std::fmt::Debug;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Mutex};

use http::Method;
use tokio::net::ToSocketAddrs;

use crate::builtin::health::{Check, Live, Ready};
use crate::docs::build::{About, OpenApi, describe};
use crate::docs::openapi_json::Served;
use crate::docs::swagger_ui::{self, Docs};
use crate::endpoint::Endpoint;
use crate::endpoint::action_endpoint::ActionEndpoint;
use crate::endpoint::view_endpoint::{FunctionView, ViewEndpoint, ViewHook};
use crate::error::build_error::{BuildError, BuildErrors};
use crate::error::problem::Problem;
use crate::error::{Error, Result};
use crate::handler::resource::AsyncResource;
use crate::handler::resource_action::{ExtraActions, ResourceAction};
use crate::handler::standard_actions::add_standard_actions;
use crate::handler::view::AsyncView;
use crate::openapi::Info;
use crate::proto::path::join;
use crate::request::route::Route;
use crate::request::settings::Settings;
use crate::router::{Methods, Registration, Router, unsupported};
use crate::server::{Listener, Server};
use crate::service::AppService;
use crate::service::lifespan::Lifespan;
use crate::service::pipeline::Pipeline;

/// An application: resources and views at their paths.
///
/// Mistakes are not reported call by call but all at once, by [`build`](Self::build).
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
    settings: Settings,
    lifespan: Lifespan,
    health: Option<&'static Location<'static>>,
    checks: Vec<Check>,
    about: About,
    /// Is the document served?
    is_documented: bool,
    docs: Option<Docs>,
    /// Those that are seen before the paths are.
    errors: Vec<BuildError>,
}

impl App {
    /// An application that serves nothing yet.
    ///
    /// # Examples
    /// ```
    /// let app = resourceful::App::new();
    /// ```
    pub fn new() -> Self {
        Self {
            registrations: Vec::new(),
            settings: Settings::default(),
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
    /// With a slash at the end of `path` (`/posts/`) items have one too (`/posts/7/`). The
    /// id is the parameter `{id}`; `path` may have parameters of other names.
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
        let resource = Arc::new(resource);
        let asked = Arc::clone(&resource);
        let check = Check::new(R::NAME, move || {
            let asked = Arc::clone(&asked);
            async move { asked.ready().await }
        });
        self.checks.push(check);
        let item = join(path, "{id}");
        let mut actions = ActionRoutes {
            app: &mut self,
            collection: path,
            item: &item,
            resource,
            caller: Location::caller(),
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
    pub fn get(self, path: &str, view: impl FunctionView) -> Self {
        self.register(path, Methods::One(Method::GET), view.into_endpoint())
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
    pub fn post(self, path: &str, view: impl FunctionView) -> Self {
        self.register(path, Methods::One(Method::POST), view.into_endpoint())
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
    pub fn put(self, path: &str, view: impl FunctionView) -> Self {
        self.register(path, Methods::One(Method::PUT), view.into_endpoint())
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
    pub fn patch(self, path: &str, view: impl FunctionView) -> Self {
        self.register(path, Methods::One(Method::PATCH), view.into_endpoint())
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
    pub fn delete(self, path: &str, view: impl FunctionView) -> Self {
        self.register(path, Methods::One(Method::DELETE), view.into_endpoint())
    }

    /// Hands every request below `path` to a tower service, which sees the path without it.
    ///
    /// If the service is an `App` that was built, with no layer around it, it knows the client's address and its
    /// prefix. The outer server runs its start and stop hooks. Each request writes one log line. A
    /// redirect of any other service (`Location: /path`) gets the prefix.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let inner = App::new().get("/hello", public(hello)).build()?; // any tower service
    /// let client = TestClient::new(App::new().mount("/v1", public(inner)))?;
    /// assert_eq!(client.get("/v1/hello").await.text(), "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tower")]
    #[track_caller]
    pub fn mount<A, S, B>(
        mut self,
        path: &str,
        service: crate::handler::view::Guarded<A, S>,
    ) -> Self
    where
        A: crate::handler::access::Access<()>,
        S: tower_service::Service<http::Request<crate::body::Body>, Response = http::Response<B>>
            + Clone
            + Send
            + 'static,
        S::Error: Into<crate::error::BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<crate::error::BoxError>,
    {
        let prefix = path.trim_end_matches('/');
        if let Some(inner) = crate::builtin::mount::application_in(&service) {
            self.lifespan.append(inner.take_lifespan());
            self.settings.mounted.push(inner.shared_settings());
        }
        let endpoint: Arc<dyn Endpoint> =
            Arc::new(crate::builtin::mount::Mount::new(service, prefix));
        if !prefix.is_empty() {
            self = self.register(prefix, Methods::All, Arc::clone(&endpoint));
        }
        self = self.register(&format!("{prefix}/"), Methods::All, Arc::clone(&endpoint));
        self.register(&format!("{prefix}/{{*rest}}"), Methods::All, endpoint)
    }

    /// Answers `/livez` (200 as long as the process answers) and `/readyz` (200, or 503 while a
    /// [check](Self::ready_check) fails and once the server was asked to stop). Neither is
    /// logged or counted, and [`trusted_hosts`](Self::trusted_hosts) does not hold for them: they
    /// are asked by address.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().health().ready_check("database", || async {
    ///     Err(Error::internal("connection refused")) // for the log alone
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

    /// Something `/readyz` asks for, under a name that clients read. A check that takes over two
    /// seconds has failed; all are asked at the same time.
    ///
    /// Resources add theirs in [`AsyncResource::ready`].
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

    /// Serves the page at `/docs` in release builds, too: a page to read the API on, and to try it,
    /// made from `/openapi.json`. Builds with debug assertions serve it unasked.
    ///
    /// It is for everybody who can reach it. Its files are part of the program, two megabytes that
    /// a release build has only if it asks, and its `Content-Security-Policy` lets it talk to the
    /// application alone. An application that serves `/docs` itself, or anything below it, has no
    /// such page.
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

    /// The one place to change what clients read of errors; the log is not affected.
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
        self.settings.map_problem = Some(Arc::new(change));
        self
    }

    /// How the API is called in its document, `GET /openapi.json`.
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

    /// What a group of operations is about, for the document. A resource's text is its doc
    /// comment.
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

    /// Changes the document as a whole: servers, webhooks, extensions; what no type says.
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

    /// Does not serve the document, nor the page that shows it, nor anything of it to `OPTIONS`.
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

    /// The document of the API as it is now: OpenAPI 3.1, made from the types and doc comments of
    /// what is registered. The application serves it at `/openapi.json`.
    ///
    /// # Errors
    /// Two types of one schema name, two operations of one id.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// /// Blog posts.
    /// struct Posts;
    ///
    /// /// What has been written.
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
        let (document, errors) = describe(&self.registrations, &self.about, &self.settings);
        if errors.is_empty() {
            Ok(document)
        } else {
            Err(BuildErrors::new(errors))
        }
    }

    /// Runs before the first connection is accepted, in the order of registration. An error
    /// ends [`serve`](Self::serve).
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

    /// Runs after the last request is answered, the last registered first: what was opened
    /// last is closed first. Runs also when the start failed. Errors are logged.
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

    /// Puts the application together, as a service without a socket.
    ///
    /// # Errors
    /// Every mistake: malformed paths, paths registered twice, and what [`openapi`](Self::openapi)
    /// says, unless the document is not served.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// let service = App::new().build()?;
    /// # Ok::<(), resourceful::BuildErrors>(())
    /// ```
    pub fn build(mut self) -> Result<AppService, BuildErrors> {
        if let Some(caller) = self.health {
            let ready: Arc<dyn Endpoint> = Arc::new(Ready(std::mem::take(&mut self.checks)));
            let endpoints = [("/livez", Arc::new(Live) as _), ("/readyz", ready)];
            for (path, endpoint) in endpoints {
                self.add(path, Methods::One(Method::GET), endpoint, caller);
            }
        }
        let document = self.serve_document();
        let settings = Arc::new(self.settings);
        let router = Router::new(self.registrations, &settings, self.errors)?;
        let unmatched = Route::new(String::new(), Arc::clone(&settings));
        Ok(AppService::new(Pipeline {
            router,
            settings,
            unmatched: Arc::new(unmatched),
            document,
            lifespan: Mutex::new(self.lifespan),
        }))
    }

    /// Puts the application together and binds its address; port 0 takes a free one.
    ///
    /// # Errors
    /// What [`build`](Self::build) says, or that the address cannot be had.
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

    /// Puts the application together on a socket of its own making: a Unix socket, one that was
    /// handed over, one that speaks TLS.
    ///
    /// # Errors
    /// What [`build`](Self::build) says.
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

    /// Serves HTTP/1.1 and HTTP/2 on `address` until SIGINT or SIGTERM, then finishes what
    /// runs.
    ///
    /// # Errors
    /// What [`build`](Self::build) says, that the address cannot be had, or what a start
    /// hook failed with.
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

    /// Puts the document and the page that shows it at their paths, unless the application has
    /// something else there.
    fn serve_document(&mut self) -> Option<Served> {
        if !self.is_documented {
            return None;
        }
        let (document, errors) = describe(&self.registrations, &self.about, &self.settings);
        self.errors.extend(errors);
        let document = Served::new(&document);
        let (get, caller) = (Methods::One(Method::GET), Location::caller());
        let path = "/openapi.json";
        if self.registrations.iter().all(|one| one.pattern != path) {
            self.add(path, get.clone(), Arc::new(document.clone()), caller);
        }
        let mut patterns = self.registrations.iter().map(|one| &one.pattern);
        if let Some(docs) = self.docs
            && !patterns.any(|pattern| swagger_ui::is_in_docs(pattern))
        {
            for (path, endpoint) in docs() {
                self.add(path, get.clone(), endpoint, caller);
            }
        }
        Some(document)
    }

    #[track_caller]
    fn register(mut self, pattern: &str, methods: Methods, endpoint: Arc<dyn Endpoint>) -> Self {
        self.add(pattern, methods, endpoint, Location::caller());
        self
    }

    /// The one way to a registration.
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
        });
    }
}

/// Registers the actions of a resource at its collection and its items.
struct ActionRoutes<'a, R> {
    app: &'a mut App,
    collection: &'a str,
    item: &'a str,
    resource: Arc<R>,
    caller: &'static Location<'static>,
}

impl<R: AsyncResource> ExtraActions<R> for ActionRoutes<'_, R> {
    fn add<A: ResourceAction<R>>(&mut self) {
        let parent = if A::SPEC.is_detail() {
            self.item
        } else {
            self.collection
        };
        let pattern = match A::SPEC.path() {
            "" => parent.to_owned(),
            path => join(parent, path),
        };
        let endpoint = ActionEndpoint::<R, A>::new(Arc::clone(&self.resource));
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
        let paths: Vec<_> = self.registrations.iter().map(|one| &one.pattern).collect();
        f.debug_struct("App")
            .field("paths", &paths)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
