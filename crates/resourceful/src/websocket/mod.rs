//! `WebSockets` (RFC 6455): a class with one hook, which gets a typed socket.

mod conversation;
mod handshake;
mod message;

use std::future::Future;
use std::time::Duration;

use crate::error::Result;
use crate::handler::access::Access;
use crate::request::Request;

pub use self::conversation::Socket;
pub(crate) use self::handshake::SocketEndpoint;
pub use self::message::{IncomingMessage, Message, OutgoingMessage};

/// A WebSocket: what clients say, what they are told, and one hook for each conversation.
///
/// Mounted with [`App::socket`](crate::App::socket). Messages are bounded, silent clients are
/// asked whether they are still there, and when the server stops, the conversation ends with 1001.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{AsyncSocket, Socket};
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Said { #[garde(length(chars, min = 1, max = 200))] text: String }
///
/// #[derive(Serialize)]
/// struct Heard { text: String }
///
/// struct Echo;
///
/// impl AsyncSocket for Echo {
///     type Access = Public;
///     type Incoming = Said;
///     type Outgoing = Heard;
///
///     async fn serve(&self, _: &Request, socket: &mut Socket<Said, Heard>) -> Result<()> {
///         while let Some(said) = socket.receive().await? {
///             socket.send(&Heard { text: said.text }).await?;
///         }
///         Ok(())
///     }
/// }
///
/// let app = App::new().socket("/echo", Echo);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket",
    label = "this has no `impl AsyncSocket`",
    note = "write `impl AsyncSocket for {Self} {{ .. }}`"
)]
pub trait AsyncSocket: Send + Sync + Sized + 'static {
    /// Who may connect: [`Public`](crate::Public) or your own.
    type Access: Access<Self>;

    /// What clients say: an [`Input`](crate::Input), which comes as JSON, or [`Message`].
    type Incoming: IncomingMessage;

    /// What they are told: anything that can be written as JSON, or [`Message`].
    type Outgoing: OutgoingMessage;

    /// The largest message in bytes; over it the conversation ends with 1009.
    const MAX_MESSAGE_SIZE: usize = 1024 * 1024;

    /// When a client that sends no message is asked whether it is still there: after 20 s. Its own
    /// pings do not show that it reads.
    const PING_INTERVAL: Duration = Duration::from_secs(20);

    /// How long it has to answer that, and to take a message or the answer to a ping of its own,
    /// whatever it sends in the meantime: 10 s.
    const PONG_TIMEOUT: Duration = Duration::from_secs(10);

    /// The subprotocols that are spoken, the best first; the first of them that the client knows
    /// is agreed on ([`Socket::protocol`]).
    const PROTOCOLS: &'static [&'static str] = &[];

    /// Whether a page of this origin may connect; asked only where the client says one, as
    /// browsers do. Those of the same host and port may; two origins are 400 before this is asked.
    ///
    /// Without this any page that a user visits could talk in the user's name: browsers send
    /// cookies along, and no other check.
    fn allows_origin(&self, request: &Request, origin: &str) -> bool {
        handshake::is_same_host(request, origin)
    }

    /// One conversation, from after the handshake; it ends when this returns.
    ///
    /// A client may think itself connected a moment before this runs: what others say in between it
    /// does not hear.
    ///
    /// An error of a 4xx status ends it with 1008 and its text, another one is logged and ends it
    /// with 1011.
    fn serve(
        &self,
        request: &Request,
        socket: &mut Socket<Self::Incoming, Self::Outgoing>,
    ) -> impl Future<Output = Result<()>> + Send;
}
