//! Server-sent events: a response that is a stream of events.

use std::fmt::{self, Write as _};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http_body::{Body as HttpBody, Frame};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use crate::body::{Body, Response};
use crate::error::{BoxError, Error, Result};
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::response::into_response::IntoResponse;
use crate::task::catch_panic::catch_panic;

/// Default interval of keep-alive comments on a silent stream. Proxies close streams that are
/// silent for a minute.
const DEFAULT_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// An event for `EventSource` (WHATWG HTML, section 9.2).
///
/// # Examples
/// ```
/// use resourceful::Event;
/// let event = Event::new("line 1\nline 2").with_name("note").with_id("7");
/// assert_eq!(event.to_string(), "data: line 1\ndata: line 2\nevent: note\nid: 7\n\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event(String);

impl Event {
    /// An event with this text, which may have several lines.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Event::new("hi").to_string(), "data: hi\n\n");
    /// ```
    #[must_use]
    pub fn new(data: impl AsRef<str>) -> Self {
        let mut event = Self(String::new());
        // `EventSource` ends a line at CR LF, LF or CR.
        let data = data.as_ref().replace("\r\n", "\n");
        for line in data.split(['\n', '\r']) {
            event.push("data", line);
        }
        event
    }

    /// An event with this value as JSON.
    ///
    /// # Errors
    /// 500 if the value cannot be written as JSON.
    ///
    /// # Examples
    /// ```
    /// let event = resourceful::Event::json(&[1, 2])?;
    /// assert_eq!(event.to_string(), "data: [1,2]\n\n");
    /// # Ok::<(), resourceful::Error>(())
    /// ```
    pub fn json(value: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_string(value).map_err(Error::internal)?;
        Ok(Self::new(text))
    }

    /// The id alone: the client dispatches no event, and sends the id in `Last-Event-ID` when it reconnects.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Event::id(7).to_string(), "id: 7\n\n");
    /// ```
    #[must_use]
    pub fn id(id: impl fmt::Display) -> Self {
        Self(String::new()).with_id(id)
    }

    /// Sets the type of the event, for `addEventListener` (default `message`).
    ///
    /// # Examples
    /// ```
    /// let event = resourceful::Event::new("").with_name("tick");
    /// assert_eq!(event.to_string(), "data: \nevent: tick\n\n");
    /// ```
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.push("event", name);
        self
    }

    /// Sets the id of the event. A client that reconnects sends the id of its last event in
    /// `Last-Event-ID`.
    ///
    /// # Examples
    /// ```
    /// let event = resourceful::Event::new("").with_id(7);
    /// assert_eq!(event.to_string(), "data: \nid: 7\n\n");
    /// ```
    #[must_use]
    pub fn with_id(mut self, id: impl fmt::Display) -> Self {
        self.push("id", &id.to_string());
        self
    }

    /// Sets the time that a client waits before it reconnects after the stream has ended.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// let event = resourceful::Event::new("").with_retry(Duration::from_secs(1));
    /// assert_eq!(event.to_string(), "data: \nretry: 1000\n\n");
    /// ```
    #[must_use]
    pub fn with_retry(mut self, time: Duration) -> Self {
        self.push("retry", &time.as_millis().to_string());
        self
    }

    /// Adds a field. Characters of the value that would end the line or the field are removed.
    fn push(&mut self, field: &str, value: &str) {
        let value = value.replace(['\n', '\r', '\0'], "");
        let _ = writeln!(self.0, "{field}: {value}");
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0)
    }
}

/// Sends the events of one [`EventStream`].
#[derive(Clone, Debug)]
pub struct EventSender(mpsc::Sender<Event>);

impl EventSender {
    /// Sends an event, after the client has taken the events before it.
    ///
    /// # Errors
    /// The stream has ended.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// use resourceful::{Event, EventSender};
    /// async fn count(events: EventSender) -> Result<()> {
    ///     for number in 0..3 {
    ///         events.send(Event::json(&number)?).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn send(&self, event: Event) -> Result<()> {
        let sent = self.0.send(event).await;
        sent.map_err(|_| Error::internal("the stream of events has ended"))
    }
}

