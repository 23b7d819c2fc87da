//! `WebSockets`, with a client that is not ours.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use resourceful::prelude::*;
use resourceful::{AsyncSocket, Message, Socket};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Raw, start};

#[derive(Deserialize, JsonSchema, Validate)]
struct Said {
    #[garde(length(chars, min = 1, max = 5))]
    text: String,
}

#[derive(Serialize)]
struct Heard {
    text: String,
    errors: Vec<FieldError>,
}

/// Typed; says what is wrong, and goes on.
struct Echo;

impl AsyncSocket for Echo {
    type Access = Public;
    type Incoming = Said;
    type Outgoing = Heard;
    const MAX_MESSAGE_SIZE: usize = 1000;
    const PING_INTERVAL: Duration = Duration::from_millis(200);
    const PONG_TIMEOUT: Duration = Duration::from_millis(200);
    const PROTOCOLS: &'static [&'static str] = &["echo.v2", "echo.v1"];

    async fn serve(&self, _: &Request, socket: &mut Socket<Said, Heard>) -> Result<()> {
        loop {
            let heard = match socket.receive().await {
                Ok(Some(said)) if said.text == "panic" => panic!("as it was told"),
                Ok(Some(said)) if said.text == "fail" => return Err(Error::internal("secret")),
                Ok(Some(said)) if said.text == "leave" => {
                    return Err(Error::forbidden("Leave."));
                }
                Ok(Some(Said { text })) => Heard {
                    text,
                    errors: Vec::new(),
                },
                Ok(None) => return Ok(()),
                Err(error) if error.is_invalid() || error.is_malformed_body() => {
                    let errors = error.fields().to_vec();
                    let text = "What?".to_owned();
                    Heard { text, errors }
                }
                Err(error) => return Err(error),
            };
            socket.send(&heard).await?;
        }
    }
}

/// As it is.
struct Mirror;

impl AsyncSocket for Mirror {
    type Access = Public;
    type Incoming = Message;
    type Outgoing = Message;

    async fn serve(&self, _: &Request, socket: &mut Socket<Message, Message>) -> Result<()> {
        while let Some(message) = socket.receive().await? {
            socket.send(&message).await?;
        }
        Ok(())
    }
}

fn app() -> App {
    App::new().socket("/echo", Echo).socket("/mirror", Mirror)
}

type Client = WebSocketStream<TcpStream>;

async fn connect(address: SocketAddr, path: &str) -> Client {
    let stream = TcpStream::connect(address).await.unwrap();
    client_async(format!("ws://{address}{path}"), stream)
        .await
        .unwrap()
        .0
}

/// Says something, and hears what is answered, pings aside.
async fn say(client: &mut Client, text: &str) -> String {
    client.send(tungstenite::Message::text(text)).await.unwrap();
    loop {
        let message = client.next().await.unwrap().unwrap();
        if message.is_text() {
            return message.into_text().unwrap().to_string();
        }
    }
}

