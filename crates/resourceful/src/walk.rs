//! The walk of a request: accept, route, dispatch, hook, respond.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use http::header::{ALLOW, CONNECTION, HeaderValue, LOCATION};
use http::{Method, StatusCode, request::Parts};

use crate::conclude::{conclude, strip_body};
use crate::erased::Running;
use crate::error::{Error, ErrorStatus, Result};
use crate::path::normalise;
use crate::request::{Request, nothing_here};
use crate::response::{Body, Response, UnreadFlag, with_status};
use crate::route::{Params, Route};
use crate::router::{Found, Leaf, Router, toggle_slash};
use crate::settings::Settings;

/// How long a path and its query may be, in bytes (RFC 9110 section 4.1 wants 8000 at least).
const MAX_URI: usize = 8 * 1024;

/// An application that is put together: what all its requests walk through.
pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) settings: Arc<Settings>,
    /// The route of requests that have none.
    pub(crate) nowhere: Arc<Route>,
}

impl Site {
    /// The walk. The numbers are those of the steps in `docs/ARCHITECTURE.md`; 1, the
    /// connection, is in [`crate::serve`].
    ///
    /// | step | where |
    /// |---|---|
    /// | 2 normalise the path and route it; trailing slash | here |
    /// | 3 method to action, or 405; `OPTIONS` | here |
    /// | 4 request id and span | [`Request`], [`crate::erased`] |
    /// | 6 negotiate · 9 authorise · 10 read the input · 11 hook | [`crate::dispatch`] |
    /// | 12 outcome to response · 13 finish | [`crate::conclude`] |
    pub(crate) fn walk(&self, request: http::Request<Body>, peer: Option<SocketAddr>) -> Answer {
        let (parts, body) = request.into_parts();
        let Located { leaf, path, params } = match self.locate(&parts) {
            Ok(located) => located,
            // Asked of the server as a whole (RFC 9110 section 9.3.7).
            Err(_) if parts.method == Method::OPTIONS && parts.uri.path() == "*" => {
                return Answer::ready(with_status(StatusCode::NO_CONTENT, Body::empty()));
            }
            Err(refusal) => return self.refuse(refusal, parts),
        };
        match leaf.endpoint(&parts.method) {
            Some(endpoint) => {
                let is_head = parts.method == Method::HEAD;
                let detached = (!parts.method.is_safe()).then(|| Arc::clone(&self.settings));
                let route = Arc::clone(&leaf.route);
                let request = Request::new(parts, body, path, route, params, peer);
                Answer::running(Arc::clone(endpoint).call(request), detached).for_method(is_head)
            }
            None if parts.method == Method::OPTIONS => Answer::ready(options(&leaf.allow)),
            None => self.refuse(Refusal::Error(method_not_allowed(&leaf.allow)), parts),
        }
    }

    fn locate(&self, parts: &Parts) -> Result<Located<'_>, Refusal> {
        let query = parts.uri.query().map_or(0, str::len);
        if parts.uri.path().len() + query > MAX_URI {
            return Err(Refusal::Error(uri_too_long()));
        }
        let path = normalise(parts.uri.path()).map_err(Refusal::Error)?;
        match self.router.find(&path) {
            Found::Leaf(leaf, params) => {
                let path = match path {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(path) => Some(path),
                };
                Ok(Located { leaf, path, params })
            }
            Found::OtherSlash => Err(Refusal::OtherSlash),
            Found::Nothing => Err(Refusal::Error(nothing_here())),
        }
    }

    /// The requests that reach no endpoint.
    fn refuse(&self, refusal: Refusal, parts: Parts) -> Answer {
        let outcome = match refusal {
            Refusal::Error(error) => Err(error),
            Refusal::OtherSlash => other_slash(&parts, &self.settings.mounted_at),
        };
        let is_head = parts.method == Method::HEAD;
        let nowhere = Arc::clone(&self.nowhere);
        let request = Request::new(parts, Body::empty(), None, nowhere, Params::default(), None);
        let response = conclude(outcome, || request.trail());
        tracing::info!(
            method = %request.method(),
            path = request.path(),
            status = response.status().as_u16(),
            "answered without an endpoint"
        );
        Answer::ready(response).for_method(is_head)
    }
}

