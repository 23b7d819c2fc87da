//! [`Mount`]: a tower service below a path of an application.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderMap, HeaderValue, LOCATION};
use http::uri::PathAndQuery;

use crate::body::{Body, Response};
use crate::endpoint::telemetry::Telemetry;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::{Error, Result};
use crate::handler::access::Access;
use crate::handler::view::Guarded;
use crate::proto::connection_info::{ConnectionInfo, Mounted};
use crate::request::Request;
use crate::request::head::Head;
use crate::response::reply::Reply;
use crate::response::tower_service::{HttpService, SharedService};
use crate::service::AppService;

/// See [`App::mount`](crate::app::App::mount).
pub(crate) struct Mount<A, S, T> {
    service: SharedService<S>,
    /// The state of the access rule.
    state: T,
    access: PhantomData<fn() -> A>,
    timeout: Option<Duration>,
    has_telemetry: bool,
    is_application: bool,
}

impl<A, S: Clone + 'static, T> Mount<A, S, T> {
    pub(crate) fn new(service: Guarded<A, S, T>) -> Self {
        Self {
            timeout: service.timeout,
            has_telemetry: service.has_telemetry,
            is_application: AppService::downcast(&service.handler).is_some(),
            service: SharedService::new(service.handler),
            state: service.state,
            access: PhantomData,
        }
    }
}

impl<A, S, T> TypedEndpoint for Mount<A, S, T>
where
    A: Access<T>,
    T: Send + Sync + 'static,
    S: HttpService,
{
    type Access = A;
    type State = T;
    type Input = ();
    type Output = Response;

    fn telemetry(&self) -> Telemetry {
        if self.is_application {
            Telemetry::Refusals
        } else if self.has_telemetry {
            Telemetry::All
        } else {
            Telemetry::Off
        }
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    fn state(&self) -> &T {
        &self.state
    }

    async fn read(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    async fn call(&self, request: Request<A::Caller>, (): ()) -> Result<Response> {
        let prefix = prefix(request.matched_path()).len();
        let path = &request.path()[..prefix];
        let root_path = format!("{}{path}", request.head().root_path());
        let mounted = Mounted {
            connection: connection_info(&request),
            root_path: root_path.as_str().into(),
            is_measured: request.head().is_measured(),
        };
        let (mut request, caller) = below(request, prefix)?;
        request.extensions_mut().insert(mounted);
        if TypeId::of::<A::Caller>() != TypeId::of::<()>() {
            request.extensions_mut().insert(Arc::new(caller));
        }
        let mut response = self.service.get().respond(request).await?;
        if !self.is_application {
            add_prefix(response.headers_mut(), &root_path);
        }
        Ok(response)
    }

    fn respond(&self, response: Response, _: &Head) -> Result<Reply> {
        Ok(response.into())
    }
}

/// The path of the mount, from the path that it is registered at.
fn prefix(pattern: &str) -> &str {
    let prefix = pattern.strip_suffix("/{*rest}");
    prefix
        .or_else(|| pattern.strip_suffix('/'))
        .unwrap_or(pattern)
}

/// The connection, with the scheme and the client as this application's trusted proxies report
/// them.
fn connection_info<C>(request: &Request<C>) -> Option<ConnectionInfo> {
    request.head().origin.map(|connection| ConnectionInfo {
        is_encrypted: request.scheme() == "https",
        client: request.client_ip(),
        ..connection
    })
}

/// Adds the prefix to the path in `Location`, unless it is there: a service that ignores its prefix
/// redirects to paths without it.
fn add_prefix(headers: &mut HeaderMap, root_path: &str) {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(path) = location.filter(|path| path.starts_with('/') && !path.starts_with("//"))
    else {
        return;
    };
    let is_below = path
        .strip_prefix(root_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    if is_below {
        return;
    }
    if let Ok(location) = HeaderValue::try_from(format!("{root_path}{path}")) {
        headers.insert(LOCATION, location);
    }
}

/// Makes the request for the mounted service, without the prefix of its path.
fn below<C>(request: Request<C>, prefix: usize) -> Result<(http::Request<Body>, C)> {
    let rest = &request.path()[prefix..];
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let query = request
        .uri()
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let target = format!("{slash}{rest}{query}");
    let (mut inner, caller) = request.into_http_and_caller();
    let mut uri = std::mem::take(inner.uri_mut()).into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(target).map_err(Error::internal)?);
    *inner.uri_mut() = http::Uri::from_parts(uri).map_err(Error::internal)?;
    Ok((inner, caller))
}
