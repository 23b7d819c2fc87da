//! Clients that go away again and again, and what they begin runs on.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::http2::{PREFACE, frame, post};
use super::{Raw, Running, run};

const ATTACKER: Ipv4Addr = Ipv4Addr::LOCALHOST;
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[derive(Debug, PartialEq)]
enum Event {
    Begun,
    Done,
    Cut,
}

/// What `/work` does: it waits until it may go on.
#[derive(Clone)]
struct Work {
    events: UnboundedSender<Event>,
    go_on: Arc<Semaphore>,
}

/// Tells whether the work came to its end.
struct Guard<'w>(&'w Work, Event);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let event = std::mem::replace(&mut self.1, Event::Cut);
        let _ = self.0.events.send(event);
    }
}

#[endpoint]
async fn wait(work: &Work) -> Result<&'static str> {
    let _ = work.events.send(Event::Begun);
    let mut guard = Guard(work, Event::Cut);
    let _ = work.go_on.acquire().await;
    guard.1 = Event::Done;
    Ok("done")
}

async fn nothing(_: Request) -> Result<&'static str> {
    Ok("nothing")
}

fn app() -> (App, Work, UnboundedReceiver<Event>) {
    let (events, received) = unbounded_channel();
    let go_on = Arc::new(Semaphore::new(0));
    let state = Work { events, go_on };
    let app = App::new()
        .post("/work", public(wait).state(&state))
        .post("/nothing", public(nothing))
        .get("/nothing", public(nothing));
    (app, state, received)
}

async fn start(app: App, streams: u32) -> Running {
    run(app
        .bind("127.0.0.1:0")
        .await
        .unwrap()
        .max_concurrent_streams(streams))
}

/// A connection, and the task that keeps it.
async fn connect(running: &Running, from: Ipv4Addr) -> (Sender, JoinHandle<()>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let stream: TcpStream = socket.connect(running.address).await.unwrap();
    let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.unwrap();
    let keep = tokio::spawn(async move {
        let _ = connection.await;
    });
    (sender, keep)
}

type Sender = SendRequest<Full<Bytes>>;
type Response = http::Response<hyper::body::Incoming>;

fn ask(sender: &Sender, method: http::Method, path: &str) -> JoinHandle<Option<Response>> {
    ask_for(sender, method, path, "192.0.2.1")
}

/// By way of a proxy, for this client.
fn ask_for(
    sender: &Sender,
    method: http::Method,
    path: &str,
    client: &str,
) -> JoinHandle<Option<Response>> {
    let request = http::Request::builder().method(method);
    let request = request.uri(format!("http://x{path}"));
    let request = request.header("x-forwarded-for", client);
    let request = request.body(Full::default()).unwrap();
    let mut sender = sender.clone();
    tokio::spawn(async move {
        sender.ready().await.ok()?;
        sender.send_request(request).await.ok()
    })
}

async fn status(response: JoinHandle<Option<Response>>) -> u16 {
    let response = timeout(Duration::from_secs(20), response).await;
    response.unwrap().unwrap().unwrap().status().as_u16()
}

/// Does not begin, and is told when to try again.
async fn assert_refused(sender: &Sender) {
    let response = timeout(
        Duration::from_secs(20),
        ask(sender, http::Method::POST, "/work"),
    );
    let response = response.await.unwrap().unwrap().unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
}

/// Asks until it is answered so.
async fn ask_until(sender: &Sender, expected: u16, client: &str) {
    let asked = async {
        while status(ask_for(sender, http::Method::POST, "/nothing", client)).await != expected {}
    };
    timeout(Duration::from_secs(20), asked).await.unwrap();
}

async fn expect(events: &mut UnboundedReceiver<Event>, expected: Event, count: usize) {
    for number in 0..count {
        let event = timeout(Duration::from_secs(20), events.recv()).await;
        assert_eq!(event.unwrap().as_ref(), Some(&expected), "{number}");
    }
}

