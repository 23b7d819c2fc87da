//! What is asked, and how: in lockstep, so that all contenders find as many requests waiting.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::Result;
use crate::measure::server::Server;

/// As many clients as ask at the same time.
pub(crate) const CONNECTIONS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Option<&'static str>,
}

pub(crate) const PLAIN: Endpoint = Endpoint::get("plain", "/plain");
pub(crate) const LIST: Endpoint = Endpoint::get("list", "/posts?page=2&limit=10");
pub(crate) const ITEM: Endpoint = Endpoint::get("item", "/posts/7");
pub(crate) const CREATE: Endpoint = Endpoint {
    name: "create",
    method: "POST",
    path: "/posts",
    body: Some(r#"{"title": "A new post here","published":true}"#),
};

pub(crate) const ENDPOINTS: [Endpoint; 4] = [PLAIN, LIST, ITEM, CREATE];

impl Endpoint {
    pub(crate) const fn get(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            method: "GET",
            path,
            body: None,
        }
    }

    pub(crate) fn request(&self) -> String {
        let Self { method, path, .. } = self;
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in self.headers() {
            request = request + name + ": " + value + "\r\n";
        }
        let body = self.body.unwrap_or_default();
        if !body.is_empty() {
            request = request + "Content-Length: " + &body.len().to_string() + "\r\n";
        }
        request + "\r\n" + body
    }

    /// What clients say besides where to and how long.
    pub(crate) fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let mut headers = vec![("User-Agent", "bench/1"), ("Accept", "*/*")];
        if self.body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        headers
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) fn send(&mut self, request: &str) -> Result<()> {
        Ok(self.0.get_mut().write_all(request.as_bytes())?)
    }

    /// Reads one answer, of a length that is said.
    pub(crate) fn answer(&mut self) -> Result<Answer> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("closed without an answer")?;
        let status = status.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let body = String::from_utf8(body)?;
        Ok(Answer { status, body })
    }

    pub(crate) fn ask(&mut self, endpoint: &Endpoint) -> Result<Answer> {
        self.send(&endpoint.request())?;
        self.answer()
    }
}

/// Clients that ask together: all requests are sent, while the server stands still, then all
/// answers read. Each contender thus finds as many waiting, each time.
#[derive(Debug)]
pub(crate) struct Lockstep(Vec<Connection>);

impl Lockstep {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let connections = (0..CONNECTIONS).map(|_| Connection::open(address));
        Ok(Self(connections.collect::<Result<_>>()?))
    }

    pub(crate) fn ask(
        &mut self,
        server: &Server,
        endpoint: &Endpoint,
        rounds: usize,
    ) -> Result<()> {
        let request = endpoint.request();
        for _ in 0..rounds {
            server.while_stopped(|| {
                let mut connections = self.0.iter_mut();
                connections.try_for_each(|connection| connection.send(&request))
            })?;
            for connection in &mut self.0 {
                let Answer { status, .. } = connection.answer()?;
                if !(200..300).contains(&status) {
                    return Err(format!("{} was answered with {status}", endpoint.path).into());
                }
            }
        }
        Ok(())
    }
}
