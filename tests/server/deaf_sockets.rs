//! `WebSocket` clients that send and never read: each is let go, whatever it sends.

use std::net::SocketAddr;
use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{AsyncSocket, Message, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::start;

/// Short, so that a test need not wait.
const PATIENCE: Duration = Duration::from_millis(200);

/// When a client must have been let go, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(20);

/// What a socket does beside listening.
#[derive(Clone, Copy)]
enum Habit {
    /// Every message goes back.
    Mirror,
    /// Looks at something else a hundred times a second.
    Restless,
    /// Sends without end, and hears nothing.
    Broadcast,
    /// Sends without end, and gives up each message after a hundredth of a second.
    Hasty,
}

impl AsyncSocket for Habit {
    type Access = Public;
    type Incoming = Message;
    type Outgoing = Message;
    const PING_INTERVAL: Duration = PATIENCE;
    const PONG_TIMEOUT: Duration = PATIENCE;

    async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
        let long = Message::Text("x".repeat(1_000_000));
        let mut ticks = interval(Duration::from_millis(10));
        loop {
            match self {
                Habit::Mirror => match socket.receive().await? {
                    Some(message) => socket.send(&message).await?,
                    None => return Ok(()),
                },
                Habit::Restless => tokio::select! {
                    message = socket.receive() => if message?.is_none() { return Ok(()) },
                    _ = ticks.tick() => {}
                },
                Habit::Broadcast => socket.send(&long).await?,
                Habit::Hasty => tokio::select! {
                    sent = socket.send(&long) => sent?,
                    _ = ticks.tick() => {}
                },
            }
        }
    }
}

fn app() -> App {
    App::new()
        .socket("/mirror", Habit::Mirror)
        .socket("/restless", Habit::Restless)
        .socket("/broadcast", Habit::Broadcast)
        .socket("/hasty", Habit::Hasty)
}

/// After the handshake, with room for a few kilobytes.
async fn connect(address: SocketAddr, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

const TEXT: u8 = 0x81;
const FRAGMENT: u8 = 0x01;
const NEXT_FRAGMENT: u8 = 0x00;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// A frame as clients send it: masked, with a mask of zeros.
fn frame(kind: u8, length: u8) -> Vec<u8> {
    let mut frame = vec![kind, 0x80 | length, 0, 0, 0, 0];
    frame.resize(6 + usize::from(length), b'x');
    frame
}

/// Sends this without end and reads nothing, until the connection does not take it any more.
async fn flood(mut stream: TcpStream, begin: Vec<u8>, wave: Vec<u8>) {
    stream.write_all(&begin).await.unwrap();
    let waves = wave.repeat(1000);
    while stream.write_all(&waves).await.is_ok() {}
}

#[tokio::test]
async fn floods_that_are_not_read_end() {
    let running = start(app()).await;
    let mut floods = JoinSet::new();
    for (name, path, begin, wave) in [
        ("pings", "/mirror", vec![], frame(PING, 125)),
        ("empty pings", "/mirror", vec![], frame(PING, 0)),
        (
            "pings to the restless",
            "/restless",
            vec![],
            frame(PING, 125),
        ),
        ("texts", "/mirror", vec![], frame(TEXT, 125)),
        ("texts to who sends", "/broadcast", vec![], frame(TEXT, 125)),
        (
            "pings between texts",
            "/mirror",
            vec![],
            [frame(TEXT, 1), frame(PING, 125)].concat(),
        ),
        (
            "empty fragments",
            "/mirror",
            frame(FRAGMENT, 0),
            frame(NEXT_FRAGMENT, 0),
        ),
        (
            "pings between fragments",
            "/mirror",
            frame(FRAGMENT, 0),
            [frame(NEXT_FRAGMENT, 0), frame(PING, 125)].concat(),
        ),
        ("closes", "/mirror", vec![], frame(CLOSE, 0)),
        (
            "pings after a close",
            "/mirror",
            frame(CLOSE, 0),
            frame(PING, 125),
        ),
    ] {
        let stream = connect(running.address, path).await;
        let flood = timeout(LIMIT, flood(stream, begin, wave));
        floods.spawn(async move { assert!(flood.await.is_ok(), "{name}") });
    }
    floods.join_all().await;
}

/// Sends a ping now and then and reads nothing, until the connection does not take it any more.
async fn drip(mut stream: TcpStream) {
    let mut ticks = interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        if stream.write_all(&frame(PING, 0)).await.is_err() {
            return;
        }
    }
}

/// That it sends pings does not show that it reads; and its pings are no answer to ours.
#[tokio::test]
async fn pings_are_no_sign_that_a_client_reads() {
    let running = start(app()).await;
    for path in ["/broadcast", "/hasty", "/mirror"] {
        let stream = connect(running.address, path).await;
        assert!(timeout(LIMIT, drip(stream)).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_closed_its_side_is_let_go() {
    let running = start(app()).await;
    for path in ["/mirror", "/restless"] {
        let mut stream = connect(running.address, path).await;
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let end = timeout(LIMIT, stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok_and(|end| end.is_ok()), "{path}");
    }
}
