//! HTTP/2 clients that ask for many long answers and do not read them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use resourceful::{Body, Server};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::time::timeout;

use super::http2::{PREFACE, frame, get};
use super::{Raw, Running, run};

const LENGTH: usize = 8 << 20;
const HUGE: usize = 72 << 20;

/// As many as one connection may have at a time.
const STREAMS: usize = 100;
const TIME: Duration = Duration::from_secs(1);

/// How many requests were begun.
type Begun = Arc<AtomicUsize>;

fn answer(begun: &Begun) -> Vec<u8> {
    begun.fetch_add(1, SeqCst);
    vec![b'x'; LENGTH]
}

/// Long answers, made in several ways.
async fn long_answers(begun: &Begun) -> Server {
    let all = (Arc::clone(begun), Arc::new(Barrier::new(STREAMS)));
    let mounted = App::new().get("/whole", public(whole).state(begun));
    let app = App::new()
        .get("/whole", public(whole).state(begun))
        .get("/parts", public(two_parts).state(begun))
        .get("/late", public(late).state(&all))
        .get("/huge", public(huge))
        .get("/short", public(short))
        .mount("/mounted", public(mounted.build().unwrap()));
    app.bind("127.0.0.1:0").await.unwrap()
}

#[endpoint]
async fn whole(begun: &Begun) -> Result<Response> {
    Ok(Response::new(answer(begun).into()))
}

/// Two parts, each of them long.
#[endpoint]
async fn two_parts(begun: &Begun) -> Result<Response> {
    let parts = [answer(begun), vec![b'x'; LENGTH]];
    let parts = stream::iter(parts.map(Ok::<_, Error>));
    Ok(Response::new(Body::from_stream(parts)))
}

/// Answered when all have begun.
#[endpoint]
async fn late(all: &(Begun, Arc<Barrier>)) -> Result<Response> {
    let (begun, barrier) = all;
    barrier.wait().await;
    Ok(Response::new(answer(begun).into()))
}

async fn huge(_: Request) -> Result<Response> {
    Ok(Response::new(vec![b'x'; HUGE].into()))
}

async fn short(_: Request) -> Result<&'static str> {
    Ok("short")
}

async fn connect(running: &Running) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(running.address).await.unwrap();
    let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.unwrap();
    tokio::spawn(connection);
    sender
}

/// How long an answer is that is read to its end.
async fn read(mut sender: SendRequest<Full<Bytes>>, path: &str) -> usize {
    let request = http::Request::get(format!("http://x{path}"));
    let request = request.body(Full::default()).unwrap();
    sender.ready().await.unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    let mut length = 0;
    while let Some(part) = body.frame().await {
        length += part.unwrap().into_data().unwrap().len();
    }
    length
}

/// As many requests as there may be, with windows of this size.
fn requests(path: &str, window: u32) -> Vec<u8> {
    let window = frame(4, 0, 0, &[&[0, 4], &window.to_be_bytes()[..]].concat());
    let streams = (1..).step_by(2).take(STREAMS);
    let requests = streams.flat_map(|stream| get(stream, path));
    [PREFACE.to_vec(), window, requests.collect()].concat()
}

/// Never opens its windows, and reads what comes until the server has had enough.
async fn ask_without_reading(running: &Running, path: &str, window: u32) -> Vec<u8> {
    let mut raw = Raw::connect(running.address).await;
    raw.send(requests(path, window)).await;
    let mut answer = Vec::new();
    let _ = raw.0.read_to_end(&mut answer).await;
    answer
}

/// How many streams were reset with this code.
fn resets(answer: &[u8], code: u8) -> usize {
    let end = [0, 0, 0, code];
    let is_reset = |frame: &&[u8]| frame[..4] == [0, 0, 4, 3] && frame[9..] == end;
    answer.windows(13).filter(is_reset).count()
}

/// The write timeout, and the end after it, take four times as long at most.
async fn in_time<T>(attack: impl Future<Output = T>) -> T {
    timeout(30 * TIME, attack).await.unwrap()
}

#[tokio::test]
async fn requests_wait_while_answers_are_not_read() {
    let attack = |path, window| async move {
        let begun = Begun::default();
        let running = run(long_answers(&begun).await.write_timeout(TIME));
        let honest = connect(&running).await;
        in_time(ask_without_reading(&running, path, window)).await;
        // 16 MiB are not too much, and one more.
        assert_eq!(begun.load(SeqCst), 3, "{path}, window {window}");
        assert_eq!(read(honest, "/short").await, 5);
    };
    let paths = ["/whole", "/parts", "/mounted/whole"].into_iter();
    let attacks = paths.flat_map(|path| [0, 1, 65_535].map(|window| attack(path, window)));
    futures_util::future::join_all(attacks).await;
}

#[tokio::test]
async fn requests_that_wait_are_not_begun_for_a_client_that_is_gone() {
    let begun = Begun::default();
    let running = run(long_answers(&begun).await);
    let mut attacker = Raw::connect(running.address).await;
    attacker.send(requests("/whole", 1)).await;
    while begun.load(SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    drop(attacker);
    running.stop.send(()).unwrap();
    running.outcome.await.unwrap().unwrap();
    assert_eq!(begun.load(SeqCst), 3);
}

/// Nobody knows how long an answer will be before it is there.
#[tokio::test]
async fn answers_that_come_at_once_and_are_not_read_are_cut_off() {
    let begun = Begun::default();
    let running = run(long_answers(&begun).await.write_timeout(TIME));
    let answer = in_time(ask_without_reading(&running, "/late", 1)).await;
    // 64 MiB are not too much, and one more: ENHANCE_YOUR_CALM.
    assert_eq!(resets(&answer, 11), STREAMS - 9);
}

#[tokio::test]
async fn long_answers_that_are_read_all_come_whole() {
    for (path, expected) in [("/whole", LENGTH), ("/parts", 2 * LENGTH)] {
        let running = run(long_answers(&Begun::default()).await);
        let sender = connect(&running).await;
        let reads = (0..10).map(|_| tokio::spawn(read(sender.clone(), path)));
        for length in reads.collect::<Vec<_>>() {
            assert_eq!(length.await.unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn one_huge_answer_comes_whole() {
    let running = run(long_answers(&Begun::default()).await);
    assert_eq!(read(connect(&running).await, "/huge").await, HUGE);
}
