//! Connections that stay open and do not carry what they should.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use resourceful_cache::{Cache, Redis};
use resourceful_test_parts::Redis as Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::redis_away::until_it_is_back;

#[derive(Clone, Copy, Debug)]
enum Fault {
    Silent,
    HalfReply,
    /// 500 MB are announced, and sent as fast as they are taken.
    LongReply,
    EndlessLine,
    NoReply,
}

/// A Redis server behind a proxy, some of whose connections are bad.
struct Proxy {
    server: Server,
    url: String,
    /// All connections up to this one have the fault.
    faults: watch::Sender<(usize, Fault)>,
    traffic: Arc<Traffic>,
}

#[derive(Default)]
struct Traffic {
    accepted: AtomicUsize,
    closed: AtomicUsize,
    /// Bytes that a fault sent.
    flooded: AtomicUsize,
}

impl Proxy {
    async fn start() -> Self {
        let server = Server::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (faults, seen) = watch::channel((0, Fault::Silent));
        let traffic = Arc::<Traffic>::default();
        let target = server.url().replace("redis://", "");
        tokio::spawn({
            let traffic = Arc::clone(&traffic);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let number = traffic.accepted.fetch_add(1, Ordering::SeqCst) + 1;
                    let (seen, traffic) = (seen.clone(), Arc::clone(&traffic));
                    let server = TcpStream::connect(&target).await.unwrap();
                    tokio::spawn(async move {
                        let (mut client_in, client_out) = client.into_split();
                        let (server_in, mut server_out) = server.into_split();
                        tokio::select! {
                            _ = tokio::io::copy(&mut client_in, &mut server_out) => {}
                            () = answer(server_in, client_out, number, seen, &traffic) => {}
                        }
                        traffic.closed.fetch_add(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Self {
            server,
            url,
            faults,
            traffic,
        }
    }

    fn accepted(&self) -> usize {
        self.traffic.accepted.load(Ordering::SeqCst)
    }

    /// From now on the connections that are there have the fault.
    fn spoil(&self, fault: Fault) {
        self.faults.send_replace((self.accepted(), fault));
    }

    /// From now on all connections are silent, new ones too.
    fn spoil_all(&self) {
        self.faults.send_replace((usize::MAX, Fault::Silent));
    }
}

/// Hands on what the server answers, until the connection has a fault.
async fn answer(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    number: usize,
    faults: watch::Receiver<(usize, Fault)>,
    traffic: &Traffic,
) {
    let mut buffer = vec![0; 64 * 1024];
    let fault = loop {
        let length = server.read(&mut buffer).await.unwrap_or(0);
        if length == 0 {
            return;
        }
        let (last, fault) = *faults.borrow();
        if number > last {
            if client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        } else if let Fault::HalfReply = fault {
            let _ = client.write_all(&buffer[..length / 2]).await;
            break fault;
        } else {
            break fault;
        }
    };
    let begin: &[u8] = match fault {
        Fault::Silent | Fault::HalfReply => std::future::pending().await,
        Fault::LongReply => b"$500000000\r\n",
        Fault::EndlessLine => b"+",
        Fault::NoReply => b"HTTP/1.1 400 Bad Request\r\n\r\n",
    };
    let _ = client.write_all(begin).await;
    if let Fault::NoReply = fault {
        std::future::pending::<()>().await;
    }
    buffer.fill(b'x');
    for _ in 0..500_000_000 / buffer.len() {
        let Ok(length) = client.write(&buffer).await else {
            break;
        };
        traffic.flooded.fetch_add(length, Ordering::SeqCst);
    }
}

async fn a_connection_with_this_fault_is_replaced(fault: Fault) {
    let proxy = Proxy::start().await;
    let cache = Cache::new(Redis::new(&proxy.url).unwrap(), "test", 1);
    until_it_is_back(&cache).await;
    let before = proxy.accepted();
    proxy.spoil(fault);
    until_it_is_back(&cache).await;
    assert!(proxy.accepted() > before);
    // The bad one is not kept beside the new one.
    let deadline = Instant::now() + Duration::from_secs(5);
    while proxy.traffic.closed.load(Ordering::SeqCst) < before {
        assert!(Instant::now() < deadline, "the old connection stays");
        tokio::task::yield_now().await;
    }
    // What the system's buffers hold, and no more.
    let flooded = proxy.traffic.flooded.load(Ordering::SeqCst);
    assert!(flooded < 20_000_000, "{flooded}");
}

#[tokio::test]
async fn a_silent_connection_is_replaced() {
    a_connection_with_this_fault_is_replaced(Fault::Silent).await;
}

#[tokio::test]
async fn a_connection_with_half_a_reply_is_replaced() {
    a_connection_with_this_fault_is_replaced(Fault::HalfReply).await;
}

#[tokio::test]
async fn a_long_reply_is_not_read() {
    a_connection_with_this_fault_is_replaced(Fault::LongReply).await;
}

#[tokio::test]
async fn an_endless_line_is_not_read() {
    a_connection_with_this_fault_is_replaced(Fault::EndlessLine).await;
}

#[tokio::test]
async fn a_connection_to_something_else_is_replaced() {
    a_connection_with_this_fault_is_replaced(Fault::NoReply).await;
}

/// New connections are silent before anything is asked, too.
#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_used_again_when_it_answers() {
    let proxy = Proxy::start().await;
    proxy.spoil_all();
    let cache = Cache::new(Redis::new(&proxy.url).unwrap(), "test", 1);
    for _ in 0..5 {
        assert_eq!(cache.get::<i32>("a").await, None);
    }
    proxy.spoil(Fault::Silent);
    until_it_is_back(&cache).await;
}

/// As servers and proxies do with connections that are idle: nothing is lost by that.
#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_at_once() {
    let proxy = Proxy::start().await;
    let cache = Cache::new(Redis::new(&proxy.url).unwrap(), "test", 1);
    let mut times = Vec::new();
    // A busy machine may have slow moments of its own.
    for _ in 0..5 {
        until_it_is_back(&cache).await;
        let closed = proxy.traffic.closed.load(Ordering::SeqCst);
        crate::redis_cli(&proxy.server, &["CLIENT", "KILL", "TYPE", "normal"]);
        while proxy.traffic.closed.load(Ordering::SeqCst) == closed {
            tokio::task::yield_now().await;
        }
        let started = Instant::now();
        until_it_is_back(&cache).await;
        times.push(started.elapsed());
        if started.elapsed() < Duration::from_millis(500) {
            return;
        }
    }
    panic!("{times:?}");
}