/// Begins a hundred on each of so many connections, and goes away.
async fn begin_and_leave(
    running: &Running,
    events: &mut UnboundedReceiver<Event>,
    connections: usize,
) {
    let mut requests = [PREFACE, &frame(4, 0, 0, &[])].concat();
    for stream in (1..200).step_by(2) {
        requests.extend(post(stream, "/work"));
    }
    let mut kept = Vec::new();
    for _ in 0..connections {
        let mut raw = Raw::connect(running.address).await;
        raw.send(&requests).await;
        kept.push(raw);
    }
    expect(events, Event::Begun, 100 * connections).await;
}

#[tokio::test]
async fn requests_without_their_clients_are_never_cut_and_hinder_no_other_client() {
    let (app, work, mut events) = app();
    let running = start(app, 100).await;
    begin_and_leave(&running, &mut events, 11).await;

    let (attacker, _keep) = connect(&running, ATTACKER).await;
    ask_until(&attacker, 503, "").await;
    assert_refused(&attacker).await;
    assert_eq!(
        status(ask(&attacker, http::Method::GET, "/nothing")).await,
        200
    );

    let (other, _keep) = connect(&running, OTHER).await;
    assert_eq!(
        status(ask(&other, http::Method::POST, "/nothing")).await,
        200
    );
    let reset = ask(&other, http::Method::POST, "/work");
    expect(&mut events, Event::Begun, 1).await;
    reset.abort();

    work.go_on.close();
    expect(&mut events, Event::Done, 1_101).await;
    ask_until(&attacker, 200, "").await;
}

/// Those before a proxy are told apart by what it says of them.
#[tokio::test]
async fn clients_of_a_trusted_proxy_have_a_share_each() {
    let (app, work, mut events) = app();
    let running = start(app.trusted_proxies(["127.0.0.1"]), 100).await;
    let (proxy, _keep) = connect(&running, ATTACKER).await;
    let resets: Vec<_> = (0..100)
        .map(|_| ask(&proxy, http::Method::POST, "/work"))
        .collect();
    expect(&mut events, Event::Begun, 100).await;
    resets.iter().for_each(JoinHandle::abort);
    let (proxy, _keep) = connect(&running, ATTACKER).await;
    ask_until(&proxy, 503, "192.0.2.1").await;
    ask_until(&proxy, 200, "192.0.2.2").await;
    assert_refused(&proxy).await;
    work.go_on.close();
    expect(&mut events, Event::Done, 100).await;
}

#[tokio::test]
async fn a_reset_request_counts_against_its_connection_until_it_has_ended() {
    let (app, work, mut events) = app();
    let running = start(app, 3).await;
    let (sender, _keep) = connect(&running, ATTACKER).await;
    let kept = ask(&sender, http::Method::POST, "/work");
    expect(&mut events, Event::Begun, 1).await;
    for _ in 0..2 {
        let reset = ask(&sender, http::Method::POST, "/work");
        expect(&mut events, Event::Begun, 1).await;
        reset.abort();
    }
    for _ in 0..10 {
        assert_refused(&sender).await;
    }
    assert_eq!(
        status(ask(&sender, http::Method::GET, "/nothing")).await,
        200
    );
    let (other, _keep) = connect(&running, ATTACKER).await;
    assert_eq!(
        status(ask(&other, http::Method::POST, "/nothing")).await,
        200
    );

    work.go_on.close();
    expect(&mut events, Event::Done, 3).await;
    assert_eq!(status(kept).await, 200);
    ask_until(&sender, 200, "").await;
}

/// Answered with 503 when its time is over, a request runs on like one whose client went away.
#[tokio::test]
async fn a_request_whose_time_is_over_counts_against_its_connection_until_it_has_ended() {
    let (app, work, mut events) = app();
    let running = start(app.timeout(Duration::from_millis(50)), 3).await;
    let (sender, _keep) = connect(&running, ATTACKER).await;
    for _ in 0..3 {
        assert_eq!(status(ask(&sender, http::Method::POST, "/work")).await, 503);
        expect(&mut events, Event::Begun, 1).await;
    }
    assert_refused(&sender).await;
    work.go_on.close();
    expect(&mut events, Event::Done, 3).await;
    ask_until(&sender, 200, "").await;
}
