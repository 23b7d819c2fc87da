//! Starts the example and connects to it.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use resourceful_test_parts::{Browser, Process, Redis};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const TIMEOUT: Duration = Duration::from_secs(20);

fn start() -> Process {
    Process::start(&mut Command::new(env!("CARGO_BIN_EXE_websocket-chat")))
}

struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(address: &str) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), address).await
    }

    async fn over(stream: TcpStream, address: &str) -> Self {
        let url = format!("ws://{address}/chat");
        let mut client = Self(client_async(url, stream).await.unwrap().0);
        assert!(client.receive().await["welcome"].is_object());
        client
    }

    async fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        let next = timeout(TIMEOUT, self.0.next());
        next.await.expect("a message in time").map(Result::unwrap)
    }

    async fn receive(&mut self) -> Value {
        let message = self.next().await.unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }
}

fn message(name: &str, text: &str) -> Value {
    json!({ "name": name, "text": text })
}

#[tokio::test]
async fn every_client_gets_every_message() {
    let example = start();
    let mut ada = Client::connect(&example.address).await;
    let mut bob = Client::connect(&example.address).await;
    for (name, text) in [("Ada", "Hello"), ("Bob", "<b>Hi</b>")] {
        let speaker = if name == "Ada" { &mut ada } else { &mut bob };
        speaker.send(message(name, text).to_string()).await;
        assert_eq!(ada.receive().await, json!({ "said": message(name, text) }));
        assert_eq!(bob.receive().await, json!({ "said": message(name, text) }));
    }

    ada.send(message("", &"x".repeat(501)).to_string()).await;
    let wrong = &ada.receive().await["wrong"];
    assert_eq!(wrong["errors"][0]["pointer"], "#/name", "{wrong}");
    assert_eq!(wrong["errors"][1]["pointer"], "#/text", "{wrong}");
    ada.send("{").await;
    assert_eq!(ada.receive().await["wrong"]["status"], 400);
    ada.send(message("Ada", "Still here").to_string()).await;
    let still_here = json!({ "said": message("Ada", "Still here") });
    assert_eq!(ada.receive().await, still_here);
    assert_eq!(
        bob.receive().await,
        still_here,
        "invalid messages are not sent to others"
    );

    let stopped = tokio::task::spawn_blocking(|| example.stop("-TERM"));
    for client in [&mut ada, &mut bob] {
        let Some(Message::Close(Some(close))) = client.next().await else {
            panic!("no close");
        };
        assert_eq!(close.code, CloseCode::Away);
        assert!(client.next().await.is_none());
    }
    assert!(stopped.await.unwrap().1);
}

/// `SOCKETS=1000 ./test -p websocket-chat replica -- --nocapture` prints the time that messages take.
#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_all_clients_of_another_replica_in_order() {
    const MESSAGES: usize = 20;
    let sockets = std::env::var("SOCKETS").map_or(200, |sockets| sockets.parse().unwrap());
    let redis = Redis::start();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_websocket-chat"));
        Process::start(command.env("REDIS_URL", redis.url()))
    };
    let (one, other) = (start(), start());
    let mut ada = Client::connect(&one.address).await;
    let mut listeners = Vec::new();
    for _ in 0..sockets {
        let mut client = Client::connect(&other.address).await;
        listeners.push(tokio::spawn(async move {
            let mut received = Vec::new();
            for _ in 0..MESSAGES {
                received.push((client.receive().await, Instant::now()));
            }
            received
        }));
    }
    let mut sent = Vec::new();
    for number in 0..MESSAGES {
        sent.push(Instant::now());
        ada.send(message("Ada", &number.to_string()).to_string())
            .await;
        let said = json!({ "said": message("Ada", &number.to_string()) });
        assert_eq!(ada.receive().await, said);
    }
    let mut times = Vec::new();
    for listener in listeners {
        for (number, (received, at)) in listener.await.unwrap().into_iter().enumerate() {
            assert_eq!(received["said"]["text"], number.to_string());
            times.push(at - sent[number]);
        }
    }
    times.sort_unstable();
    let of = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{sockets} sockets, {MESSAGES} messages: median {:?}, p99 {:?}, longest {:?}",
        of(50),
        of(99),
        of(100)
    );
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_the_connection() {
    let example = start();
    let mut client = Client::connect(&example.address).await;
    client.send("x".repeat(100_000)).await;
    assert_eq!(client.receive().await["wrong"]["status"], 400);
    let Some(Message::Close(Some(close))) = client.next().await else {
        panic!("no close");
    };
    assert_eq!(close.code, CloseCode::Size);
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_connect() {
    let example = start();
    let address = &example.address;
    for (origin, expected) in [
        (format!("http://{address}"), 101),
        ("http://elsewhere.example".to_owned(), 403),
        ("null".to_owned(), 403),
    ] {
        let url = format!("ws://{address}/chat");
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", origin.parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        let status = match client_async(request, stream).await {
            Ok((_, response)) => response.status(),
            Err(Error::Http(response)) => response.status(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(status, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_slow_client_gets_the_number_of_missed_messages() {
    const COUNT: u64 = 2000;
    let example = start();
    // A small receive buffer: the socket holds few messages that the client does not read.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2 * 1024).unwrap();
    let address: SocketAddr = example.address.parse().unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let stream = TcpStream::from_std(socket.into()).unwrap();
    let mut slow = Client::over(stream, &example.address).await;

    let mut quick = Client::connect(&example.address).await;
    // Each character takes six bytes in JSON. All messages together exceed the buffers of a socket.
    let long = "\u{1}".repeat(500);
    for _ in 0..COUNT {
        quick.send(message("Ada", &long).to_string()).await;
        assert!(quick.receive().await.get("said").is_some());
    }
    let (mut received, mut missed) = (0, 0);
    while received + missed < COUNT {
        match slow.receive().await["missed"].as_u64() {
            Some(count) => missed += count,
            None => received += 1,
        }
    }
    assert_eq!(received + missed, COUNT);
    assert!(missed > 0);
}

#[test]
fn two_pages_chat_and_reconnect_after_a_restart() {
    let example = start();
    let address = example.address.clone();
    let page = format!("http://{address}/");
    let browser = Browser::start();
    let (ada, bob) = (browser.open(&page), browser.open(&page));
    for tab in [&ada, &bob] {
        tab.wait_for("#state", "connected");
    }

    ada.enter("[name=who]", "Ada");
    ada.enter("[name=text]", "Hello <b>you</b>\n");
    bob.wait_for("#heard", "Ada: Hello <b>you</b>");
    bob.enter("[name=who]", "Bob");
    bob.enter("[name=text]", "Hi\n");
    ada.wait_for("#heard", "Bob: Hi");
    assert_eq!(browser.console(), Vec::<String>::new());

    assert!(example.stop("-TERM").1);
    for tab in [&ada, &bob] {
        tab.wait_for("#state", "connection lost");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_websocket-chat"));
    let _example = Process::start_at(&mut command, &address);
    for tab in [&ada, &bob] {
        tab.wait_for("#state", "connected");
    }
    ada.enter("[name=text]", "Back again\n");
    bob.wait_for("#heard", "Ada: Back again");
}
