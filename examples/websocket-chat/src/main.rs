//! A chat room: every client of every replica gets every message. Messages in both directions are typed, and incoming
//! ones are validated.
//!
//! ```sh
//! cargo run -p websocket-chat
//! # Open http://127.0.0.1:8000 in two windows.
//! ```
//!
//! With `REDIS_URL=redis://localhost` any number of processes are replicas of it. `BIND` is the address.

use resourceful::http::HeaderValue;
use resourceful::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use resourceful::prelude::*;
use resourceful::{AsyncSocket, Socket};
use resourceful_bus::{Bus, MemoryBroker, Received, RedisBroker, Topic};

/// A message of a client: `{"name": "Ada", "text": "Hello"}`.
#[derive(Clone, Deserialize, Serialize, JsonSchema, Validate)]
struct ChatMessage {
    // Browsers count `maxlength` in UTF-16 units.
    #[garde(length(utf16, min = 1, max = 40))]
    name: String,
    #[garde(length(utf16, min = 1, max = 500))]
    text: String,
}

/// A message of the server: `{"said": {"name": "Ada", "text": "Hello"}}`.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ServerMessage {
    /// The client gets all messages from now on.
    Welcome {},
    /// A message of any client, including this one.
    Said(ChatMessage),
    /// The client's message was invalid, with the errors.
    Wrong(Problem),
    /// The client missed this number of messages, or a number that nobody knows.
    Missed(Option<u64>),
}

const CHAT: Topic<ChatMessage> = Topic::new("chat");

struct Chat {
    bus: Bus,
}

impl AsyncSocket for Chat {
    type Access = Public;
    type Incoming = ChatMessage;
    type Outgoing = ServerMessage;

    const MAX_MESSAGE_SIZE: usize = 4 * 1024;

    async fn serve(
        &self,
        _: &Request,
        socket: &mut Socket<ChatMessage, ServerMessage>,
    ) -> Result<()> {
        let mut messages = self.bus.subscribe(&CHAT).await?;
        socket.send(&ServerMessage::Welcome {}).await?;
        loop {
            let message = tokio::select! {
                received = socket.receive() => match received {
                    Ok(Some(message)) => match self.bus.publish(&CHAT, &message).await {
                        Ok(_) => continue,
                        Err(error) => ServerMessage::Wrong(Problem::from(&error)),
                    },
                    Ok(None) => return Ok(()),
                    Err(error) => ServerMessage::Wrong(Problem::from(&error)),
                },
                message = messages.receive() => match message {
                    Received::Message { body, .. } => ServerMessage::Said(body),
                    Received::Missed(count) => ServerMessage::Missed(count),
                },
            };
            socket.send(&message).await?;
        }
    }
}

async fn page(_: Request) -> Result<Response> {
    let mut response = file("text/html; charset=utf-8", include_str!("chat.html"));
    // Allows only this server's script, and connections of the script to this server.
    let policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let policy = HeaderValue::from_static(policy);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

async fn script(_: Request) -> Result<Response> {
    let text = include_str!("chat.js");
    Ok(file("text/javascript; charset=utf-8", text))
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

#[tokio::main]
async fn main() -> Result<()> {
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let bus = match std::env::var("REDIS_URL") {
        Ok(url) => Bus::new(RedisBroker::new(&url).map_err(Error::internal)?),
        Err(_) => Bus::new(MemoryBroker::default()),
    };
    let server = App::new()
        .get("/", public(page))
        .get("/chat.js", public(script))
        .socket("/chat", Chat { bus })
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