/// What the other side says at the end, pings aside.
async fn end(client: &mut Client) -> Option<CloseFrame> {
    loop {
        match client.next().await? {
            Ok(tungstenite::Message::Close(frame)) => return frame,
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn messages_are_typed_both_ways() {
    let running = start(app()).await;
    let mut client = connect(running.address, "/echo").await;
    let answer = say(&mut client, r#"{"text": "hello"}"#).await;
    assert_eq!(answer, r#"{"text":"hello","errors":[]}"#);
    let answer = say(&mut client, r#"{"text": "too long"}"#).await;
    assert!(answer.contains("#/text"), "{answer}");
    assert!(say(&mut client, "no json").await.contains("What?"));
    assert!(
        say(&mut client, r#"{"text": "still"}"#)
            .await
            .contains("still")
    );
    client.close(None).await.unwrap();
}

#[tokio::test]
async fn messages_come_back_as_they_are() {
    let running = start(app()).await;
    let mut client = connect(running.address, "/mirror").await;
    let bytes = tungstenite::Message::binary(vec![7; 1_000_000]);
    client.send(bytes.clone()).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), bytes);
    assert_eq!(say(&mut client, "\u{1F600}").await, "\u{1F600}");
}

#[tokio::test]
async fn an_error_ends_it_with_its_text_and_a_fault_of_ours_without() {
    let running = start(app()).await;
    for (said, code, reason) in [
        ("leave", 1008, "Leave."),
        ("fail", 1011, ""),
        ("panic", 1011, ""),
    ] {
        let mut client = connect(running.address, "/echo").await;
        client
            .send(tungstenite::Message::text(format!(
                "{{\"text\": \"{said}\"}}"
            )))
            .await
            .unwrap();
        let frame = end(&mut client).await.unwrap();
        assert_eq!(
            (u16::from(frame.code), frame.reason.as_str()),
            (code, reason),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_it() {
    let running = start(app()).await;
    let mut client = connect(running.address, "/echo").await;
    client
        .send(tungstenite::Message::text("x".repeat(100_000)))
        .await
        .unwrap();
    assert_eq!(u16::from(end(&mut client).await.unwrap().code), 1009);
}

#[tokio::test]
async fn a_stop_says_that_it_goes_away() {
    let running = start(app()).await;
    let mut silent = connect(running.address, "/mirror").await;
    let mut client = connect(running.address, "/echo").await;
    say(&mut client, r#"{"text": "hello"}"#).await;
    running.stop.send(()).unwrap();
    assert_eq!(u16::from(end(&mut client).await.unwrap().code), 1001);
    assert_eq!(u16::from(end(&mut silent).await.unwrap().code), 1001);
    running.outcome.await.unwrap().unwrap();
}

/// A client that answers pings stays, one that does not is let go.
#[tokio::test]
async fn who_does_not_answer_is_let_go() {
    let running = start(app()).await;
    let mut alive = connect(running.address, "/echo").await;
    let mut deaf = connect(running.address, "/echo").await;
    // Not read as a socket, so its pings are not answered.
    let mut raw = Vec::new();
    let let_go = tokio::io::AsyncReadExt::read_to_end(deaf.get_mut(), &mut raw);
    let answers = async {
        loop {
            let message = alive.next().await.unwrap().unwrap();
            assert!(message.is_ping(), "{message:?}");
        }
    };
    tokio::select! {
        outcome = let_go => {
            assert_eq!(outcome.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        }
        () = answers => {}
    }
    // The ping and the closing frame have arrived.
    assert_eq!(raw.first(), Some(&0x89));
    assert!(raw.contains(&0x88));
    assert!(
        say(&mut alive, r#"{"text": "here"}"#)
            .await
            .contains("here")
    );
}

#[tokio::test]
async fn the_best_protocol_that_both_know_is_spoken() {
    let running = start(app()).await;
    let mut request = format!("ws://{}/echo", running.address)
        .into_client_request()
        .unwrap();
    let offered = "other, echo.v1, echo.v2".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered);
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (_, response) = client_async(request, stream).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "echo.v2");
}

const HANDSHAKE: &str = "GET /echo HTTP/1.1\r\nHost: example.org\r\nConnection: keep-alive, Upgrade\r\n\
     Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn the_handshake_is_that_of_the_rfc() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send(format!("{HANDSHAKE}\r\n")).await;
    let answer = raw.read_until("\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(
        answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let running = start(app()).await;
    for (request, status) in [
        ("GET /echo HTTP/1.1\r\nHost: x\r\n".to_owned(), 426),
        (HANDSHAKE.replace("Version: 13", "Version: 12"), 426),
        (HANDSHAKE.replace("WebSocket\r\n", "h2c\r\n"), 426),
        (HANDSHAKE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400),
        (HANDSHAKE.replace("GET", "POST"), 405),
        (format!("{HANDSHAKE}Origin: https://evil.org\r\n"), 403),
        (format!("{HANDSHAKE}Origin: null\r\n"), 403),
        (
            format!("{HANDSHAKE}Origin: https://example.org.evil.org\r\n"),
            403,
        ),
        (format!("{HANDSHAKE}Origin: https://example.org\r\n"), 101),
        (
            format!("{HANDSHAKE}Origin: https://example.org:443\r\n"),
            101,
        ),
        (
            format!("{HANDSHAKE}Origin: https://example.org:80\r\n"),
            403,
        ),
        // Two decide nothing, in whatever order; what cannot be read is not as good as none.
        (
            format!("{HANDSHAKE}Origin: https://example.org\r\nOrigin: https://evil.org\r\n"),
            400,
        ),
        (format!("{HANDSHAKE}Origin: https://\u{e9}.org\r\n"), 400),
        (HANDSHAKE.replace("GET", "HEAD"), 400),
        ("HEAD /echo HTTP/1.1\r\nHost: x\r\n".to_owned(), 426),
        (format!("{HANDSHAKE}Content-Length: 0\r\n"), 101),
        (format!("{HANDSHAKE}Content-Length: 1\r\n"), 400),
        (format!("{HANDSHAKE}Transfer-Encoding: chunked\r\n"), 400),
        (HANDSHAKE.replace("HTTP/1.1", "HTTP/1.0"), 426),
        (format!("{HANDSHAKE}Sec-WebSocket-Version: 13\r\n"), 400),
        (
            format!("{HANDSHAKE}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            400,
        ),
        (HANDSHAKE.replace("dGhl", "!!!!"), 400),
        (HANDSHAKE.replace("ZQ==", "ZQQ="), 400),
        (HANDSHAKE.replace("Sec-WebSocket-Key", "X-Key"), 400),
        (HANDSHAKE.replace("Sec-WebSocket-Version", "X-Version"), 426),
        (
            HANDSHAKE.replace("WebSocket\r\n", "h2c, websocket\r\n"),
            101,
        ),
        (HANDSHAKE.replace("WebSocket\r\n", "websocketx\r\n"), 426),
        (HANDSHAKE.replace("keep-alive, Upgrade", "keep-alive"), 426),
        (HANDSHAKE.replace("keep-alive, Upgrade", "up grade"), 426),
        (format!("{HANDSHAKE}Connection: close\r\n"), 101),
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(format!("{request}\r\n")).await;
        let answer = raw.read_until("\r\n\r\n").await;
        assert!(
            answer[8..].starts_with(&format!(" {status} ")),
            "{request}: {answer}"
        );
    }
}

/// Over a connection that is axum's.
#[tokio::test]
async fn it_works_inside_another_server() {
    let service = app().build().unwrap();
    let router = axum::Router::new().fallback_service(service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut client = connect(address, "/mirror").await;
    assert_eq!(say(&mut client, "hello").await, "hello");
}

/// In a mounted application, too, and it ends with the outer one.
#[tokio::test]
async fn a_mounted_application_has_sockets() {
    let inner = app().build().unwrap();
    let middle = App::new().mount("/v1", public(inner)).build().unwrap();
    let running = start(App::new().mount("/api", public(middle))).await;
    let mut client = connect(running.address, "/api/v1/mirror").await;
    assert_eq!(say(&mut client, "hello").await, "hello");
    running.stop.send(()).unwrap();
    let close = end(&mut client).await.unwrap();
    assert_eq!(u16::from(close.code), 1001);
    running.outcome.await.unwrap().unwrap();
}
