//! A child process that serves HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::guarded::Guarded;

/// Time limit for a response of a program that may be killed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A running program. It is killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Guarded,
    stdout: BufReader<ChildStdout>,
    /// Address of the server: `127.0.0.1:1234`.
    pub address: String,
}

/// Response of a program.
#[derive(Debug)]
pub struct HttpResponse {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Process {
    /// Runs `command` on a free port (`BIND`), and waits until it prints its address.
    pub fn start(command: &mut Command) -> Self {
        Self::start_at(command, "127.0.0.1:0")
    }

    /// Runs `command` at `address`, which an earlier process may have used.
    pub fn start_at(command: &mut Command, address: &str) -> Self {
        let command = command.env("BIND", address);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Guarded::spawn(command).unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1);
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        let address = address.split_whitespace().next().unwrap().to_owned();
        Self {
            child,
            stdout,
            address,
        }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request with a JSON body on a new connection.
    pub fn send(&self, method: &str, path: &str, body: &str) -> HttpResponse {
        send_request(
            &self.address,
            method,
            path,
            "Content-Type: application/json\r\n",
            body,
        )
    }

    /// Sends a `GET` on a new connection.
    pub fn get(&self, path: &str) -> HttpResponse {
        send_request(&self.address, "GET", path, "", "")
    }

    /// Reads the output until it contains `text`.
    pub fn wait_for(&mut self, text: &str) {
        let mut printed = String::new();
        while !printed.contains(text) {
            let count = self.stdout.read_line(&mut printed).unwrap();
            assert!(count > 0, "the program ended: {printed}");
        }
    }

    /// Sends `signal` (`-TERM`) without waiting.
    pub fn signal(&self, signal: &str) {
        send_signal(signal, self.id());
    }

    /// Sends `signal` (`-TERM`), and waits. Returns the rest of the output, and whether the exit code
    /// was 0.
    pub fn stop(mut self, signal: &str) -> (String, bool) {
        send_signal(signal, self.id());
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).unwrap();
        (printed, self.child.wait().unwrap().success())
    }
}

/// Sends a request on a new connection. `headers` are complete lines.
pub fn send_request(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> HttpResponse {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = request_text(address, method, path, headers, body);
    // In one write: a server that refuses the request may close early.
    stream.write_all(request.as_bytes()).unwrap();
    HttpResponse::read(stream)
}

/// Sends a request to a program that may be killed meanwhile. `None`: the connection was refused or lost, and nobody knows
/// whether the request had its effect.
pub fn try_request(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Option<HttpResponse> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    let request = request_text(address, method, path, headers, body);
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let response = HttpResponse::parse(&text)?;
    // A program that is killed may send a part of a response.
    let (_, length) = response.head.split_once("content-length: ")?;
    let length: usize = length.lines().next()?.parse().ok()?;
    (response.body.len() == length).then_some(response)
}

fn request_text(address: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

impl HttpResponse {
    /// Reads a response until the connection is closed.
    pub fn read(mut stream: impl Read) -> Self {
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        Self::parse(&response).unwrap()
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Self {
            status: head.get(9..12)?.parse().ok()?,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }
}

pub(crate) fn send_signal(signal: &str, id: u32) {
    let status = Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
    assert!(status.unwrap().success(), "kill {signal} {id}");
}
