//! Files over sockets: their memory, and files that change while they are sent.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::FileResponse;
use resourceful::prelude::*;
use tempfile::tempdir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::{Raw, Running, start};

/// More than sockets and buffers hold.
const LONG: u64 = 256 << 20;

async fn serve(path: &Path) -> Running {
    let path = path.to_owned();
    let view = move |request: Request| {
        let path = path.clone();
        async move { FileResponse::open(&request, path).await }
    };
    start(App::new().get("/", public(view))).await
}

/// A file of zeros without blocks on the disk, last changed a day ago.
fn sparse(path: &Path, length: u64) -> File {
    let file = File::create(path).unwrap();
    file.set_len(length).unwrap();
    let day = Duration::from_secs(86_400);
    file.set_modified(SystemTime::now() - day).unwrap();
    file
}

/// The head of the response; `raw` stands before the body.
async fn head(raw: &mut Raw) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(raw.0.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// The bytes until the other side closes or resets.
async fn count(raw: &mut Raw) -> u64 {
    let (mut total, mut buffer) = (0, vec![0; 1 << 20]);
    loop {
        match raw.0.read(&mut buffer).await {
            Ok(0) | Err(_) => return total,
            Ok(count) => total += count as u64,
        }
    }
}

#[tokio::test]
async fn head_has_the_fields_of_get() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("a.txt");
    fs::write(&path, "content").unwrap();
    for length in [0, 7] {
        sparse(&path, length);
        let running = serve(&path).await;
        let mut raw = Raw::connect(running.address).await;
        let mut heads = Vec::new();
        for method in ["HEAD", "GET"] {
            raw.send(format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n"))
                .await;
            let head = head(&mut raw).await;
            let fields = head.lines().filter(|line| !line.starts_with("date:"));
            heads.push(fields.map(str::to_owned).collect::<Vec<_>>());
        }
        assert_eq!(heads[0], heads[1]);
        assert!(
            heads[0].contains(&format!("content-length: {length}")),
            "{heads:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_any_part() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("a.txt");
    sparse(&path, 10_000);
    let running = serve(&path).await;
    let mut raw = Raw::connect(running.address).await;
    for (range, status) in [
        ("bytes=0-9", "206 Partial Content"),
        ("bytes=0-9,20-29", "206 Partial Content"),
        ("bytes=10000-", "416 Range Not Satisfiable"),
        ("bytes=-1", "206 Partial Content"),
        ("items=1", "200 OK"),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\nRange: {range}\r\n\r\n");
        raw.send(request).await;
        let head = head(&mut raw).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{head}"
        );
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![1; length.unwrap().parse().unwrap()];
        raw.0.read_exact(&mut body).await.unwrap();
    }
}

/// Measured in a process of its own, since other tests use memory at the same time.
#[cfg(target_os = "linux")]
#[test]
fn a_file_of_gigabytes_needs_no_memory() {
    const MARK: &str = "RESOURCEFUL_TEST_OF_MEMORY";
    if std::env::var_os(MARK).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(download_gigabytes());
    }
    let name = "server::files::a_file_of_gigabytes_needs_no_memory";
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    let output = process
        .args(["--exact", name])
        .env(MARK, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("test result: ok. 1 passed"), "{text}");
}

/// The most resident memory that this process has had, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = peak.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
async fn download_gigabytes() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("large.bin");
    let length: u64 = 5 << 30;
    sparse(&path, length);
    let running = serve(&path).await;

    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let whole = head(&mut raw).await;
    assert!(
        whole.contains(&format!("content-length: {length}\r\n")),
        "{whole}"
    );
    let before = peak();
    let mut buffer = vec![1; 1 << 20];
    for _ in 0..1024 {
        raw.0.read_exact(&mut buffer).await.unwrap();
    }
    let grown = peak() - before;
    assert!(grown < 16 << 20, "{grown} bytes for 1 GiB");
    drop(raw);

    // Positions of more than 32 bits.
    let mut raw = Raw::connect(running.address).await;
    let range = "Range: bytes=5368709110-\r\nConnection: close\r\n";
    raw.send(format!("GET / HTTP/1.1\r\nHost: x\r\n{range}\r\n"))
        .await;
    let part = head(&mut raw).await;
    assert!(
        part.contains("content-range: bytes 5368709110-5368709119/5368709120\r\n"),
        "{part}"
    );
    assert_eq!(count(&mut raw).await, 10);
}

#[tokio::test]
async fn a_file_that_becomes_shorter_ends_the_connection() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("shrinking.bin");
    let file = sparse(&path, LONG);
    let running = serve(&path).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let head = head(&mut raw).await;
    assert!(
        head.contains(&format!("content-length: {LONG}\r\n")),
        "{head}"
    );
    file.set_len(1000).unwrap();
    let sent = count(&mut raw).await;
    assert!(sent < LONG, "{sent}");
}

#[tokio::test]
async fn a_file_that_becomes_shorter_resets_the_stream() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("shrinking.bin");
    let file = sparse(&path, LONG);
    let running = serve(&path).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = || http::Request::get("http://x/").body(Empty::<Bytes>::new());
    let mut response = sender.send_request(request().unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-length"], *LONG.to_string());
    file.set_len(1000).unwrap();
    let mut sent = 0;
    let error = loop {
        match response
            .frame()
            .await
            .expect("the stream does not end well")
        {
            Ok(frame) => sent += frame.into_data().unwrap().len() as u64,
            Err(error) => break error,
        }
    };
    assert!(sent < LONG, "{sent}");
    // The server has reset the stream: not the client, for a body of the wrong length.
    let error = format!("{error:?}");
    assert!(error.contains("INTERNAL_ERROR, Remote"), "{error}");
    // The connection serves others.
    let again = sender.send_request(request().unwrap()).await.unwrap();
    assert_eq!(again.headers()["content-length"], "1000");
    assert_eq!(
        again.into_body().collect().await.unwrap().to_bytes().len(),
        1000
    );
}

#[tokio::test]
async fn a_file_that_becomes_longer_is_sent_as_it_was() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("growing.bin");
    let file = sparse(&path, LONG);
    let running = serve(&path).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    head(&mut raw).await;
    file.set_len(2 * LONG).unwrap();
    assert_eq!(count(&mut raw).await, LONG);
}

/// A file that is replaced by another one (`rename`) is sent to its end.
#[tokio::test]
async fn a_file_that_is_replaced_is_sent_to_its_end() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("old.bin");
    sparse(&path, LONG);
    let running = serve(&path).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    head(&mut raw).await;
    let new = directory.path().join("new.bin");
    fs::write(&new, "new").unwrap();
    fs::rename(&new, &path).unwrap();
    assert_eq!(count(&mut raw).await, LONG);
}
