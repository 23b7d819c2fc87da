//! Any tower service as an [`Application`]: its errors and panics become 500 responses.

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;

use http::header::HeaderMap;
use http::request::Parts;
use http::{Method, Request};
use tokio::sync::OwnedSemaphorePermit;

use crate::body::{Body, Response, strip_body};
use crate::error::problem::Problem;
use crate::error::{Error, Result};
use crate::proto::connection_info::ConnectionInfo;
use crate::response::problem_reply::problem_reply;
use crate::response::tower_service::{HttpService, SharedService};
use crate::task::catch_panic::CatchPanic;

use super::application::{Application, BoxFuture, Lifecycle, ShutdownStage};

/// Each connection has its own clone.
pub(crate) struct AnyService<S>(SharedService<S>);

impl<S: Clone> AnyService<S> {
    pub(crate) fn new(service: S) -> Self {
        Self(SharedService::new(service))
    }
}

impl<S: Clone> Clone for AnyService<S> {
    fn clone(&self) -> Self {
        Self::new(self.0.get())
    }
}

impl<S: HttpService> Application for AnyService<S> {
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn call(
        &self,
        parts: Parts,
        body: Body,
        connection: ConnectionInfo,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self::Future {
        let service = self.0.get();
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let mut request = Request::from_parts(parts, body);
        request.extensions_mut().insert(connection);
        Box::pin(async move {
            let _permit = permit;
            let call = pin!(service.respond(request));
            let mut response = match CatchPanic::new(call).await {
                Ok(response) => response,
                Err(error) => {
                    let error_text = error.to_string();
                    tracing::error!(%method, path, error = error_text, "request failed");
                    problem(&error)
                }
            };
            if method == Method::HEAD {
                strip_body(&mut response);
            }
            Ok(response)
        })
    }

    fn reject(&self, error: Error, parts: Option<Parts>) -> Self::Future {
        let mut response = problem(&error);
        if parts.is_some_and(|parts| parts.method == Method::HEAD) {
            strip_body(&mut response);
        }
        tracing::info!(status = response.status().as_u16(), "request rejected");
        Box::pin(ready(Ok(response)))
    }

    /// The server does not know the limit of a service.
    fn max_uri_length(&self) -> usize {
        usize::MAX
    }
}

/// A tower service has no hooks, and its requests end with their connection.
impl<S: Send + 'static> Lifecycle for AnyService<S> {
    fn start(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn shutdown(&self, _: ShutdownStage) {}

    fn finish(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn unfinished(&self) -> usize {
        0
    }
}

fn problem(error: &Error) -> Response {
    problem_reply(&Problem::from(error), error).into_response(&mut HeaderMap::new())
}
