//! Clients that request a large response and do not read it.
//!
//! A connection counts as closed when the server has closed its descriptor: a client that does not
//! read cannot see the end.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::Result;
use crate::client::Protocol;
use crate::findings::Findings;
use crate::frames::{self, ACK, END_HEADERS, END_STREAM, Frame, HEADERS, Method, PING, SETTINGS};
use crate::process::{Growth, descriptors, wait_for_descriptors};
use crate::target;

const LIMIT: Duration = Duration::from_secs(30);

struct Crowd {
    name: &'static str,
    protocol: Protocol,
    path: &'static str,
    clients: usize,
}

const CROWDS: [Crowd; 3] = [
    Crowd {
        name: "HTTP/1",
        protocol: Protocol::Http1,
        path: "/large",
        clients: 500,
    },
    Crowd {
        name: "HTTP/2",
        protocol: Protocol::Http2,
        path: "/large",
        clients: 500,
    },
    // Few clients, in case the server copies the body for each of them.
    Crowd {
        name: "HTTP/1, an answer that is in memory",
        protocol: Protocol::Http1,
        path: "/whole",
        clients: 20,
    },
];

pub(crate) async fn clients() -> Result<Findings> {
    let mut findings = Findings::default();
    for crowd in &CROWDS {
        crowd.besiege(&mut findings).await?;
    }
    Ok(findings)
}

impl Crowd {
    async fn besiege(&self, findings: &mut Findings) -> Result<()> {
        let target = target::start().await?;
        let growth = Growth::from_now(target.id())?;
        let before = descriptors(target.id())?;
        let mut held = JoinSet::new();
        for _ in 0..self.clients {
            let stream = connect(&target.address).await?;
            match self.protocol {
                Protocol::Http1 => held.spawn(ask_http1(stream, self.path)),
                Protocol::Http2 => held.spawn(hold_http2(stream, request_http2(self.path))),
            };
        }
        let name = self.name;
        let (id, count) = (target.id(), self.clients);
        let accepted = wait_for_descriptors(id, LIMIT, |now| now >= before + count).await?;
        accepted.ok_or("not all of them were accepted")?;
        let closed = wait_for_descriptors(id, LIMIT, |now| now <= before).await?;
        let left = descriptors(id)?.saturating_sub(before);
        let after = closed.unwrap_or(LIMIT);
        findings.check(
            &format!("{name}: of {count} held after {after:.1?}"),
            left,
            ..=0,
        );
        let each = growth.at_most()? / count as u64;
        findings.note(format!("{name}: memory {each} KiB each"));
        Ok(())
    }
}

/// Connects with a receive buffer of a few kilobytes.
async fn connect(address: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    Ok(socket.connect(address.parse()?).await?)
}

async fn ask_http1(mut stream: TcpStream, path: &str) -> io::Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    std::future::pending().await
}

fn request_http2(path: &str) -> Vec<u8> {
    let mut bytes = frames::opening();
    let block = frames::header_block(Method::Get, path);
    Frame::of_stream(1, HEADERS, END_HEADERS | END_STREAM, block).write_to(&mut bytes);
    bytes
}

/// Sends the request, replies to pings and settings, and never opens its window.
pub(crate) async fn hold_http2(stream: TcpStream, mut bytes: Vec<u8>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        stream.write_all(&bytes).await?;
        bytes.clear();
        let mut frame = Frame::read(&mut stream).await?;
        let is_question = matches!(frame.kind, PING | SETTINGS) && frame.flags & ACK == 0;
        if is_question {
            if frame.kind == SETTINGS {
                frame.payload.clear();
            }
            frame.flags = ACK;
            frame.write_to(&mut bytes);
        }
    }
}
