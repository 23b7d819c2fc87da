//! Runs an [`AppService`] on a [`Server`](crate::Server). With the feature `tower`, a server runs any
//! tower service.

#[cfg(feature = "tower")]
use std::fmt::Debug;

use http::request::Parts;
#[cfg(feature = "tower")]
use tokio::net::ToSocketAddrs;
use tokio::sync::OwnedSemaphorePermit;

use crate::body::Body;
use crate::endpoint::response_future::ResponseFuture;
use crate::error::{Error, Result};
use crate::proto::connection_info::ConnectionInfo;
#[cfg(feature = "tower")]
use crate::response::tower_service::HttpService;
#[cfg(feature = "tower")]
use crate::server::any_service::AnyService;
use crate::server::application::{Application, BoxFuture, Lifecycle, ShutdownStage};
#[cfg(feature = "tower")]
use crate::server::{Listener, Server};
use crate::service::AppService;

#[cfg(feature = "tower")]
impl Server {
    /// Binds an address for a tower service, for example an axum router; port 0 takes a free port.
    ///
    /// The limits of the server apply to the service, and so does the minimum rate of request
    /// bodies, whose default cannot be changed here. Errors and panics of the service are logged,
    /// and their clients get 500. Each request has the extension
    /// [`ConnectionInfo`](crate::ConnectionInfo).
    ///
    /// The settings of an [`App`](crate::App) do not exist here: a maximum body size, a timeout for
    /// requests, trusted hosts and a request log are layers of the service. A request ends with its
    /// connection. Upgrades by hyper, such as `axum::extract::ws`, are not supported.
    ///
    /// # Errors
    /// An address that cannot be bound.
    ///
    /// # Examples
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use resourceful::{Body, Response, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let service = tower::service_fn(|_: http::Request<Body>| async {
    ///     Ok::<_, Infallible>(Response::new("hello".into()))
    /// });
    /// let server = Server::bind("127.0.0.1:0", service).await?;
    /// server.run_until(async {}).await // stops at once
    /// # }
    /// ```
    pub async fn bind(
        address: impl ToSocketAddrs + Debug,
        service: impl HttpService,
    ) -> Result<Self> {
        Ok(Self::new(Listener::bind(address).await?, service))
    }

    /// Serves a tower service on a [`Listener`]: a Unix socket, an inherited socket or TLS.
    /// See [`bind`](Self::bind).
    ///
    /// # Examples
    /// ```no_run
    /// use std::convert::Infallible;
    ///
    /// use resourceful::{Body, Listener, Response, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// # let service = tower::service_fn(|_: http::Request<Body>| async {
    /// #     Ok::<_, Infallible>(Response::new("hello".into()))
    /// # });
    /// Server::new(Listener::unix("/run/blog.sock").await?, service).run().await
    /// # }
    /// ```
    pub fn new(listener: impl Into<Listener>, service: impl HttpService) -> Self {
        // An `AppService` without layers runs like `App::listen`, with its start and stop hooks.
        match AppService::downcast(&service) {
            Some(application) => Self::serving(application.clone(), listener.into()),
            None => Self::serving(AnyService::new(service), listener.into()),
        }
    }
}

impl Application for AppService {
    type Future = ResponseFuture;

    #[inline]
    fn call(
        &self,
        parts: Parts,
        body: Body,
        connection: ConnectionInfo,
        permit: Option<OwnedSemaphorePermit>,
    ) -> ResponseFuture {
        match permit {
            None => self.walk(parts, body, Some(connection)),
            Some(permit) => self.walk(parts, body, Some(connection)).keeping(permit),
        }
    }

    fn reject(&self, error: Error, parts: Option<Parts>) -> ResponseFuture {
        match parts {
            Some(parts) => self.refuse(error, parts),
            None => self.refuse_unread(&error),
        }
    }

    fn max_uri_length(&self) -> usize {
        self.settings().max_uri_length
    }
}

impl Lifecycle for AppService {
    fn start(&self) -> BoxFuture<'_, Result<()>> {
        let mut hooks = self.lifespan().take_start();
        Box::pin(async move { hooks.start().await })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.take_lifespan().stop())
    }

    fn shutdown(&self, stage: ShutdownStage) {
        for settings in self.settings().with_mounted() {
            match stage {
                ShutdownStage::Announced => settings.leaving.cancel(),
                ShutdownStage::Draining => {
                    settings.leaving.cancel();
                    settings.shutdown.cancel();
                }
                ShutdownStage::Aborted => settings.aborted.cancel(),
            }
        }
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            for settings in self.settings().with_mounted() {
                settings.detached.wait().await;
            }
        })
    }

    fn unfinished(&self) -> usize {
        let applications = self.settings().with_mounted();
        let detached = applications.iter().map(|settings| settings.detached.len());
        detached.sum()
    }
}
