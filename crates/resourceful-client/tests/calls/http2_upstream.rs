//! An upstream over HTTP/2 and TLS that can misbehave.
//!
//! It writes its frames by hand (RFC 9113), because a library would not misbehave.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use resourceful_client::{Client, ClientBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

const FOLDER: &str = "RESOURCEFUL_TEST_CERTIFICATE";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const REFUSED_STREAM: u32 = 7;
/// `:status: 200` by the static table of RFC 7541, then `content-length: 1073741824` with its name
/// by that table (28).
const OK_GIGABYTE: &[u8] = b"\x88\x0f\x0d\x0a1073741824";

/// Runs `test`, which is called `name`, in a separate process that trusts the upstream's
/// certificate. The roots of the system are read from `SSL_CERT_FILE`, and a process cannot
/// safely change its own environment.
pub(crate) fn trusting<F: Future<Output = ()>>(name: &str, test: F) {
    if env::var_os(FOLDER).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        return runtime.unwrap().block_on(test);
    }
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = folder.path().join("certificate.pem");
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(
        folder.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .env("SSL_CERT_FILE", certificate)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let result = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    // With an unknown name the process would run no test and succeed.
    let passed = output.status.success() && result.contains("1 passed");
    assert!(passed, "{name}: {result}\n{errors}");
}

/// The behaviour of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Connection {
    /// Responds to every request with `1`.
    Answers,
    /// Responds to this many requests with `1`, then sends no frame, not even for a PING. The kernel
    /// still acknowledges the client's bytes.
    SilentAfter(usize),
    /// Resets every stream with `REFUSED_STREAM`.
    Refuses,
    /// Responds to the first request with a GOAWAY that marks it as unprocessed.
    GoesAway,
    /// Responds to every request with the head of a gigabyte response.
    AnswersHead,
}

/// A server on a free loopback port. It ends with its test.
pub(crate) struct Http2Upstream {
    url: String,
    counts: Arc<Counts>,
}

struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
    closed: Semaphore,
}

impl Http2Upstream {
    /// Connections behave as the entries of `connections`; the last entry is for all later ones.
    pub(crate) async fn start<const N: usize>(connections: [Connection; N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counts = Arc::new(Counts {
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            closed: Semaphore::new(0),
        });
        tokio::spawn(accept(listener, connections.into(), Arc::clone(&counts)));
        Self {
            url: format!("https://localhost:{port}"),
            counts,
        }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder(&self.url)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// Waits until a client has closed a connection.
    pub(crate) async fn connection_closed(&self) {
        self.counts.closed.acquire().await.unwrap().forget();
    }
}

async fn accept(listener: TcpListener, mut behaviours: VecDeque<Connection>, counts: Arc<Counts>) {
    let tls = acceptor();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        counts.connections.fetch_add(1, Ordering::SeqCst);
        let behaviour = match behaviours.len() {
            1 => behaviours[0],
            _ => behaviours.pop_front().unwrap(),
        };
        let (tls, counts) = (tls.clone(), Arc::clone(&counts));
        tokio::spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                // A client may disconnect at any time.
                let _ = serve(stream, behaviour, &counts).await;
            }
            counts.closed.add_permits(1);
        });
    }
}

fn acceptor() -> TlsAcceptor {
    let folder = env::var_os(FOLDER).unwrap();
    let folder = Path::new(&folder);
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(
    mut stream: TlsStream<TcpStream>,
    behaviour: Connection,
    counts: &Counts,
) -> std::io::Result<()> {
    let mut responses = 0;
    if matches!(behaviour, Connection::SilentAfter(0)) {
        return read_until_closed(stream).await;
    }
    stream.read_exact(&mut [0; 24]).await?;
    send(&mut stream, SETTINGS, 0, 0, &[]).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = usize::from_be_bytes([0, 0, 0, 0, 0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        let (kind, flags) = (head[3], head[4]);
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if kind == HEADERS {
            counts.requests.fetch_add(1, Ordering::SeqCst);
        }
        match (kind, behaviour) {
            (SETTINGS | PING, _) if flags & ACK == 0 => {
                let echo = if kind == PING { &payload[..] } else { &[] };
                send(&mut stream, kind, ACK, 0, echo).await?;
            }
            (HEADERS, Connection::Refuses) => {
                let code = REFUSED_STREAM.to_be_bytes();
                send(&mut stream, RST_STREAM, 0, id, &code).await?;
            }
            // Last stream id 0, error code NO_ERROR.
            (HEADERS, Connection::GoesAway) => send(&mut stream, GOAWAY, 0, 0, &[0; 8]).await?,
            (HEADERS, Connection::AnswersHead) => {
                let flags = END_HEADERS | END_STREAM;
                send(&mut stream, HEADERS, flags, id, OK_GIGABYTE).await?;
            }
            (HEADERS | DATA, Connection::Answers | Connection::SilentAfter(_))
                if flags & END_STREAM != 0 =>
            {
                send(&mut stream, HEADERS, END_HEADERS, id, &OK_GIGABYTE[..1]).await?;
                send(&mut stream, DATA, END_STREAM, id, b"1").await?;
                responses += 1;
            }
            _ => {}
        }
        if matches!(behaviour, Connection::SilentAfter(limit) if limit == responses) {
            return read_until_closed(stream).await;
        }
    }
}

async fn read_until_closed(mut stream: TlsStream<TcpStream>) -> std::io::Result<()> {
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn send(
    stream: &mut TlsStream<TcpStream>,
    kind: u8,
    flags: u8,
    id: u32,
    payload: &[u8],
) -> std::io::Result<()> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    stream.write_all(&frame).await?;
    stream.flush().await
}