/// A response that streams events as they happen (`text/event-stream`).
///
/// The stream ends when its future ends, and when the server shuts down: the client's `EventSource`
/// then reconnects, to another server. When the client disconnects, the future is dropped. The
/// stream waits for a slow client; the server's write timeout applies.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Event, EventStream};
///
/// async fn ticks(request: Request) -> Result<EventStream> {
///     Ok(EventStream::new(&request, |events| async move {
///         for tick in 1..=3 {
///             events.send(Event::json(&tick)?.with_name("tick")).await?;
///         }
///         Ok(())
///     }))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/ticks", public(ticks)))?;
/// let response = client.get("/ticks").await;
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// assert!(response.text().ends_with("data: 3\nevent: tick\n\n"));
/// # Ok(())
/// # }
/// ```
pub struct EventStream {
    events: mpsc::Receiver<Event>,
    /// Sends the events; `None` after it has ended.
    work: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    keep_alive: Duration,
    silence: Pin<Box<Sleep>>,
}

impl EventStream {
    /// A stream of the events that `work` sends.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// use resourceful::{Event, EventStream};
    /// async fn one(request: Request) -> Result<EventStream> {
    ///     let from = request.header("last-event-id").unwrap_or("0").to_owned();
    ///     Ok(EventStream::new(&request, |events| async move {
    ///         events.send(Event::new(format!("after {from}"))).await
    ///     }))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().get("/", public(one)))?;
    /// # assert_eq!(client.get("/").await.text(), "data: after 0\n\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<C, F, Fut>(request: &Request<C>, work: F) -> Self
    where
        F: FnOnce(EventSender) -> Fut,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        // One event is buffered for the client. The sender of the next one waits.
        let (sender, events) = mpsc::channel(1);
        Self {
            events,
            work: Some(Box::pin(catch_panic(work(EventSender(sender))))),
            shutdown: Box::pin(request.settings().shutdown.clone().cancelled_owned()),
            keep_alive: DEFAULT_KEEP_ALIVE,
            silence: Box::pin(sleep(DEFAULT_KEEP_ALIVE)),
        }
    }

    /// Interval of comments on a silent stream (default 15 s). They keep proxies from closing it.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful::EventStream;
    /// # use std::time::Duration;
    /// async fn quiet(request: Request) -> Result<EventStream> {
    ///     let events = EventStream::new(&request, |_| async { Ok(()) });
    ///     Ok(events.with_keep_alive(Duration::from_secs(5)))
    /// }
    /// # fn main() { let _ = App::new().get("/", public(quiet)); }
    /// ```
    #[must_use]
    pub fn with_keep_alive(mut self, time: Duration) -> Self {
        self.keep_alive = time;
        self.silence.set(sleep(time));
        self
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Poll::Ready(Some(event)) = self.events.poll_recv(cx) {
            return Poll::Ready(Some(event));
        }
        if let Some(work) = &mut self.work
            && let Poll::Ready(result) = work.as_mut().poll(cx)
        {
            self.work = None;
            self.events.close();
            if let Err(error) = result {
                tracing::error!(error = error.to_string(), "a stream of events failed");
            }
        }
        match self.events.poll_recv(cx) {
            // All senders may be dropped while `work` still runs.
            Poll::Ready(None) if self.work.is_some() => Poll::Pending,
            event => event,
        }
    }
}

impl HttpBody for EventStream {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.shutdown.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let text = match self.poll_event(cx) {
            Poll::Ready(Some(event)) => Bytes::from(event.to_string()),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending if self.silence.as_mut().poll(cx).is_ready() => {
                Bytes::from_static(b":\n\n")
            }
            Poll::Pending => return Poll::Pending,
        };
        let silence = sleep(self.keep_alive);
        self.silence.set(silence);
        Poll::Ready(Some(Ok(Frame::data(text))))
    }
}

impl IntoResponse for EventStream {
    fn describe(operation: &mut Operation, _: &mut Registry) {
        operation.add_response(StatusCode::OK, Some(("text/event-stream", None)));
    }

    fn into_response(self) -> Response {
        let mut response = Response::new(Body::new(self));
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("text/event-stream");
        headers.insert(CONTENT_TYPE, content_type);
        // Otherwise nginx buffers events.
        let unbuffered = HeaderName::from_static("x-accel-buffering");
        headers.insert(unbuffered, HeaderValue::from_static("no"));
        response
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_its_line() {
        let event = Event::new("a\r\nb\rc\n").with_name("x\ny").with_id("1\r\0");
        let text = "data: a\ndata: b\ndata: c\ndata: \nevent: xy\nid: 1\n\n";
        assert_eq!(event.to_string(), text);
    }
}
