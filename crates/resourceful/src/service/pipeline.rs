//! [`Pipeline`]: the walk of a request. Accept, route, dispatch, hook, respond.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use http::header::{ALLOW, HeaderValue, LOCATION};
use http::{Method, StatusCode, request::Parts};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::body::Body;
use crate::docs::openapi_json::Served;
use crate::endpoint::error_response::error_response;
#[cfg(feature = "tower")]
use crate::endpoint::layers::{Next, Target, walk_layers};
use crate::endpoint::response_future::ResponseFuture;
use crate::endpoint::telemetry::RequestTelemetry;
use crate::error::{Error, ErrorStatus, Result};
use crate::metrics::refused;
use crate::proto::connection_info::ConnectionInfo;
use crate::proto::negotiate::names_json;
use crate::proto::path::normalise;
use crate::request::head::{Head, root_path};
use crate::request::route::Route;
use crate::request::settings::Settings;
use crate::request::{Request, nothing_here};
use crate::response::reply::{Content, Reply};
use crate::router::{Found, MethodTable, Router, toggle_slash};
use crate::service::lifespan::Lifespan;

/// A built application: handles each of its requests.
pub(crate) struct Pipeline {
    pub(crate) router: Router,
    pub(crate) settings: Arc<Settings>,
    /// The layers around requests that match no path; `None` without any.
    #[cfg(feature = "tower")]
    pub(crate) layers: Option<Arc<[Next]>>,
    /// The route of requests that match no path.
    pub(crate) unmatched: Arc<Route>,
    /// The API document; `None` if it is not served.
    pub(crate) document: Option<Served>,
    /// The hooks that the server runs. A mounted application hands them to the outer application.
    pub(crate) lifespan: Mutex<Lifespan>,
}

impl Pipeline {
    /// Handles a request. The numbers are those of the steps in `docs/ARCHITECTURE.md`. Step 1, the
    /// connection, is in [`crate::server`].
    ///
    /// | step | where |
    /// |---|---|
    /// | 2 normalise the path and route it; trailing slash | here |
    /// | 3 method to action, or 405; `OPTIONS` | here |
    /// | 4 request id and span | [`Request`], [`crate::endpoint`] |
    /// | 6 negotiate · 9 authorise · 10 read the input · 11 hook | [`crate::endpoint::dispatch`] |
    /// | 12 result to response | [`crate::endpoint::error_response`] |
    /// | 13 finish | [`crate::endpoint::response_future`] |
    pub(crate) fn walk(
        &self,
        parts: Parts,
        body: Body,
        connection: Option<ConnectionInfo>,
    ) -> ResponseFuture {
        if !self.settings.trusted_hosts.is_empty()
            && let Some(connection) = connection
            && !self.settings.trusts_host(&parts, connection)
        {
            refused("host");
            return self.refuse(Error::bad_request("This host is not served here."), parts);
        }
        let Located { table, path } = match self.locate(&parts) {
            Ok(located) => located,
            // `OPTIONS *` is about the whole server (RFC 9110 section 9.3.7).
            Err(_) if parts.method == Method::OPTIONS && parts.uri.path() == "*" => {
                let content = Content::empty(StatusCode::NO_CONTENT);
                return self.respond_early(Ok(content), None, parts);
            }
            Err(RouteError::Error(error)) => return self.refuse(error, parts),
            Err(RouteError::OtherSlash) => {
                let redirect = other_slash(&parts, root_path(&parts, &self.settings));
                return self.respond_early(redirect, None, parts);
            }
        };
        match table.endpoint(&parts.method) {
            Some(endpoint) => {
                if !parts.method.is_safe()
                    && let Err(error) = self.settings.admit(&parts, connection)
                {
                    return self.respond_early(Err(error), Some(table), parts);
                }
                let is_head = parts.method == Method::HEAD;
                let route = Arc::clone(&table.route);
                let limit = endpoint.timeout().unwrap_or(table.route.settings.timeout);
                let head = Head::new(parts, path, route, connection, limit);
                #[cfg(feature = "tower")]
                if let Some(layers) = &table.layers {
                    let target = Target::Endpoint(Arc::clone(endpoint), table.gates.clone());
                    return walk_layers(target, layers, head, body).for_method(is_head);
                }
                let request = Request::new(head, body);
                let head = Arc::clone(request.head());
                let gates = table.gates.clone();
                ResponseFuture::running(Arc::clone(endpoint).call(request, gates), head)
                    .for_method(is_head)
            }
            None if parts.method == Method::OPTIONS => {
                self.respond_early(self.options(table, &parts), Some(table), parts)
            }
            None => {
                let error = method_not_allowed(&table.allow);
                self.respond_early(Err(error), Some(table), parts)
            }
        }
    }

