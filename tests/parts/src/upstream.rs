//! An upstream HTTP API that can fail.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// An HTTP server on a free loopback port with a [`Behaviour`] for each path. It ends with its test.
#[derive(Clone, Debug)]
pub struct Upstream {
    url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    behaviours: HashMap<String, Behaviour>,
    requests: Vec<String>,
    bodies: Vec<String>,
    running: usize,
    max_running: usize,
}

/// Behaviour of a path.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Responds 200 with this JSON text.
    Json(String),
    /// Responds with this status line, these additional header lines and this body.
    Respond(&'static str, String, String),
    /// Behaves like the inner one after a pause.
    Delayed(Duration, Box<Self>),
    /// Behaves like the first at the first request, and like the second at all later ones.
    Sequence(Box<Self>, Box<Self>),
    /// Resets the connection.
    Reset,
    /// Never responds.
    Hang,
    /// Sends one byte of a long body per second.
    Drip,
    /// Responds with this status, and closes after half of `Content-Length`.
    Truncated(&'static str),
    /// Responds with a body of this many bytes, with or without `Content-Length`.
    Huge(u64, &'static str),
}

impl Upstream {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            shared: Arc::default(),
        };
        let shared = Arc::clone(&upstream.shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A client may disconnect at any time.
                thread::spawn(move || drop(serve(&stream, &shared)));
            }
        });
        upstream
    }

    /// Base URL: `http://127.0.0.1:1234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sets the behaviour of `path`.
    pub fn on(&self, path: &str, behaviour: Behaviour) {
        let mut shared = self.shared.lock().unwrap();
        shared.behaviours.insert(path.to_owned(), behaviour);
    }

    /// Makes `path` respond 200 with this JSON text.
    pub fn json(&self, path: &str, text: impl Into<String>) {
        self.on(path, Behaviour::Json(text.into()));
    }

    /// Heads of all requests, in order.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().unwrap().requests.clone()
    }

    /// Bodies of all requests, in order.
    pub fn bodies(&self) -> Vec<String> {
        self.shared.lock().unwrap().bodies.clone()
    }

    /// Maximum number of concurrent requests so far.
    pub fn max_concurrent(&self) -> usize {
        self.shared.lock().unwrap().max_running
    }
}

fn serve(stream: &TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;

        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let behaviour = {
            let mut shared = shared.lock().unwrap();
            shared.requests.push(head);
            let body = String::from_utf8_lossy(&body).into_owned();
            shared.bodies.push(body);
            shared.running += 1;
            shared.max_running = shared.max_running.max(shared.running);
            let behaviour = shared.behaviours.get(&path).cloned();
            if let Some(Behaviour::Sequence(_, later)) = &behaviour {
                shared.behaviours.insert(path, (**later).clone());
            }
            behaviour.unwrap_or_else(not_found)
        };
        let is_reusable = behave(stream, &behaviour);
        shared.lock().unwrap().running -= 1;
        if !is_reusable? {
            return Ok(());
        }
    }
}

fn not_found() -> Behaviour {
    Behaviour::Respond("404 Not Found", String::new(), "{}".to_owned())
}

/// Returns whether the connection can be used again.
fn behave(mut stream: &TcpStream, behaviour: &Behaviour) -> std::io::Result<bool> {
    match behaviour {
        Behaviour::Json(text) => {
            respond(stream, "200 OK", "Content-Type: application/json\r\n", text)
        }
        Behaviour::Respond(status, headers, body) => respond(stream, status, headers, body),
        Behaviour::Delayed(pause, later) => {
            thread::sleep(*pause);
            behave(stream, later)
        }
        Behaviour::Sequence(first, _) => behave(stream, first),
        Behaviour::Reset => {
            // With a linger time of zero, closing sends RST.
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Ok(false)
        }
        Behaviour::Hang => {
            // Wait until the client closes.
            stream.read_to_end(&mut Vec::new())?;
            Ok(false)
        }
        Behaviour::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            for _ in 0..1000 {
                stream.write_all(b"{")?;
                thread::sleep(Duration::from_secs(1));
            }
            Ok(false)
        }
        Behaviour::Truncated(status) => {
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: 20\r\n\r\n{{\"a\": [1, "
            )?;
            Ok(false)
        }
        Behaviour::Huge(length, headers) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}\r\n"
            )?;
            let chunk = vec![b' '; 1 << 16];
            let mut left = *length;
            while left > 0 {
                let now = left.min(chunk.len() as u64);
                stream.write_all(&chunk[..usize::try_from(now).unwrap()])?;
                left -= now;
            }
            Ok(false)
        }
    }
}

fn respond(
    mut stream: &TcpStream,
    status: &str,
    headers: &str,
    body: &str,
) -> std::io::Result<bool> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )?;
    Ok(true)
}