struct Located<'r> {
    leaf: &'r Leaf,
    path: Option<String>,
    params: Params,
}

enum Refusal {
    Error(Error),
    OtherSlash,
}

/// 308 keeps method and body; the query goes along byte for byte.
fn other_slash(parts: &Parts, mounted_at: &str) -> Result<Response> {
    let path = toggle_slash(parts.uri.path());
    let query = parts.uri.query();
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let location = HeaderValue::from_str(&format!("{mounted_at}{path}{query}"));
    let mut response = with_status(StatusCode::PERMANENT_REDIRECT, Body::empty());
    response
        .headers_mut()
        .insert(LOCATION, location.map_err(Error::internal)?);
    Ok(response)
}

fn options(allow: &HeaderValue) -> Response {
    let mut response = with_status(StatusCode::NO_CONTENT, Body::empty());
    response.headers_mut().insert(ALLOW, allow.clone());
    response
}

fn uri_too_long() -> Error {
    Error::new(ErrorStatus::new(414)).with_detail(format!(
        "The path and the query are longer than {MAX_URI} bytes."
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

/// So many requests may run on without their clients. Over HTTP/2 a client can reset a request
/// and send the next; without a bound it could have any number of them running.
const MAX_DETACHED: usize = 1000;

/// The response to one request, on its way.
///
/// Dropping it abandons a safe request. One that may have begun to change something
/// (`POST`, `PUT`, ..) runs to its end in a task of its own, whatever the protocol: a client
/// that goes away never cancels a transaction half-way.
///
/// # Examples
/// ```
/// use hyper::service::Service as _;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let service = resourceful::App::new().build()?;
/// let answer: resourceful::Answer = service.call(http::Request::new(resourceful::Body::empty()));
/// assert_eq!(answer.await.unwrap().status(), 404);
/// # Ok(())
/// # }
/// ```
pub struct Answer {
    state: State,
    is_head: bool,
    /// Of the request's body, on HTTP/1.
    unread: Option<UnreadFlag>,
    /// Where to run on, for unsafe requests.
    detached: Option<Arc<Settings>>,
}

enum State {
    Ready(Box<Response>),
    Running(Running),
    Done,
}

impl Answer {
    fn ready(response: Response) -> Self {
        Self {
            state: State::Ready(Box::new(response)),
            is_head: false,
            unread: None,
            detached: None,
        }
    }

    fn running(running: Running, detached: Option<Arc<Settings>>) -> Self {
        Self {
            state: State::Running(running),
            is_head: false,
            unread: None,
            detached,
        }
    }
}

impl Answer {
    /// `HEAD` gets what `GET` would, without the body.
    fn for_method(mut self, is_head: bool) -> Self {
        self.is_head = is_head;
        self
    }

    /// Announces the end of the connection when the request's body is left unread.
    pub(crate) fn closing_when(mut self, unread: Option<UnreadFlag>) -> Self {
        self.unread = unread;
        self
    }
}

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = match std::mem::replace(&mut self.state, State::Done) {
            State::Ready(response) => *response,
            State::Running(mut running) => match running.as_mut().poll(cx) {
                Poll::Ready(response) => response,
                Poll::Pending => {
                    self.state = State::Running(running);
                    return Poll::Pending;
                }
            },
            // Polling a finished future is the caller's mistake; it gets no second answer.
            State::Done => return Poll::Pending,
        };
        if self.is_head {
            strip_body(&mut response);
        }
        if self
            .unread
            .as_ref()
            .is_some_and(|unread| unread.load(Ordering::Relaxed))
        {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        Poll::Ready(Ok(response))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Done);
        if let (State::Running(running), Some(settings)) = (state, self.detached.take())
            && settings.detached.len() < MAX_DETACHED
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            tracing::debug!("the client went away; the request runs to its end");
            settings.detached.spawn_on(running, &runtime);
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