    fn locate(&self, parts: &Parts) -> Result<Located<'_>, RouteError> {
        let query = parts.uri.query().unwrap_or_default();
        if parts.uri.path().len() + query.len() > self.settings.max_uri_length {
            return Err(RouteError::Error(uri_too_long(
                self.settings.max_uri_length,
            )));
        }
        // `http` refuses the other invalid characters. It accepts those that browsers do not encode
        // in queries: `\ ^ { | }` and the backtick (WHATWG URL, query state).
        if !query.is_ascii() {
            return Err(RouteError::Error(Error::bad_request(
                "The query has a character that must be percent-encoded.",
            )));
        }
        let path = normalise(parts.uri.path()).map_err(RouteError::Error)?;
        match self.router.find(&path) {
            Found::MethodTable(table) => {
                let path = match path {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(path) => Some(path),
                };
                Ok(Located { table, path })
            }
            Found::OtherSlash => Err(RouteError::OtherSlash),
            Found::Nothing => Err(RouteError::Error(nothing_here())),
        }
    }

    /// The response to `OPTIONS`: the methods of a path in `Allow`. A client that accepts JSON also
    /// gets the part of the document for this path.
    fn options(&self, table: &MethodTable, parts: &Parts) -> Result<Content> {
        let content = match &self.document {
            Some(document) if names_json(&parts.headers) => document.part(&table.route.pattern)?,
            _ => Content::empty(StatusCode::NO_CONTENT),
        };
        Ok(content.with(ALLOW, table.allow.clone()))
    }

    /// The response to a request that reaches no endpoint.
    pub(crate) fn refuse(&self, error: Error, parts: Parts) -> ResponseFuture {
        self.respond_early(Err(error), None, parts)
    }

    /// The response to bytes that never became a request.
    pub(crate) fn refuse_unread(&self, error: &Error) -> ResponseFuture {
        let (parts, ()) = http::Request::new(()).into_parts();
        let reply = error_response(error, &self.unmatched_head(parts));
        tracing::info!(status = reply.status().as_u16(), "request rejected");
        ResponseFuture::ready(reply)
    }

    fn unmatched_head(&self, parts: Parts) -> Head {
        let unmatched = Arc::clone(&self.unmatched);
        Head::new(parts, None, unmatched, None, self.settings.timeout)
    }

    /// Responds without an endpoint. `table` is that of the path, if it is registered.
    fn respond_early(
        &self,
        result: Result<Content>,
        table: Option<&MethodTable>,
        parts: Parts,
    ) -> ResponseFuture {
        let is_head = parts.method == Method::HEAD;
        let route = table.map_or(&self.unmatched, |table| &table.route);
        let head = Head::new(parts, None, Arc::clone(route), None, route.settings.timeout);
        #[cfg(feature = "tower")]
        if let Some(layers) = table.map_or(&self.layers, |table| &table.layers) {
            let target = Target::Early(result.map_err(Arc::new));
            return walk_layers(target, layers, head, Body::empty()).for_method(is_head);
        }
        let reply = result.map(Reply::from);
        let reply = reply.unwrap_or_else(|error| error_response(&error, &head));
        let reply = match RequestTelemetry::new(&head) {
            Some(telemetry) => telemetry.completed(reply),
            None => reply,
        };
        ResponseFuture::ready(reply).for_method(is_head)
    }
}

struct Located<'r> {
    table: &'r MethodTable,
    path: Option<String>,
}

enum RouteError {
    Error(Error),
    OtherSlash,
}

/// Characters that are accepted unencoded in a query, although RFC 3986 forbids them.
const RAW_IN_QUERIES: &AsciiSet = &CONTROLS
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Redirects to the path with the other trailing slash. 308 keeps the method and the body. The
/// query stays; characters that are invalid in a URI are encoded.
///
/// The redirect stays on this host: the path matches a pattern, so its first segment is not empty,
/// and it has no backslash. A `Location` of `//evil.com` or `/\evil.com` would leave it.
fn other_slash(parts: &Parts, root: &str) -> Result<Content> {
    let path = toggle_slash(parts.uri.path());
    let query = parts.uri.query();
    let query = query.map_or(String::new(), |query| {
        format!("?{}", utf8_percent_encode(query, RAW_IN_QUERIES))
    });
    let location = HeaderValue::from_str(&format!("{root}{path}{query}"));
    let content = Content::empty(StatusCode::PERMANENT_REDIRECT);
    Ok(content.with(LOCATION, location.map_err(Error::internal)?))
}

fn uri_too_long(limit: usize) -> Error {
    Error::new(ErrorStatus::new(414)).with_detail(format!(
        "The path and the query are longer than {limit} bytes."
    ))
}

fn method_not_allowed(allow: &HeaderValue) -> Error {
    Error::new(ErrorStatus::new(405))
        .with_detail(format!(
            "Only {} can be done here.",
            allow.to_str().unwrap_or_default()
        ))
        .with_header(ALLOW, allow.clone())
}
