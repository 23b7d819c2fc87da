//! Connections that stay open but carry no valid replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use resourceful_cache::{Cache, Redis};
use resourceful_test_parts::Redis as Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::redis_unavailable::until_available;

#[derive(Clone, Copy, Debug)]
enum Fault {
    Silent,
    HalfReply,
    /// Announces 500 MB and sends them as fast as the client reads.
    LongReply,
    EndlessLine,
    NoReply,
}

/// A Redis server behind a proxy with faulty connections.
struct Proxy {
    server: Server,
    url: String,
    /// Connections up to this number have the fault.
    faults: watch::Sender<(usize, Fault)>,
    traffic: Arc<Traffic>,
}

#[derive(Default)]
struct Traffic {
    accepted: AtomicUsize,
    closed: AtomicUsize,
    /// Bytes sent by a fault.
    flooded: AtomicUsize,
}

impl Proxy {
    async fn start() -> Self {
        let server = Server::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (faults, fault_watch) = watch::channel((0, Fault::Silent));
        let traffic = Arc::<Traffic>::default();
        let target = server.url().replace("redis://", "");
        tokio::spawn({
            let traffic = Arc::clone(&traffic);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let number = traffic.accepted.fetch_add(1, Ordering::SeqCst) + 1;
                    let (fault_watch, traffic) = (fault_watch.clone(), Arc::clone(&traffic));
                    let server = TcpStream::connect(&target).await.unwrap();
                    tokio::spawn(async move {
                        let (mut client_in, client_out) = client.into_split();
                        let (server_in, mut server_out) = server.into_split();
                        tokio::select! {
                            _ = tokio::io::copy(&mut client_in, &mut server_out) => {}
                            () = forward_replies(server_in, client_out, number, fault_watch, &traffic) => {}
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

    /// Gives the existing connections the fault.
    fn break_existing(&self, fault: Fault) {
        self.faults.send_replace((self.accepted(), fault));
    }

    /// Makes all connections silent, new ones too.
    fn silence_all(&self) {
        self.faults.send_replace((usize::MAX, Fault::Silent));
    }
}

/// Forwards the server's replies until the connection has a fault.
async fn forward_replies(
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
    until_available(&cache).await;
    let before = proxy.accepted();
    proxy.break_existing(fault);
    until_available(&cache).await;
    assert!(proxy.accepted() > before);
    // The store closes the faulty connection.
    let deadline = Instant::now() + Duration::from_secs(5);
    while proxy.traffic.closed.load(Ordering::SeqCst) < before {
        assert!(Instant::now() < deadline, "the old connection stays");
        tokio::task::yield_now().await;
    }
    // No more than the system's buffers hold.
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

/// New connections are silent from the start.
#[tokio::test]
async fn a_silent_server_is_used_again_when_it_replies() {
    let proxy = Proxy::start().await;
    proxy.silence_all();
    let cache = Cache::new(Redis::new(&proxy.url).unwrap(), "test", 1);
    for _ in 0..5 {
        assert_eq!(cache.get::<i32>("a").await, None);
    }
    proxy.break_existing(Fault::Silent);
    until_available(&cache).await;
}

/// Servers and proxies close idle connections; the cache then reconnects.
#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_at_once() {
    let proxy = Proxy::start().await;
    let cache = Cache::new(Redis::new(&proxy.url).unwrap(), "test", 1);
    let mut times = Vec::new();
    // Several attempts, because a busy machine may be slow.
    for _ in 0..5 {
        until_available(&cache).await;
        let closed = proxy.traffic.closed.load(Ordering::SeqCst);
        crate::redis_cli(&proxy.server, &["CLIENT", "KILL", "TYPE", "normal"]);
        while proxy.traffic.closed.load(Ordering::SeqCst) == closed {
            tokio::task::yield_now().await;
        }
        let started = Instant::now();
        until_available(&cache).await;
        times.push(started.elapsed());
        if started.elapsed() < Duration::from_millis(500) {
            return;
        }
    }
    panic!("{times:?}");
}
