//! The future of a request, and what becomes of a request that nobody waits for any more.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{CONNECTION, ETAG, HeaderValue, LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS};

use crate::conclude::{conclude, strip_body};
use crate::erased::Running;
use crate::error::Result;
use crate::incoming::Remains;
use crate::request::{Request, Trail};
use crate::response::{Response, say_defaults};
use crate::time_limit::{TimeLimit, overdue};

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
    remains: Option<Remains>,
    /// For unsafe requests.
    runs_on: Option<Box<RunsOn>>,
}

enum State {
    Ready(Box<Response>),
    Running(Running),
    Done,
}

impl Answer {
    pub(crate) fn ready(response: Response) -> Self {
        Self {
            state: State::Ready(Box::new(response)),
            is_head: false,
            remains: None,
            runs_on: None,
        }
    }

    pub(crate) fn running(running: Running, runs_on: Option<Box<RunsOn>>) -> Self {
        Self {
            state: State::Running(running),
            is_head: false,
            remains: None,
            runs_on,
        }
    }
}

impl Answer {
    /// `HEAD` gets what `GET` would, without the body.
    pub(crate) fn for_method(mut self, is_head: bool) -> Self {
        self.is_head = is_head;
        self
    }

    /// Announces the end of the connection when something of the request's body remains.
    pub(crate) fn after(mut self, remains: Option<Remains>) -> Self {
        self.remains = remains;
        self
    }

    /// May the client still send what somebody reads, though it is answered?
    pub(crate) fn is_still_sent_to(&self) -> bool {
        self.remains.as_ref().is_some_and(Remains::is_awaited)
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
                    let overdue = self.runs_on.take_if(|runs_on| runs_on.is_overdue(cx));
                    let Some(runs_on) = overdue else {
                        self.state = State::Running(running);
                        return Poll::Pending;
                    };
                    runs_on.give_up_waiting(running)
                }
            },
            // Polling a finished future is the caller's mistake; it gets no second answer.
            State::Done => return Poll::Pending,
        };
        complete(&mut response);
        if self.is_head {
            strip_body(&mut response);
        }
        if self
            .remains
            .as_ref()
            .is_some_and(|remains| !remains.is_none())
        {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        Poll::Ready(Ok(response))
    }
}

/// For answers that are not of our making; ours say it from the start.
fn complete(response: &mut Response) {
    if response.headers().contains_key(X_CONTENT_TYPE_OPTIONS) {
        return;
    }
    // A stream with a validator is a file or the like, of a mounted service: it is there to be
    // kept, and asked about.
    let headers = response.headers();
    let has_validator = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
    if response.body().as_bytes().is_some() || !has_validator {
        say_defaults(response.headers_mut());
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Done);
        if let (State::Running(running), Some(runs_on)) = (state, &self.runs_on) {
            tracing::debug!("the client went away; the request runs to its end");
            runs_on.detach(running);
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

/// So many requests may run on without their clients. Over HTTP/2 a client can reset a request
/// and send the next; without a bound it could have any number of them running.
const MAX_DETACHED: usize = 1000;

/// What is needed when a request that may have begun to change something is left to itself,
/// because its client went away or its time is over.
pub(crate) struct RunsOn {
    limit: TimeLimit,
    trail: Trail,
}

impl RunsOn {
    pub(crate) fn of(request: &Request) -> Option<Box<Self>> {
        (!request.method().is_safe()).then(|| {
            Box::new(Self {
                limit: TimeLimit::new(request.time_limit()),
                trail: request.trail(),
            })
        })
    }

    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        self.limit.is_over(cx)
    }

    /// The client is answered, the request runs on.
    fn give_up_waiting(&self, running: Running) -> Response {
        self.detach(running);
        let error = overdue("The answer took too long. What was begun may be done later.");
        conclude(Err(error), || self.trail.clone())
    }

    /// Runs to its end in a task of its own, which the drain waits for.
    fn detach(&self, running: Running) {
        let detached = &self.trail.settings().detached;
        if detached.len() < MAX_DETACHED
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let aborted = self.trail.settings().aborted.clone();
            let work = async move {
                aborted.run_until_cancelled(running).await;
            };
            detached.spawn_on(work, &runtime);
        }
    }
}
