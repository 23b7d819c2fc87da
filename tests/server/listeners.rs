//! Unix sockets, sockets that are handed over, several at once, and TLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use resourceful::prelude::*;
use resourceful::{Listener, Tls, rustls};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Raw, run};
use crate::fixture::app;

/// A directory of the test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const GET: &str = "GET /posts/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn ask_unix(path: &PathBuf) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_unix_socket_serves_and_is_removed() {
    let folder = Folder::new("unix");
    let path = folder.0.join("app.sock");
    // Left there by a server that is gone.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::unix(&path).await.unwrap();
    assert!(
        Listener::unix(&path).await.is_err(),
        "somebody listens there"
    );
    let server = app().listen(listener).unwrap();
    let tcp = Listener::bind("127.0.0.1:0").await.unwrap();
    let running = run(server.listen(tcp));
    assert!(ask_unix(&path).await.contains("Post 1"));
    let mut raw = Raw::connect(running.address).await;
    raw.send(GET).await;
    assert!(raw.read_to_end().await.contains("Post 1"));
    running.stop.send(()).unwrap();
    running.outcome.await.unwrap().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn only_sockets_of_ones_own_are_removed() {
    let folder = Folder::new("unix-others");
    let path = folder.0.join("precious.db");
    std::fs::write(&path, "precious").unwrap();
    assert!(Listener::unix(&path).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");

    let path = folder.0.join("app.sock");
    let first = Listener::unix(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let second = Listener::unix(&path).await.unwrap();
    drop(first);
    assert!(path.exists());
    drop(second);
    assert!(!path.exists());
}

/// Looked at as often as possible while it is made: no mode but those that were asked for.
#[tokio::test]
async fn a_unix_socket_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    let folder = Folder::new("unix-mode");
    let path = folder.0.join("app.sock");
    let is_done = Arc::new(AtomicBool::new(false));
    let watching = {
        let (path, is_done) = (path.clone(), Arc::clone(&is_done));
        std::thread::spawn(move || {
            let mut modes = std::collections::BTreeSet::new();
            while !is_done.load(Relaxed) {
                if let Ok(file) = std::fs::symlink_metadata(&path) {
                    modes.insert(file.permissions().mode() & 0o777);
                }
            }
            modes
        })
    };
    let mode = || {
        std::fs::symlink_metadata(&path)
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    for _ in 0..200 {
        let listener = Listener::unix(&path).await.unwrap();
        assert_eq!(mode(), 0o600);
        let listener = listener.with_mode(0o620).unwrap();
        assert_eq!(mode(), 0o620);
        drop(listener);
    }
    is_done.store(true, Relaxed);
    let modes = watching.join().unwrap();
    assert!(
        modes.iter().all(|mode| [0o600, 0o620].contains(mode)),
        "{modes:?}"
    );
}

#[tokio::test]
async fn a_unix_socket_that_cannot_be_bound_names_its_path() {
    for path in ["", "@name", "\0name", "/no/such/folder/app.sock", "a\0b"] {
        let error = Listener::unix(path).await.unwrap_err().to_string();
        assert!(
            error.contains(&format!("listen on \"{path}\": ")),
            "{error}"
        );
    }
    for left in ["@name", "a"] {
        assert!(!std::path::Path::new(left).exists());
    }
}

#[tokio::test]
async fn http2_is_spoken_over_a_unix_socket() {
    let folder = Folder::new("unix-h2");
    let path = folder.0.join("app.sock");
    let _running = run(app().listen(Listener::unix(&path).await.unwrap()).unwrap());
    let stream = TokioIo::new(UnixStream::connect(&path).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("http://localhost/posts/1");
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
}

/// Behind a proxy on a Unix socket the client is who the proxy says.
#[tokio::test]
async fn a_proxy_on_a_unix_socket_can_be_believed() {
    async fn who(request: Request) -> Result<String> {
        let (ip, host) = (request.client_ip(), request.host().unwrap());
        Ok(format!("{ip:?} {host} {}", request.scheme()))
    }
    let folder = Folder::new("unix-proxy");
    for (trusted, expected) in [
        (vec![], "None localhost http"),
        (vec!["unix"], "Some(192.0.2.1) example.org https"),
    ] {
        let path = folder.0.join(format!("{}.sock", trusted.len()));
        let app = App::new().trusted_proxies(trusted).get("/", public(who));
        let _running = run(app.listen(Listener::unix(&path).await.unwrap()).unwrap());
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let head = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.1\r\n\
             X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn a_socket_can_be_handed_over() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let running = run(app().listen(Listener::try_from(socket).unwrap()).unwrap());
    let mut raw = Raw::connect(running.address).await;
    raw.send(GET).await;
    assert!(raw.read_to_end().await.contains("Post 1"));
}

/// The files of a new certificate, and what trusts it.
fn certify(folder: &Folder) -> rustls::RootCertStore {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.0.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.0.join("cert.pem"), cert.pem()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    roots
}

fn tls(folder: &Folder) -> Tls {
    Tls::from_pem_files(folder.0.join("cert.pem"), folder.0.join("key.pem")).unwrap()
}

async fn connect_tls(
    address: std::net::SocketAddr,
    roots: rustls::RootCertStore,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn secure() -> (Folder, rustls::RootCertStore, super::Running) {
    async fn scheme(request: Request) -> Result<String> {
        Ok(request.scheme().to_owned())
    }
    static FOLDERS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = FOLDERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = Folder::new(&format!("tls-{number}"));
    let roots = certify(&folder);
    let listener = Listener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .with_tls(tls(&folder));
    let app = app().get("/scheme", public(scheme));
    (folder, roots, run(app.listen(listener).unwrap()))
}

#[tokio::test]
async fn tls_speaks_http1_and_http2() {
    let (_folder, roots, running) = secure().await;
    for protocols in [&["http/1.1"][..], &[]] {
        let mut stream = connect_tls(running.address, roots.clone(), protocols)
            .await
            .unwrap();
        stream
            .write_all(GET.replace("/posts/1", "/scheme").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("https"), "{answer}");
    }
    let stream = connect_tls(running.address, roots, &["h2", "http/1.1"])
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://localhost/scheme");
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "https");
}

#[tokio::test]
async fn who_speaks_no_tls_is_told() {
    let (_folder, _roots, running) = secure().await;
    let mut raw = Raw::connect(running.address).await;
    raw.send(GET).await;
    let answer = raw.read_to_end().await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("https"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let folder = Folder::new("tls-slow");
    let roots = certify(&folder);
    let listener = Listener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .with_tls(tls(&folder));
    let server = app().listen(listener).unwrap();
    let running = run(server.header_read_timeout(Duration::from_millis(200)));
    let negotiated = connect_tls(running.address, roots, &["h2"]).await.unwrap();
    let (mut silent, _) = tokio::io::split(negotiated);
    let mut said = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), silent.read_to_end(&mut said));
    assert!(
        closed.await.is_ok(),
        "it agreed on HTTP/2, and said nothing"
    );
    for begin in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(begin).await;
        let started = Instant::now();
        raw.read_to_end().await;
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart() {
    let (folder, old, running) = secure().await;
    connect_tls(running.address, old.clone(), &[])
        .await
        .unwrap();
    // What cannot be used changes nothing.
    std::fs::write(folder.0.join("cert.pem"), "half a certif").unwrap();
    let new = certify(&folder);
    let started = Instant::now();
    while connect_tls(running.address, new.clone(), &[])
        .await
        .is_err()
    {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "it is not used"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(connect_tls(running.address, old, &[]).await.is_err());
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (one, other) = (Folder::new("tls-one"), Folder::new("tls-other"));
    certify(&one);
    certify(&other);
    let error = Tls::from_pem_files(one.0.join("cert.pem"), other.0.join("key.pem")).unwrap_err();
    assert!(error.to_string().contains("cert.pem"), "{error}");
}

/// The only thread of the runtime is busy while they connect, so tokio has not seen them when the server stops.
#[tokio::test]
async fn a_stop_serves_the_connections_that_wait_in_the_system() {
    use std::io::{Read, Write};

    fn ask(mut stream: impl Write) {
        stream.write_all(GET.as_bytes()).unwrap();
    }

    /// More than tokio accepts at once.
    const EACH: usize = 200;
    let folder = Folder::new("waiting");
    let path = folder.0.join("app.sock");
    let listener = Listener::unix(&path).await.unwrap();
    let tcp = Listener::bind("127.0.0.1:0").await.unwrap();
    let server = app().listen(listener).unwrap().listen(tcp);
    let address = server.local_addr();
    let mut clients: Vec<Box<dyn Read>> = Vec::new();
    server
        .run_until(async {
            for _ in 0..EACH {
                let tcp = std::net::TcpStream::connect(address).unwrap();
                let unix = std::os::unix::net::UnixStream::connect(&path).unwrap();
                ask(&tcp);
                ask(&unix);
                clients.extend([Box::new(tcp) as Box<dyn Read>, Box::new(unix)]);
            }
        })
        .await
        .unwrap();
    for mut client in clients {
        let mut response = String::new();
        client.read_to_string(&mut response).unwrap();
        assert!(response.contains("Post 1"), "{response}");
    }
}
