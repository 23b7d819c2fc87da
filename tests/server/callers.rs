//! Callers of each kind of endpoint.

use std::convert::Infallible;
use std::sync::Arc;

use resourceful::prelude::*;
use resourceful::{AsyncSocket, Body, Event, EventStream, Message, Socket};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::{Raw, start};
use crate::callers::{Tokens, User};

#[derive(AsRef)]
struct View(#[as_ref] Tokens);

#[view]
impl AsyncView for View {
    type Access = SignedIn<Tokens>;

    async fn get(&self, request: Request<User>) -> Result<Response> {
        Ok(request.caller().name.clone().into_response())
    }
}

#[derive(AsRef)]
struct Greeter(#[as_ref] Tokens);

impl AsyncSocket for Greeter {
    type Access = SignedIn<Tokens>;
    type Incoming = Message;
    type Outgoing = Message;

    async fn serve(
        &self,
        request: &Request<User>,
        socket: &mut Socket<Message, Message>,
    ) -> Result<()> {
        socket
            .send(&Message::Text(request.caller().name.clone()))
            .await
    }
}

#[endpoint]
async fn by_reference(_: &Tokens, request: &Request<User>, suffix: String) -> Result<String> {
    Ok(request.caller().name.clone() + &suffix)
}

#[endpoint]
async fn with_body(mut request: Request<User>) -> Result<String> {
    let body = request.bytes().await?;
    Ok(format!("{} {}", request.caller().name, body.len()))
}

/// It runs for any caller.
#[endpoint]
async fn of_anyone() -> Result<&'static str> {
    Ok("anyone")
}

async fn events(request: Request<User>) -> Result<EventStream> {
    let name = request.caller().name.clone();
    Ok(EventStream::new(&request, |events| async move {
        events.send(Event::new(name)).await
    }))
}

/// A tower service that reads the caller of its mount.
fn mounted() -> impl resourceful::HttpService {
    tower::service_fn(|request: http::Request<Body>| async move {
        let user = request.extensions().get::<Arc<User>>();
        let name = user.map_or("nobody", |user| &user.name).to_owned();
        Ok::<_, Infallible>(http::Response::new(Body::from(name)))
    })
}

fn app() -> App {
    type Rule = SignedIn<Tokens>;
    App::new()
        .view("/view", View(Tokens))
        .get(
            "/reference/{suffix}",
            guarded::<Rule, _>(by_reference).state(&Tokens),
        )
        .post("/body", guarded::<Rule, _>(with_body).state(&Tokens))
        .get("/anyone", guarded::<Rule, _>(of_anyone).state(&Tokens))
        .get("/events", guarded::<Rule, _>(events).state(&Tokens))
        .mount("/mount", guarded::<Rule, _>(mounted()).state(&Tokens))
        .mount("/open", public(mounted()))
        .socket("/socket", Greeter(Tokens))
}

#[tokio::test]
async fn every_kind_of_endpoint_has_its_caller() {
    let client = TestClient::new(app()).unwrap();
    for (method, path, text) in [
        ("GET", "/view", "ada"),
        ("GET", "/reference/!", "ada!"),
        ("POST", "/body", "ada 4"),
        ("GET", "/anyone", "anyone"),
        ("GET", "/events", "data: ada\n\n"),
        ("GET", "/mount/x", "ada"),
    ] {
        let send = || client.request(method.parse().unwrap(), path);
        assert_eq!(send().body("four").await.status(), 401, "{path}");
        let allowed = send().header("authorization", "Bearer of-ada").body("four");
        assert_eq!(allowed.await.text(), text, "{path}");
    }
    assert_eq!(client.get("/open").await.text(), "nobody");
}

#[tokio::test]
async fn a_socket_has_its_caller() {
    let running = start(app()).await;
    let connect = |token: Option<&'static str>| async move {
        let mut request = format!("ws://{}/socket", running.address)
            .into_client_request()
            .unwrap();
        if let Some(token) = token {
            let headers = request.headers_mut();
            headers.insert("authorization", token.parse().unwrap());
        }
        let stream = tokio::net::TcpStream::connect(running.address)
            .await
            .unwrap();
        client_async(request, stream).await
    };
    let refused = connect(None).await.unwrap_err().to_string();
    assert!(refused.contains("401"), "{refused}");
    let (mut socket, _) = connect(Some("Bearer of-ada")).await.unwrap();
    let message = futures_util::StreamExt::next(&mut socket)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(message.into_text().unwrap(), "ada");
}

/// Two callers on one connection, in turn.
#[tokio::test]
async fn each_request_of_a_connection_has_its_own_caller() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    let send = |name: &str| {
        let token = match name {
            "" => String::new(),
            name => format!("authorization: Bearer of-{name}\r\n"),
        };
        format!("GET /view HTTP/1.1\r\nhost: x\r\n{token}\r\n")
    };
    let last = "GET /anyone HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let text = ["ada", "bob", "", "ada"].map(send).concat() + last;
    raw.send(&text).await;
    let answer = raw.read_to_end().await;
    let places: Vec<_> = [
        "\r\n\r\nada",
        "\r\n\r\nbob",
        " 401 ",
        "\r\n\r\nada",
        " 401 ",
    ]
    .iter()
    .scan(0, |from, part| {
        let found = answer[*from..].find(part)?;
        *from += found + part.len();
        Some(*from)
    })
    .collect();
    assert_eq!(places.len(), 5, "{answer}");
}

#[tokio::test]
async fn credentials_that_are_no_text_are_wrong() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    let head = b"GET /view HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer of-";
    raw.send([head, &b"\xe9\r\n\r\n"[..]].concat()).await;
    let answer = raw.read_to_end().await;
    assert!(answer.contains(" 401 "), "{answer}");
    assert!(answer.contains("www-authenticate: Bearer\r\n"), "{answer}");
}
