//! `WebSocket` clients that send without end and never read.
//!
//! As in `deaf`, a connection counts as closed when the server has closed its descriptor.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Result;
use crate::client::Protocol;
use crate::findings::Findings;
use crate::honest::Honest;
use crate::process::{Growth, descriptors, wait_for_descriptors};
use crate::target;

/// A ping after 20 s, a pong within 10 s, and a margin for the flooded machine.
const LIMIT: Duration = Duration::from_secs(45);

/// Number of concurrent clients.
const CLIENTS: usize = 4;

/// Maximum memory in KiB, including responses to the honest clients.
const MEMORY: u64 = 4_000;

const TEXT: u8 = 0x81;
const FRAGMENT: u8 = 0x01;
const NEXT_FRAGMENT: u8 = 0x00;
const PING: u8 = 0x89;

struct Flood {
    name: &'static str,
    path: &'static str,
    /// Frames that are sent once, then those that are repeated: opcodes and lengths.
    begin: &'static [(u8, u8)],
    wave: &'static [(u8, u8)],
}

const FLOODS: [Flood; 5] = [
    Flood {
        name: "pings",
        path: "/socket",
        begin: &[],
        wave: &[(PING, 125)],
    },
    Flood {
        name: "empty pings",
        path: "/socket",
        begin: &[],
        wave: &[(PING, 0)],
    },
    Flood {
        name: "texts that are sent back",
        path: "/mirror",
        begin: &[],
        wave: &[(TEXT, 125)],
    },
    Flood {
        name: "pings between fragments",
        path: "/mirror",
        begin: &[(FRAGMENT, 0)],
        wave: &[(NEXT_FRAGMENT, 0), (PING, 125)],
    },
    Flood {
        name: "pings to who sends",
        path: "/broadcast",
        begin: &[],
        wave: &[(PING, 125)],
    },
];

pub(crate) async fn floods() -> Result<Findings> {
    let mut findings = Findings::default();
    for flood in &FLOODS {
        flood.rise(&mut findings).await?;
    }
    Ok(findings)
}

impl Flood {
    /// Attacks a new server beside two honest clients.
    async fn rise(&'static self, findings: &mut Findings) -> Result<()> {
        let target = target::start().await?;
        let honest = Honest::start(&target.address, &[Protocol::Http1, Protocol::Http2]);
        // Wait until the honest clients' memory is allocated.
        sleep(Duration::from_secs(1)).await;
        let id = target.id();
        let growth = Growth::from_now(id)?;
        let before = descriptors(id)?;
        let mut floods = JoinSet::new();
        for _ in 0..CLIENTS {
            let stream = connect(&target.address, self.path).await?;
            floods.spawn(self.pour(stream));
        }
        let closed = wait_for_descriptors(id, LIMIT, |now| now <= before).await?;
        let left = descriptors(id)?.saturating_sub(before);
        let after = closed.unwrap_or(LIMIT);
        let name = self.name;
        let what = format!("{name}: of {CLIENTS} held after {after:.1?}");
        findings.check(&what, left, ..=0);
        let what = format!("{name}: memory growth in KiB");
        findings.check(&what, growth.at_most()?, ..MEMORY);
        honest.stop().await.check_errors(findings);
        Ok(())
    }

    /// Sends until the connection accepts no more bytes.
    async fn pour(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.write_all(&frames(self.begin)).await?;
        let waves = frames(self.wave).repeat(1_000);
        loop {
            stream.write_all(&waves).await?;
        }
    }
}

/// A masked frame, as clients send it; the mask is zero.
fn frames(frames: &[(u8, u8)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, length) in frames {
        bytes.extend([*kind, 0x80 | length, 0, 0, 0, 0]);
        bytes.resize(bytes.len() + usize::from(*length), b'x');
    }
    bytes
}

/// Connects and upgrades, with a receive buffer of a few kilobytes.
async fn connect(address: &str, path: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let mut stream = socket.connect(address.parse()?).await?;
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(stream)
}
