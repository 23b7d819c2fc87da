//! Tower layers around an application, and tower services mounted in it.

use std::sync::Arc;

use tower_layer::Layer;

use super::App;
use crate::builtin::mount::Mount;
use crate::endpoint::Endpoint;
use crate::endpoint::layers::Next;
use crate::handler::access::Access;
use crate::handler::view::Guarded;
use crate::response::tower_service::HttpService;
use crate::router::Methods;
use crate::service::AppService;

impl App {
    /// Puts a tower layer around all routes of this application, and of those nested in it.
    ///
    /// The layer sees every request, also one that gets 404 or 405 and an `OPTIONS` that nobody
    /// registered, and every response, also an error. A layer of a [nested](Self::nest) application
    /// sees the requests to its paths only. The layer that is added last is the first one to see a
    /// request.
    ///
    /// The server finds the route before it calls the layers. So a request has one log line with its
    /// path, the client's address is known, an unsafe request runs to its end, and the
    /// [`timeout`](Self::timeout) also limits the layers. A layer that changes the path does not change
    /// the route: put such a layer around the [built](Self::build) application. Each request has the
    /// extension [`ConnectionInfo`](crate::ConnectionInfo). An error of the layer is 500.
    ///
    /// An application without layers pays nothing for them.
    ///
    /// # Examples
    /// ```
    /// use http::{Method, header::CONTENT_TYPE};
    /// use resourceful::prelude::*;
    /// use tower_http::cors::CorsLayer;
    ///
    /// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let cors = CorsLayer::new()
    ///     .allow_origin(["https://shop.example".parse().expect("it is an origin")])
    ///     .allow_methods([Method::GET, Method::POST])
    ///     .allow_headers([CONTENT_TYPE]);
    /// let client = TestClient::new(App::new().get("/hello", public(hello)).layer(cors))?;
    /// let response = client.get("/nothing").header("origin", "https://shop.example").await;
    /// assert_eq!(response.status(), 404);
    /// assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Next>,
        L::Service: HttpService,
    {
        let inner = self.part.layers.take().unwrap_or_default();
        self.part.layers = Some(inner.layered(&layer));
        self
    }

    /// Passes every request below `path` to a tower service, which sees the rest of the path.
    ///
    /// A built `App` without layers knows the client's address and its own prefix. The outer server runs
    /// its start and stop hooks, and each request writes one log line. A redirect of any other service
    /// (`Location: /path`) gets the prefix.
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
    #[track_caller]
    pub fn mount<A, S, T>(mut self, path: &str, service: Guarded<A, S, T>) -> Self
    where
        A: Access<T>,
        T: Send + Sync + 'static,
        S: HttpService,
    {
        let prefix = path.trim_end_matches('/');
        // The server runs the hooks of a mounted application, too, and shuts it down.
        if let Some(inner) = AppService::downcast(&service.handler) {
            self.lifespan.append(inner.take_lifespan());
            self.settings.mounted.push(inner.shared_settings());
        }
        let endpoint: Arc<dyn Endpoint> = Arc::new(Mount::new(service));
        if !prefix.is_empty() {
            self = self.register(prefix, Methods::All, Arc::clone(&endpoint));
        }
        self = self.register(&format!("{prefix}/"), Methods::All, Arc::clone(&endpoint));
        self.register(&format!("{prefix}/{{*rest}}"), Methods::All, endpoint)
    }
}
