//! [`App::files`]: registers a directory of static files.

use std::panic::Location;
use std::sync::Arc;

use http::Method;

use crate::app::App;
use crate::builtin::static_files::{FilesEndpoint, StaticFiles};
use crate::endpoint::Endpoint;
use crate::error::build_error::BuildError;
use crate::handler::access::Access;
use crate::handler::view::Guarded;
use crate::router::Methods;

impl App {
    /// Serves a directory of static files below `path`.
    ///
    /// See [`StaticFiles`] for what is served and what is refused. Routes that are registered below `path`
    /// win over files. A directory that does not exist is a start-up error.
    ///
    /// # Examples
    /// ```
    /// use resourceful::StaticFiles;
    /// use resourceful::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().files("/static", public(StaticFiles::new("src")));
    /// let client = TestClient::new(app)?;
    /// let response = client.get("/static/lib.md").await;
    /// assert_eq!(response.headers()["content-type"], "text/markdown; charset=utf-8");
    /// assert_eq!(client.get("/static/../Cargo.toml").await.status(), 400);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn files<A, S>(mut self, path: &str, files: Guarded<A, StaticFiles, S>) -> Self
    where
        A: Access<S>,
        S: Send + Sync + 'static,
    {
        if let Err(error) = files.handler.check() {
            let message = format!("the directory of `{path}` cannot be opened: {error}");
            let callers = [Location::caller()];
            self.errors.push(BuildError::new(message, &callers));
        }
        let prefix = path.trim_end_matches('/');
        let endpoint: Arc<dyn Endpoint> = Arc::new(FilesEndpoint(files));
        let get = || Methods::One(Method::GET);
        self.register(&format!("{prefix}/"), get(), Arc::clone(&endpoint))
            .register(&format!("{prefix}/{{*path}}"), get(), endpoint)
    }
}
