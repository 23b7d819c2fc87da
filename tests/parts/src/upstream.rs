//! Somebody else's HTTP API, with its bad days.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// An HTTP server on a free port of loopback whose every path behaves as it is told to. It ends
/// with its test.
#[derive(Clone, Debug)]
pub struct Upstream {
    url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    behaviours: HashMap<String, Behaviour>,
    requests: Vec<String>,
    running: usize,
    most: usize,
}

/// What a path does.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// 200 with this JSON text.
    Json(String),
    /// This status line, these further header lines and this body.
    Answer(&'static str, String, String),
    /// What comes later, after a while.
    After(Duration, Box<Self>),
    /// The first at the first request, the second at all later ones.
    Then(Box<Self>, Box<Self>),
    /// A connection reset.
    Reset,
    /// No answer, ever.
    Hang,
    /// A byte of a long body a second.
    Drip,
    /// This status, and half of what `Content-Length` says.
    CutOff(&'static str),
    /// A body of this many bytes, with or without `Content-Length`.
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
                // A client may go away at any time.
                thread::spawn(move || drop(serve(&stream, &shared)));
            }
        });
        upstream
    }

    /// Its base URL, `http://127.0.0.1:1234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on `path` does this.
    pub fn on(&self, path: &str, behaviour: Behaviour) {
        let mut shared = self.shared.lock().unwrap();
        shared.behaviours.insert(path.to_owned(), behaviour);
    }

    /// From now on `path` answers 200 with this JSON text.
    pub fn json(&self, path: &str, text: impl Into<String>) {
        self.on(path, Behaviour::Json(text.into()));
    }

    /// The heads of the requests that came, in order.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().unwrap().requests.clone()
    }

    /// How many requests ran at the same time at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.lock().unwrap().most
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
        reader.read_exact(&mut vec![0; length.unwrap_or(0)])?;

        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let behaviour = {
            let mut shared = shared.lock().unwrap();
            shared.requests.push(head);
            shared.running += 1;
            shared.most = shared.most.max(shared.running);
            let behaviour = shared.behaviours.get(&path).cloned();
            if let Some(Behaviour::Then(_, later)) = &behaviour {
                shared.behaviours.insert(path, (**later).clone());
            }
            behaviour.unwrap_or_else(not_found)
        };
        let outcome = behave(stream, &behaviour);
        shared.lock().unwrap().running -= 1;
        if !outcome? {
            return Ok(());
        }
    }
}

fn not_found() -> Behaviour {
    Behaviour::Answer("404 Not Found", String::new(), "{}".to_owned())
}

/// Whether the connection is still good.
fn behave(mut stream: &TcpStream, behaviour: &Behaviour) -> std::io::Result<bool> {
    match behaviour {
        Behaviour::Json(text) => {
            answer(stream, "200 OK", "Content-Type: application/json\r\n", text)
        }
        Behaviour::Answer(status, headers, body) => answer(stream, status, headers, body),
        Behaviour::After(pause, later) => {
            thread::sleep(*pause);
            behave(stream, later)
        }
        Behaviour::Then(first, _) => behave(stream, first),
        Behaviour::Reset => {
            // With no time to linger, closing sends RST.
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Ok(false)
        }
        Behaviour::Hang => {
            // Until the client gives up.
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
        Behaviour::CutOff(status) => {
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

fn answer(
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
