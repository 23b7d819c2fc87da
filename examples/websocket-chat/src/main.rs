//! A chat: who is there hears what is said. Messages are typed and checked both ways.
//!
//! ```sh
//! cargo run -p websocket-chat
//! # Open http://127.0.0.1:8000 in two windows.
//! ```

use resourceful::http::HeaderValue;
use resourceful::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use resourceful::prelude::*;
use resourceful::{AsyncSocket, Socket};
use tokio::sync::broadcast::{self, error::RecvError};

/// How many messages wait for a client that is slow.
const WAITING: usize = 64;

/// What clients say: `{"name": "Ada", "text": "Hello"}`.
#[derive(Clone, Deserialize, Serialize, JsonSchema, Validate)]
struct Said {
    // Counted as browsers count `maxlength`.
    #[garde(length(utf16, min = 1, max = 40))]
    name: String,
    #[garde(length(utf16, min = 1, max = 500))]
    text: String,
}

/// What they are told: `{"said": {"name": "Ada", "text": "Hello"}}`.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Heard {
    /// From now on you hear everything. So many are here.
    Welcome(usize),
    /// Somebody said this; you, perhaps.
    Said(Said),
    /// What you said was wrong, and why.
    Wrong(Problem),
    /// You read too slowly: so many messages are gone.
    Missed(u64),
}

struct Chat {
    said: broadcast::Sender<Said>,
}

impl AsyncSocket for Chat {
    type Access = Public;
    type Incoming = Said;
    type Outgoing = Heard;

    const MAX_MESSAGE_SIZE: usize = 4 * 1024;

    async fn serve(&self, _: &Request, socket: &mut Socket<Said, Heard>) -> Result<()> {
        let mut others = self.said.subscribe();
        let count = self.said.receiver_count();
        socket.send(&Heard::Welcome(count)).await?;
        loop {
            let heard = tokio::select! {
                received = socket.receive() => match received {
                    Ok(Some(said)) => {
                        // Somebody listens: the one who speaks.
                        let _ = self.said.send(said);
                        continue;
                    }
                    Ok(None) => return Ok(()),
                    Err(error) => Heard::Wrong(Problem::from(&error)),
                },
                said = others.recv() => match said {
                    Ok(said) => Heard::Said(said),
                    Err(RecvError::Lagged(count)) => Heard::Missed(count),
                    Err(RecvError::Closed) => return Ok(()),
                },
            };
            socket.send(&heard).await?;
        }
    }
}

async fn page(_: Request) -> Result<Response> {
    let mut response = file("text/html; charset=utf-8", include_str!("chat.html"));
    // Nothing runs but the script beside it, which talks to nobody but this server.
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
    let said = broadcast::Sender::new(WAITING);
    let server = App::new()
        .get("/", public(page))
        .get("/chat.js", public(script))
        .socket("/chat", Chat { said })
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
