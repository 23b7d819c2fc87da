//! Starts the example and talks to it.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use resourceful_test_parts::{Browser, Process};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(20);

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
        assert!(client.hear().await["welcome"].is_u64());
        client
    }

    async fn say(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        let next = timeout(PATIENCE, self.0.next());
        next.await.expect("a message in time").map(Result::unwrap)
    }

    async fn hear(&mut self) -> Value {
        let message = self.next().await.unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }
}

fn said(name: &str, text: &str) -> Value {
    json!({ "name": name, "text": text })
}

#[tokio::test]
async fn who_is_there_hears_what_is_said() {
    let example = start();
    let mut ada = Client::connect(&example.address).await;
    let mut bob = Client::connect(&example.address).await;
    for (name, text) in [("Ada", "Hello"), ("Bob", "<b>Hi</b>")] {
        let speaker = if name == "Ada" { &mut ada } else { &mut bob };
        speaker.say(said(name, text).to_string()).await;
        assert_eq!(ada.hear().await, json!({ "said": said(name, text) }));
        assert_eq!(bob.hear().await, json!({ "said": said(name, text) }));
    }

    ada.say(said("", &"x".repeat(501)).to_string()).await;
    let wrong = &ada.hear().await["wrong"];
    assert_eq!(wrong["errors"][0]["pointer"], "#/name", "{wrong}");
    assert_eq!(wrong["errors"][1]["pointer"], "#/text", "{wrong}");
    ada.say("{").await;
    assert_eq!(ada.hear().await["wrong"]["status"], 400);
    ada.say(said("Ada", "Still here").to_string()).await;
    let still_here = json!({ "said": said("Ada", "Still here") });
    assert_eq!(ada.hear().await, still_here);
    assert_eq!(bob.hear().await, still_here, "what was wrong is not heard");

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

#[tokio::test]
async fn what_is_too_large_ends_the_conversation() {
    let example = start();
    let mut client = Client::connect(&example.address).await;
    client.say("x".repeat(100_000)).await;
    assert_eq!(client.hear().await["wrong"]["status"], 400);
    let Some(Message::Close(Some(close))) = client.next().await else {
        panic!("no close");
    };
    assert_eq!(close.code, CloseCode::Size);
}

#[tokio::test]
async fn a_foreign_page_may_not_connect() {
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
async fn who_reads_too_slowly_is_told_what_was_missed() {
    const COUNT: u64 = 2000;
    let example = start();
    // Its system takes little before its program reads.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2 * 1024).unwrap();
    let address: SocketAddr = example.address.parse().unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let stream = TcpStream::from_std(socket.into()).unwrap();
    let mut slow = Client::over(stream, &example.address).await;

    let mut quick = Client::connect(&example.address).await;
    // Six bytes each, in JSON: more in all than a socket holds.
    let long = "\u{1}".repeat(500);
    for _ in 0..COUNT {
        quick.say(said("Ada", &long).to_string()).await;
        assert!(quick.hear().await.get("said").is_some());
    }
    let (mut heard, mut missed) = (0, 0);
    while heard + missed < COUNT {
        match slow.hear().await["missed"].as_u64() {
            Some(count) => missed += count,
            None => heard += 1,
        }
    }
    assert_eq!(heard + missed, COUNT);
    assert!(missed > 0);
}

#[test]
fn two_pages_talk_and_come_back_when_the_server_does() {
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
        tab.wait_for("#state", "gone");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_websocket-chat"));
    let _example = Process::start_at(&mut command, &address);
    for tab in [&ada, &bob] {
        tab.wait_for("#state", "connected");
    }
    ada.enter("[name=text]", "Back again\n");
    bob.wait_for("#heard", "Ada: Back again");
}
