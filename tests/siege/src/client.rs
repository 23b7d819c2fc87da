//! An honest client over HTTP/1 or HTTP/2.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::timeout;

use crate::Result;
use crate::raw::{Raw, connect};

/// Time limit for a response.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

pub(crate) enum Client {
    Http1(Raw),
    Http2(SendRequest<Empty<Bytes>>),
}

impl Client {
    pub(crate) async fn connect(address: &str, protocol: Protocol) -> Result<Self> {
        Ok(match protocol {
            Protocol::Http1 => Self::Http1(Raw::connect(address).await?),
            Protocol::Http2 => {
                let io = TokioIo::new(connect(address).await?);
                let (sender, connection) = handshake(TokioExecutor::new(), io).await?;
                // The running request reports the error, too.
                tokio::spawn(connection);
                Self::Http2(sender)
            }
        })
    }

    /// Sends `GET /`, and checks the response.
    pub(crate) async fn greet(&mut self) -> Result<()> {
        let (status, body) = timeout(PATIENCE, self.get()).await??;
        if status == 200 && *body == *b"hello" {
            return Ok(());
        }
        Err(format!("answered {status}").into())
    }

    async fn get(&mut self) -> Result<(u16, Bytes)> {
        match self {
            Self::Http1(raw) => {
                let answer = raw.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
                Ok((answer.status, answer.body.into()))
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                let request = http::Request::get("http://x/").body(Empty::new())?;
                let response = sender.send_request(request).await?;
                let status = response.status().as_u16();
                let body = response.into_body().collect().await?;
                Ok((status, body.to_bytes()))
            }
        }
    }
}
