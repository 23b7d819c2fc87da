//! Real sockets: protocols, signals to stop, clients that go away.

mod any_service;
mod callers;
mod config;
mod conformance;
mod cookies;
mod deaf_sockets;
mod detached;
mod disconnect;
mod docs;
mod drain;
mod files;
mod framing;
mod health;
mod hosts;
mod http2;
mod layers;
mod limits;
mod listeners;
mod mounted;
mod overload;
mod protocols;
mod sockets;
mod streams;
mod tables;
mod time;
mod unsent;

use std::net::SocketAddr;

use resourceful::Server;
use resourceful::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server on a free port.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    outcome: JoinHandle<Result<()>>,
}

async fn start(app: App) -> Running {
    run(app.bind("127.0.0.1:0").await.unwrap())
}

fn run(server: Server) -> Running {
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel();
    let outcome = tokio::spawn(server.run_until(async {
        let _ = stopped.await;
    }));
    Running {
        address,
        stop,
        outcome,
    }
}

/// One connection, spoken to in bytes.
struct Raw(TcpStream);

impl Raw {
    async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// What comes until `end` has come.
    async fn read_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.contains(end) {
            let count = self.0.read(&mut buffer).await.unwrap();
            assert!(count > 0, "closed after {text:?}");
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        text
    }

    /// What comes until the other side closes.
    async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }
}
