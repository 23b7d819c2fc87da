//! [`ResponseFuture`]: the future of a request, and the completion of a request whose client is
//! gone.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::HeaderMap;

use crate::body::{Response, strip_body};
use crate::endpoint::BoxFuture;
use crate::endpoint::error_response::error_response;
use crate::error::Result;
use crate::request::head::Head;
use crate::response::reply::Reply;
use crate::task::timeout::{Timeout, timed_out};

/// The future of the response to one request.
///
/// Dropping the future cancels a safe request. Any other request (`POST`, `PUT`, ..) that has begun
/// runs to its end in its own task, over HTTP/1 and HTTP/2: a client that disconnects never cancels
/// a transaction half-way.
///
/// # Examples
/// ```
/// use hyper::service::Service as _;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let service = resourceful::App::new().build()?;
/// let response: resourceful::ResponseFuture = service.call(http::Request::new(resourceful::Body::empty()));
/// assert_eq!(response.await.unwrap().status(), 404);
/// # Ok(())
/// # }
/// ```
pub struct ResponseFuture {
    state: State,
    is_head: bool,
}

enum State {
    /// Boxed, so that `Running`, which is moved for nearly every request, stays small.
    Ready(Box<Reply>),
    Running(Work),
    Done,
}

/// A running request, with its head and timeout: they suffice to respond before it ends.
struct Work {
    running: BoxFuture,
    head: Arc<Head>,
    limit: Timeout,
}

impl ResponseFuture {
    pub(crate) fn ready(reply: Reply) -> Self {
        Self::new(State::Ready(Box::new(reply)))
    }

    #[inline]
    pub(crate) fn running(running: BoxFuture, head: Arc<Head>) -> Self {
        let limit = head.response_timeout();
        Self::new(State::Running(Work {
            running,
            head,
            limit,
        }))
    }

    fn new(state: State) -> Self {
        Self {
            state,
            is_head: false,
        }
    }

    /// Removes the body from the response to `HEAD`.
    pub(crate) fn for_method(mut self, is_head: bool) -> Self {
        self.is_head = is_head;
        self
    }

    /// Keeps `place` until the request ends, even if the client disconnects.
    pub(crate) fn keeping(mut self, place: impl Send + 'static) -> Self {
        if let State::Running(work) = &mut self.state {
            let running = std::mem::replace(&mut work.running, Box::pin(pending()));
            work.running = Box::pin(async move {
                let reply = running.await;
                drop(place);
                reply
            });
        }
        self
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = match std::mem::replace(&mut self.state, State::Done) {
            State::Ready(reply) => reply.into_response(&mut HeaderMap::new()),
            State::Running(mut work) => match work.running.as_mut().poll(cx) {
                Poll::Ready(reply) => work.respond(reply),
                Poll::Pending if work.limit.is_over(cx) => work.give_up_waiting(),
                Poll::Pending => {
                    // The deadline counts from here at the latest, even if the hook reads the
                    // deadline later.
                    work.head.started();
                    self.state = State::Running(work);
                    return Poll::Pending;
                }
            },
            // Polling a finished future is the caller's mistake: there is no second response.
            State::Done => return Poll::Pending,
        };
        if self.is_head {
            strip_body(&mut response);
        }
        Poll::Ready(Ok(response))
    }
}

impl Drop for ResponseFuture {
    fn drop(&mut self) {
        if let State::Running(work) = std::mem::replace(&mut self.state, State::Done)
            && !work.head.parts.method.is_safe()
        {
            tracing::debug!("the client went away; the request runs to its end");
            work.run_on();
        }
    }
}

impl std::fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl Work {
    /// Converts the reply into a response, which reuses the header map of the request if the head
    /// has no other owner.
    #[inline]
    fn respond(self, reply: Reply) -> Response {
        let Self {
            running, mut head, ..
        } = self;
        drop(running);
        match Arc::get_mut(&mut head) {
            Some(head) => reply.into_response(&mut head.parts.headers),
            None => reply.into_response(&mut HeaderMap::new()),
        }
    }

    /// Responds to the client; the request runs on.
    fn give_up_waiting(self) -> Response {
        let head = Arc::clone(&self.head);
        self.run_on();
        let error = timed_out("The response took too long. The work may still be completed.");
        error_response(&error, &head).into_response(&mut HeaderMap::new())
    }

    /// Spawns a task that runs the request to its end. The drain waits for it.
    fn run_on(self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let Self { running, head, .. } = self;
        let settings = head.settings();
        let client = settings.client(head.headers(), head.origin);
        let aborted = settings.aborted.clone();
        let work = async move {
            aborted.run_until_cancelled(running).await;
        };
        settings.detached.spawn(client, work, &runtime);
    }
}
