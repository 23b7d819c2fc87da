//! Requests, and clients that send them at once: each waits for its response before its next request.

use std::net::SocketAddr;
use std::thread;

use serde_json::Value;

use crate::Result;
use crate::measure::client::{CONNECTIONS, Connection, Endpoint, Response};

/// A kind of request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) name: &'static str,
    kind: Kind,
    /// Whether it is sent to the large table.
    pub(crate) is_large: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Fixed(Endpoint),
    /// The page of a feed, by the number of rows before it.
    Feed(u32),
    /// A change of a row that each client has for itself, with the version that it has got before.
    Update,
}

/// Rows of the table, and of the large table.
pub(crate) const ROWS: u32 = 10_000;
pub(crate) const LARGE: u32 = 100_000;
/// Rows of the table for counting instructions: few, since SQLite counts them in the process.
pub(crate) const GATE_ROWS: u32 = 100;

const NEW_POST: &str =
    r#"{"title":"A new post here","content":"Some words of the new post","published":true}"#;

pub(crate) const LIST: Request =
    Request::fixed("list", Endpoint::get("list", "/posts?page=2&limit=10"));
pub(crate) const ITEM: Request = Request::fixed("item", Endpoint::get("item", "/posts/7"));
pub(crate) const CREATE: Request = Request::fixed("create", post("/posts"));

const CREATE_WITH_HOOK: Request = Request::fixed("create, hook", post("/checked"));

/// The requests whose instructions are counted.
pub(crate) const COUNTED: [Request; 4] = [LIST, ITEM, CREATE, CREATE_WITH_HOOK];

pub(crate) const REQUESTS: [Request; 8] = [
    LIST,
    ITEM,
    CREATE,
    CREATE_WITH_HOOK,
    Request {
        name: "update",
        kind: Kind::Update,
        is_large: false,
    },
    Request::large("cursor, page 1", Kind::Feed(0)),
    Request::large("cursor, page 5,000", Kind::Feed(49_990)),
    Request::large(
        "number, page 5,000",
        Kind::Fixed(Endpoint::get("list", "/posts?page=5000&limit=10")),
    ),
];

const fn post(path: &'static str) -> Endpoint {
    Endpoint {
        method: "POST",
        body: Some(NEW_POST),
        ..Endpoint::get("create", path)
    }
}

impl Request {
    const fn fixed(name: &'static str, endpoint: Endpoint) -> Self {
        Self {
            name,
            kind: Kind::Fixed(endpoint),
            is_large: false,
        }
    }

    /// The number of requests that a client sends in a round. A page by its number reads all rows before it.
    pub(crate) fn requests(&self) -> usize {
        match self.kind {
            Kind::Fixed(_) if self.is_large => 3,
            _ => 60,
        }
    }

    /// Whether each response is another one.
    pub(crate) fn writes(&self) -> bool {
        match self.kind {
            Kind::Fixed(endpoint) => endpoint.body.is_some(),
            Kind::Feed(_) => false,
            Kind::Update => true,
        }
    }

    const fn large(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            is_large: true,
        }
    }
}

/// Clients that are connected.
pub(crate) struct Clients(Vec<Client>);

struct Client {
    address: SocketAddr,
    connection: Connection,
    next: Next,
}

enum Next {
    Fixed(String),
    Update { id: usize, version: i64 },
}

impl Clients {
    pub(crate) fn connect(address: SocketAddr, request: &Request) -> Result<Self> {
        let fixed = match request.kind {
            Kind::Fixed(endpoint) => endpoint.request(),
            Kind::Feed(rows) => get(&feed(address, rows)?),
            Kind::Update => String::new(),
        };
        let client = |number: usize| {
            let connection = Connection::open(address)?;
            let next = if matches!(request.kind, Kind::Update) {
                let id = 100 + number;
                Next::Update { id, version: 0 }
            } else {
                Next::Fixed(fixed.clone())
            };
            let mut client = Client {
                address,
                connection,
                next,
            };
            client.read_version()?;
            Ok(client)
        };
        Ok(Self((0..CONNECTIONS).map(client).collect::<Result<_>>()?))
    }

    /// Sends `requests` by each client, all clients at once.
    pub(crate) fn run(&mut self, requests: usize) -> Result<()> {
        thread::scope(|scope| {
            let clients = self.0.iter_mut().map(|client| {
                scope.spawn(move || {
                    let all = (0..requests).try_for_each(|_| client.call().map(drop));
                    all.map_err(|error| error.to_string())
                })
            });
            let clients: Vec<_> = clients.collect();
            for client in clients {
                client.join().map_err(|_| "a client panicked")??;
            }
            Ok(())
        })
    }

    /// Connects again, since a server closes connections that wait for the others, and reads the versions of rows,
    /// which clients of other servers have changed.
    pub(crate) fn renew(&mut self) -> Result<()> {
        self.0.iter_mut().try_for_each(|client| {
            client.connection = Connection::open(client.address)?;
            client.read_version()
        })
    }

    /// One response.
    pub(crate) fn sample(&mut self) -> Result<Response> {
        self.0[0].call()
    }
}

impl Client {
    fn read_version(&mut self) -> Result<()> {
        if let Next::Update { id, version } = &mut self.next {
            let post = call(&mut self.connection, &get(&format!("/posts/{id}")))?;
            let post: Value = serde_json::from_str(&post.body)?;
            *version = post["version"].as_i64().ok_or("a post without a version")?;
        }
        Ok(())
    }

    fn call(&mut self) -> Result<Response> {
        match &mut self.next {
            Next::Fixed(request) => call(&mut self.connection, request),
            Next::Update { id, version } => {
                let body = format!(r#"{{"title":"A change of post {id}","version":{version}}}"#);
                let request = format!(
                    "PATCH /posts/{id} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                *version += 1;
                call(&mut self.connection, &request)
            }
        }
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n")
}

fn call(connection: &mut Connection, request: &str) -> Result<Response> {
    connection.send(request)?;
    let response = connection.read_response()?;
    if !(200..300).contains(&response.status) {
        let line = request.lines().next().unwrap_or_default();
        return Err(format!("{line} returned {}: {}", response.status, response.body).into());
    }
    Ok(response)
}

/// The path of the page after so many rows, which other pages lead to.
fn feed(address: SocketAddr, rows: u32) -> Result<String> {
    let mut connection = Connection::open(address)?;
    let (mut left, mut cursor) = (rows, String::new());
    while left > 0 {
        let limit = left.min(100);
        let page = call(
            &mut connection,
            &get(&format!("/feed?limit={limit}{cursor}")),
        )?;
        let page: Value = serde_json::from_str(&page.body)?;
        let next = page["pagination"]["next"]
            .as_str()
            .ok_or("a page without a next one")?;
        cursor = format!("&cursor={next}");
        left -= limit;
    }
    Ok(format!("/feed?limit=10{cursor}"))
}
