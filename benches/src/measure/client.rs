//! Requests and clients. Clients send in lockstep, so that each contender finds the same number of
//! waiting requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::Result;
use crate::measure::server::Server;

/// Number of concurrent clients.
pub(crate) const CONNECTIONS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Option<&'static str>,
    /// A header field with credentials.
    pub(crate) field: Option<(&'static str, &'static str)>,
}

pub(crate) const PLAIN: Endpoint = Endpoint::get("plain", "/plain");
pub(crate) const LIST: Endpoint = Endpoint::get("list", "/posts?page=2&limit=10");
pub(crate) const ITEM: Endpoint = Endpoint::get("item", "/posts/7");
pub(crate) const CREATE: Endpoint = Endpoint {
    name: "create",
    method: "POST",
    path: "/posts",
    body: Some(r#"{"title": "A new post here","published":true}"#),
    field: None,
};

pub(crate) const ENDPOINTS: [Endpoint; 4] = [PLAIN, LIST, ITEM, CREATE];

/// Number of additional routes, where routing among many is measured.
pub(crate) const MANY_ROUTES: usize = 300;
/// The middle one of them, because some routers try one route after the other. Its response is that
/// of `item`.
pub(crate) const ITEM_OF_MANY: Endpoint = Endpoint::get("item among 300", "/extra150/7");

impl Endpoint {
    pub(crate) const fn get(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            method: "GET",
            path,
            body: None,
            field: None,
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

    /// Header fields besides `Host` and `Content-Length`.
    pub(crate) fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let mut headers = vec![("User-Agent", "bench/1"), ("Accept", "*/*")];
        if self.body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        headers.extend(self.field);
        headers
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
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

    /// Reads one response with a `Content-Length`.
    pub(crate) fn read_response(&mut self) -> Result<Response> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("closed without a response")?;
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
        Ok(Response { status, body })
    }

    pub(crate) fn call(&mut self, endpoint: &Endpoint) -> Result<Response> {
        self.send(&endpoint.request())?;
        self.read_response()
    }
}

/// Clients that send together: all requests are sent while the server is stopped, then all
/// responses are read. Thus each contender finds the same number of waiting requests each time.
#[derive(Debug)]
pub(crate) struct Lockstep(Vec<Connection>);

impl Lockstep {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let connections = (0..CONNECTIONS).map(|_| Connection::open(address));
        Ok(Self(connections.collect::<Result<_>>()?))
    }

    pub(crate) fn run(
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
                let Response { status, .. } = connection.read_response()?;
                if !(200..300).contains(&status) {
                    return Err(format!("{} returned {status}", endpoint.path).into());
                }
            }
        }
        Ok(())
    }
}
