//! WebSockets (RFC 6455): a trait with one hook, which gets a typed socket.
//!
//! The handshake is an endpoint. After its response the hook gets the connection.

mod async_socket;
mod conversation;
mod handshake;
mod message;
mod origin;
mod socket;

pub use self::async_socket::AsyncSocket;
pub(crate) use self::handshake::SocketEndpoint;
pub use self::message::{IncomingMessage, Message, OutgoingMessage};
pub use self::socket::Socket;
