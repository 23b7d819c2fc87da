//! The target: a small application on the default server.

use std::convert::Infallible;
use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use resourceful::prelude::*;
use resourceful::{AsyncSocket, Body, Event, EventStream, Input, Message, MultipartLimits, Socket};
use resourceful_test_parts::Process;
use tokio::time::sleep;
use tower::ServiceBuilder;
use tower_http::decompression::RequestDecompressionLayer;

pub(crate) const CHUNK: usize = 64 * 1024;

/// Length of `/large` and `/whole`: more than the socket buffers of both sides.
pub(crate) const LARGE: usize = 32 * 1024 * 1024;

/// Length of `/made`.
pub(crate) const MADE: usize = 8 * 1024 * 1024;

/// Starts the target as a child process.
pub(crate) async fn start() -> crate::Result<Process> {
    start_by(Command::new(std::env::current_exe()?)).await
}

/// Starts the target with a limit of descriptors.
pub(crate) async fn start_with_descriptors(count: usize) -> crate::Result<Process> {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -n {count}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(std::env::current_exe()?);
    start_by(shell).await
}

async fn start_by(mut command: Command) -> crate::Result<Process> {
    command.arg("target");
    Ok(tokio::task::spawn_blocking(move || Process::start(&mut command)).await?)
}

pub(crate) async fn serve() -> crate::Result<()> {
    // Zeroed pages need no memory until they are written, so other rows are not affected.
    let whole = Bytes::from(vec![0; LARGE]);
    let unzipped = ServiceBuilder::new()
        .layer(RequestDecompressionLayer::new())
        .service(App::new().post("/", public(measure)).build()?);
    let app = App::new()
        .get("/", public(hello))
        .get("/slow", public(slow))
        .get("/hang", public(hang))
        .get("/stream", public(endless))
        .get("/events", public(events))
        .socket("/socket", Silence)
        .get("/large", public(large))
        .get("/made", public(made))
        .get("/whole", public(hold).state(&whole))
        .get("/work", public(worked))
        .post("/work", public(work))
        .post("/body", public(measure))
        .post("/form", public(form))
        .post("/filter", public(read::<Filter>))
        .post("/either", public(read::<Either>))
        .post("/value", public(read::<Plain>))
        .socket("/mirror", Mirror)
        .socket("/broadcast", Broadcast)
        .mount("/unzip", public(unzipped));
    let server = app.bind("127.0.0.1:0").await?;
    println!("http://{}", server.local_addr());
    Ok(server.run().await?)
}

async fn hello(_: Request) -> Result<&'static str> {
    Ok("hello")
}

/// Works for a second. Prints its query at the start, because counting lost requests requires the
/// accepted ones.
async fn slow(request: Request) -> Result<&'static str> {
    let number = request.uri().query().unwrap_or_default();
    writeln!(std::io::stdout(), "began {number}").map_err(Error::internal)?;
    sleep(Duration::from_secs(1)).await;
    Ok("done")
}

async fn hang(_: Request) -> Result<()> {
    std::future::pending().await
}

/// Numbers of started and finished changes.
static BEGUN: AtomicU32 = AtomicU32::new(0);
static DONE: AtomicU32 = AtomicU32::new(0);

async fn work(_: Request) -> Result<()> {
    BEGUN.fetch_add(1, Relaxed);
    sleep(Duration::from_secs(5)).await;
    DONE.fetch_add(1, Relaxed);
    Ok(())
}

async fn worked(_: Request) -> Result<String> {
    Ok(format!("{} {}", BEGUN.load(Relaxed), DONE.load(Relaxed)))
}

async fn measure(mut request: Request) -> Result<String> {
    Ok(request.bytes().await?.len().to_string())
}

/// A recursive enum whose content serde buffers.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "op")]
#[garde(allow_unvalidated)]
#[expect(dead_code, reason = "only read from JSON")]
enum Filter {
    And {
        left: Box<Filter>,
        right: Box<Filter>,
    },
    Or {
        left: Box<Filter>,
        right: Box<Filter>,
    },
    Any {
        of: Vec<i64>,
        at: String,
    },
    Eq {
        value: i64,
    },
}

/// An untagged enum: serde tries one variant after the other.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
#[garde(allow_unvalidated)]
#[expect(dead_code, reason = "only read from JSON")]
enum Either {
    Left { next: Box<Either>, left: i64 },
    Right { next: Box<Either>, right: i64 },
    End(i64),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[expect(dead_code, reason = "only read from JSON")]
struct Plain {
    value: i64,
}

async fn read<T: Input>(mut request: Request) -> Result<()> {
    request.json::<T>().await.map(drop)
}

/// Number of parts.
async fn form(mut request: Request) -> Result<String> {
    let mut form = request.multipart(MultipartLimits::default())?;
    let mut parts = 0;
    while form.next_part().await?.is_some() {
        parts += 1;
    }
    Ok(parts.to_string())
}

/// Sends a line ten times a second without end, also during shutdown.
async fn endless(_: Request) -> Result<Response> {
    let lines = stream::unfold((), |()| async {
        sleep(Duration::from_millis(100)).await;
        Some((Bytes::from_static(b"tick\n"), ()))
    });
    Ok(streamed(lines))
}

/// The same as events, which end at shutdown.
async fn events(request: Request) -> Result<EventStream> {
    Ok(EventStream::new(&request, |events| async move {
        loop {
            events.send(Event::new("tick")).await?;
            sleep(Duration::from_millis(100)).await;
        }
    }))
}

/// A silent conversation.
struct Silence;

impl AsyncSocket for Silence {
    type Access = Public;
    type Incoming = Message;
    type Outgoing = Message;

    async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
        while socket.receive().await?.is_some() {}
        Ok(())
    }
}

/// A streamed download.
async fn large(_: Request) -> Result<Response> {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let chunks = std::iter::repeat_n(chunk, LARGE / CHUNK);
    Ok(streamed(stream::iter(chunks)))
}

/// A body that is created for each request.
async fn made(_: Request) -> Result<Response> {
    Ok(Response::new(vec![b'x'; MADE].into()))
}

/// A body that all responses share.
#[endpoint]
async fn hold(whole: &Bytes) -> Result<Response> {
    Ok(Response::new(whole.clone().into()))
}

fn streamed(parts: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    Response::new(Body::from_stream(parts.map(Ok::<_, Infallible>)))
}

/// Echoes every message.
struct Mirror;

impl AsyncSocket for Mirror {
    type Access = Public;
    type Incoming = Message;
    type Outgoing = Message;

    const MAX_MESSAGE_SIZE: usize = 32 * 1024 * 1024;

    async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
        while let Some(message) = socket.receive().await? {
            socket.send(&message).await?;
        }
        Ok(())
    }
}

/// Sends without end and never reads.
struct Broadcast;

impl AsyncSocket for Broadcast {
    type Access = Public;
    type Incoming = Message;
    type Outgoing = Message;

    async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
        let message = Message::Binary(Bytes::from(vec![b'x'; CHUNK]));
        loop {
            socket.send(&message).await?;
        }
    }
}
