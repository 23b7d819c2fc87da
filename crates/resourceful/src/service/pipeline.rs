//! The walk of a request: accept, route, dispatch, hook, respond.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use http::header::{ALLOW, HeaderValue, LOCATION};
use http::{Method, StatusCode, request::Parts};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::body::Body;
use crate::docs::openapi_json::Served;
use crate::endpoint::error_response::error_response;
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

/// An application that is put together: what all its requests walk through.
pub(crate) struct Pipeline {
    pub(crate) router: Router,
    pub(crate) settings: Arc<Settings>,
    /// The route of requests that have none.
    pub(crate) unmatched: Arc<Route>,
    /// None, if it is not served.
    pub(crate) document: Option<Served>,
    /// Run by the server, or by that of the application around this one.
    pub(crate) lifespan: Mutex<Lifespan>,
}

impl Pipeline {
    /// The walk. The numbers are those of the steps in `docs/ARCHITECTURE.md`; 1, the
    /// connection, is in [`crate::server`].
    ///
    /// | step | where |
    /// |---|---|
    /// | 2 normalise the path and route it; trailing slash | here |
    /// | 3 method to action, or 405; `OPTIONS` | here |
    /// | 4 request id and span | [`Request`], [`crate::endpoint`] |
    /// | 6 negotiate · 9 authorise · 10 read the input · 11 hook | [`crate::endpoint::dispatch`] |
    /// | 12 outcome to response | [`crate::endpoint::error_response`] |
    /// | 13 finish | [`crate::endpoint::response_future`] |
    pub(crate) fn walk(
        &self,
        parts: Parts,
        body: Body,
        origin: Option<ConnectionInfo>,
    ) -> ResponseFuture {
        if !self.settings.trusted_hosts.is_empty()
            && let Some(origin) = origin
            && !self.settings.trusts_host(&parts, origin)
        {
            refused("host");
            return self.refuse(Error::bad_request("This host is not served here."), parts);
        }
        let Located { leaf, path } = match self.locate(&parts) {
            Ok(located) => located,
            // Asked of the server as a whole (RFC 9110 section 9.3.7).
            Err(_) if parts.method == Method::OPTIONS && parts.uri.path() == "*" => {
                let nothing = Content::empty(StatusCode::NO_CONTENT);
                return self.respond_early(Ok(nothing.into()), parts);
            }
            Err(Refusal::Error(error)) => return self.refuse(error, parts),
            Err(Refusal::OtherSlash) => {
                return self.respond_early(
                    other_slash(&parts, root_path(&parts, &self.settings)),
                    parts,
                );
            }
        };
        match leaf.endpoint(&parts.method) {
            Some(endpoint) => {
                if !parts.method.is_safe()
                    && let Err(error) = self.settings.admit(&parts, origin)
                {
                    return self.refuse(error, parts);
                }
                let is_head = parts.method == Method::HEAD;
                let route = Arc::clone(&leaf.route);
                let limit = endpoint.timeout().unwrap_or(self.settings.timeout);
                let head = Head::new(parts, path, route, origin, limit);
                let request = Request::new(head, body);
                let head = Arc::clone(request.head());
                ResponseFuture::running(Arc::clone(endpoint).call(request), head)
                    .for_method(is_head)
            }
            None if parts.method == Method::OPTIONS => {
                self.respond_early(self.options(leaf, &parts), parts)
            }
            None => self.refuse(method_not_allowed(&leaf.allow), parts),
        }
    }

    fn locate(&self, parts: &Parts) -> Result<Located<'_>, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        if parts.uri.path().len() + query.len() > self.settings.max_uri_length {
            return Err(Refusal::Error(uri_too_long(self.settings.max_uri_length)));
        }
        // The other characters that no URI has are refused by `http`, but for those that browsers
        // do not encode in queries: `\ ^ { | }` and the backtick (WHATWG URL, query state).
        if !query.is_ascii() {
            return Err(Refusal::Error(Error::bad_request(
                "The query has a character that must be percent-encoded.",
            )));
        }
        let path = normalise(parts.uri.path()).map_err(Refusal::Error)?;
        match self.router.find(&path) {
            Found::MethodTable(leaf) => {
                let path = match path {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(path) => Some(path),
                };
                Ok(Located { leaf, path })
            }
            Found::OtherSlash => Err(Refusal::OtherSlash),
            Found::Nothing => Err(Refusal::Error(nothing_here())),
        }
    }

    /// The methods of a path; what each of them takes and gives, to those who ask for JSON.
    fn options(&self, leaf: &MethodTable, parts: &Parts) -> Result<Reply> {
        let content = match &self.document {
            Some(document) if names_json(&parts.headers) => document.part(&leaf.route.pattern)?,
            _ => Content::empty(StatusCode::NO_CONTENT),
        };
        Ok(content.with(ALLOW, leaf.allow.clone()).into())
    }

    /// The answer to a request that reaches no endpoint.
    pub(crate) fn refuse(&self, error: Error, parts: Parts) -> ResponseFuture {
        self.respond_early(Err(error), parts)
    }

    /// The answer to what never became a request.
    pub(crate) fn refuse_unread(&self, error: &Error) -> ResponseFuture {
        let (parts, ()) = http::Request::new(()).into_parts();
        let reply = error_response(error, &self.unmatched_head(parts));
        tracing::info!(status = reply.status().as_u16(), "refused unread");
        ResponseFuture::ready(reply)
    }

    fn unmatched_head(&self, parts: Parts) -> Head {
        let unmatched = Arc::clone(&self.unmatched);
        Head::new(parts, None, unmatched, None, self.settings.timeout)
    }

    fn respond_early(&self, result: Result<Reply>, parts: Parts) -> ResponseFuture {
        let is_head = parts.method == Method::HEAD;
        let head = self.unmatched_head(parts);
        let reply = result.unwrap_or_else(|error| error_response(&error, &head));
        let reply = match RequestTelemetry::new(&head) {
            Some(telemetry) => telemetry.completed(reply),
            None => reply,
        };
        ResponseFuture::ready(reply).for_method(is_head)
    }
}

struct Located<'r> {
    leaf: &'r MethodTable,
    path: Option<String>,
}

enum Refusal {
    Error(Error),
    OtherSlash,
}

/// What a query may have raw, though no URI has it.
const RAW_IN_QUERIES: &AsciiSet = &CONTROLS
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// 308 keeps method and body; the query goes along, with what is no character of a URI encoded.
///
/// It leads to this host: the path matched a pattern, whose first segment is not empty, and has no
/// backslash. A `Location` of `//evil.com` or `/\evil.com` would not.
fn other_slash(parts: &Parts, root: &str) -> Result<Reply> {
    let path = toggle_slash(parts.uri.path());
    let query = parts.uri.query();
    let query = query.map_or(String::new(), |query| {
        format!("?{}", utf8_percent_encode(query, RAW_IN_QUERIES))
    });
    let location = HeaderValue::from_str(&format!("{root}{path}{query}"));
    let content = Content::empty(StatusCode::PERMANENT_REDIRECT);
    Ok(content
        .with(LOCATION, location.map_err(Error::internal)?)
        .into())
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
