//! A program that serves HTTP, started as its users start it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens, `127.0.0.1:1234`.
    pub address: String,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Process {
    /// Runs `command` on a free port (`BIND`), until it says where it listens.
    pub fn start(command: &mut Command) -> Self {
        Self::start_at(command, "127.0.0.1:0")
    }

    /// Runs `command` at `address`, where another one was, perhaps.
    pub fn start_at(command: &mut Command, address: &str) -> Self {
        let mut child = command
            .env("BIND", address)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
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

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// One request on a connection of its own, with a JSON body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        ask(
            &self.address,
            method,
            path,
            "Content-Type: application/json\r\n",
            body,
        )
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(&self.address, "GET", path, "", "")
    }

    /// Reads what it prints until it says so.
    pub fn wait_for(&mut self, text: &str) {
        let mut printed = String::new();
        while !printed.contains(text) {
            let count = self.stdout.read_line(&mut printed).unwrap();
            assert!(count > 0, "it ended: {printed}");
        }
    }

    /// Sends `signal` (`-TERM`), and does not wait.
    pub fn signal(&self, signal: &str) {
        send_signal(signal, self.id());
    }

    /// Sends `signal` (`-TERM`); what was printed until the end, and whether it ended well.
    pub fn stop(mut self, signal: &str) -> (String, bool) {
        send_signal(signal, self.id());
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).unwrap();
        (printed, self.child.wait().unwrap().success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own; `headers` are whole lines.
pub fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    // At once: who refuses it may close before the end of it has come.
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    Answer::read(stream)
}

impl Answer {
    /// What is answered, until the connection is closed.
    pub fn read(mut stream: impl Read) -> Self {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Self {
            status: head[9..12].parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

pub(crate) fn send_signal(signal: &str, id: u32) {
    let status = Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
    assert!(status.unwrap().success(), "kill {signal} {id}");
}
