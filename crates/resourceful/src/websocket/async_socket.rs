//! [`AsyncSocket`]: the trait of a WebSocket.

use std::future::Future;
use std::time::Duration;

use crate::error::Result;
use crate::handler::access::Access;
use crate::request::Request;

use super::message::{IncomingMessage, OutgoingMessage};
use super::origin::is_same_host;
use super::socket::Socket;

/// The caller of the socket `S`, from its access rule.
pub(crate) type SocketCaller<S> = <<S as AsyncSocket>::Access as Access<S>>::Caller;

/// A WebSocket: the types of its messages, and one hook that runs for each connection.
///
/// Mount it with [`App::socket`](crate::App::socket). Messages have a maximum size, silent clients get
/// pings, and at a shutdown the server closes with 1001.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{AsyncSocket, Socket};
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Line { #[garde(length(chars, min = 1, max = 200))] text: String }
///
/// #[derive(Serialize)]
/// struct Echoed { text: String }
///
/// struct Echo;
///
/// impl AsyncSocket for Echo {
///     type Access = Public;
///     type Incoming = Line;
///     type Outgoing = Echoed;
///
///     async fn serve(&self, _: &Request, socket: &mut Socket<Line, Echoed>) -> Result<()> {
///         while let Some(line) = socket.receive().await? {
///             socket.send(&Echoed { text: line.text }).await?;
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
    /// The access rule for clients: [`Public`](crate::Public) or your own.
    type Access: Access<Self>;

    /// Messages from the client: an [`Input`](crate::Input), sent as JSON, or [`Message`](crate::Message).
    type Incoming: IncomingMessage;

    /// Messages to the client: any `Serialize`, sent as JSON, or [`Message`](crate::Message).
    type Outgoing: OutgoingMessage;

    /// Maximum size of a message in bytes (default 1 MiB). A larger one closes the WebSocket with 1009.
    const MAX_MESSAGE_SIZE: usize = 1024 * 1024;

    /// The server pings a client that has sent no message for this time (default 20 s). The client's
    /// own pings do not count: they do not show that it reads.
    const PING_INTERVAL: Duration = Duration::from_secs(20);

    /// Time limit for the pong to a ping, and for reading a message or a pong from the server
    /// (default 10 s). A client over the limit is disconnected.
    const PONG_TIMEOUT: Duration = Duration::from_secs(10);

    /// The supported subprotocols, best first (default none). The server selects the first one that the
    /// client offers, see [`Socket::protocol`].
    const PROTOCOLS: &'static [&'static str] = &[];

    /// May a page of this origin connect? Browsers send the origin, other clients mostly do not. By
    /// default the host and the port must be those of the request. Requests with two origins get 400.
    ///
    /// Without this check any page that a user visits could connect with the user's cookies.
    fn allows_origin(&self, request: &Request<SocketCaller<Self>>, origin: &str) -> bool {
        is_same_host(request, origin)
    }

    /// Runs after the handshake; the server closes the WebSocket when this returns.
    ///
    /// The client sees the handshake a moment before this runs, so it misses messages that the hook
    /// would forward from others in between.
    ///
    /// A 4xx error closes with 1008 and the error's text. Other errors are logged and close with 1011.
    fn serve(
        &self,
        request: &Request<SocketCaller<Self>>,
        socket: &mut Socket<Self::Incoming, Self::Outgoing>,
    ) -> impl Future<Output = Result<()>> + Send;
}
