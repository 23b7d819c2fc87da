//! Connections that hang: they stay open and carry no response.

use std::time::{Duration, Instant};

use resourceful_client::Client;
use resourceful_test_parts::{Behaviour, Upstream};
use socket2::{Domain, Socket, Type};

use crate::client;
use crate::http2_upstream::Connection::{Answers, SilentAfter};
use crate::http2_upstream::{Http2Upstream, trusting};

#[test]
fn an_http2_connection_that_hangs_is_closed() {
    trusting(
        "hanging_connections::an_http2_connection_that_hangs_is_closed",
        async {
            // From the first request on, or after one response.
            for responses in [0, 1] {
                let upstream = Http2Upstream::start([SilentAfter(responses), Answers]).await;
                let builder = upstream.builder().timeout(Duration::from_secs(1));
                let client = builder.build().unwrap();
                for _ in 0..responses {
                    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
                }
                let started = Instant::now();
                while let Err(error) = client.get("/").fetch::<i64>().await {
                    assert!(error.is_timeout(), "{error:?}");
                    let time = started.elapsed();
                    assert!(time < Duration::from_secs(7), "{time:?}");
                }
                assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
                assert_eq!(upstream.connections(), 2);
            }
        },
    );
}

#[test]
fn a_safe_call_on_a_hanging_connection_is_retried() {
    const NAME: &str = "hanging_connections::a_safe_call_on_a_hanging_connection_is_retried";
    trusting(NAME, async {
        let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
        let client = upstream.client();
        client.get("/").send().await.unwrap();
        let call = client.get("/").timeout(Duration::from_secs(10));
        assert_eq!(call.fetch::<i64>().await.unwrap(), 1);
        assert_eq!(upstream.connections(), 2);

        // An unsafe call that may have been processed is not retried.
        let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
        let client = upstream.client();
        client.get("/").send().await.unwrap();
        let error = client.post("/").json(&1).send().await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
        assert_eq!((upstream.connections(), upstream.requests()), (2, 2));
    });
}

#[test]
fn an_idle_connection_that_hangs_is_closed() {
    trusting(
        "hanging_connections::an_idle_connection_that_hangs_is_closed",
        async {
            let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
            let client = upstream.client();
            client.get("/").send().await.unwrap();
            let closed = tokio::time::timeout(Duration::from_secs(7), upstream.connection_closed());
            closed.await.unwrap();
            let started = Instant::now();
            assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
            assert!(started.elapsed() < Duration::from_secs(1));
            assert_eq!(upstream.connections(), 2);
        },
    );
}

#[test]
fn many_calls_survive_a_shared_hanging_connection() {
    trusting(
        "hanging_connections::many_calls_survive_a_shared_hanging_connection",
        async {
            let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
            let builder = upstream.builder().timeout(Duration::from_secs(30));
            let client = builder.build().unwrap();
            client.get("/").send().await.unwrap();
            let calls = (0..100).map(|_| client.get("/").fetch::<i64>());
            for result in resourceful::gather(100, calls).await {
                assert_eq!(result.unwrap(), 1);
            }
        },
    );
}

#[tokio::test]
async fn an_http1_connection_that_timed_out_is_not_used_again() {
    let upstream = Upstream::start();
    let late = Box::new(Behaviour::Json("1".to_owned()));
    upstream.on(
        "/late",
        Behaviour::Delayed(Duration::from_millis(600), late),
    );
    upstream.json("/", "2");
    let client = client(&upstream);
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 2);
    let short = client.get("/late").timeout(Duration::from_millis(300));
    assert!(short.send().await.unwrap_err().is_timeout());
    // On the same connection this call would read the late response.
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 2);
}

#[tokio::test]
async fn a_hanging_connect_ends_by_the_connect_timeout() {
    // Neither server accepts: TLS gets no reply, and TCP gets none while the queue is full.
    let queue = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    queue.bind(&any.into()).unwrap();
    queue.listen(0).unwrap();
    let full = queue.local_addr().unwrap().as_socket().unwrap();
    let _first = std::net::TcpStream::connect(full).unwrap();
    let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for base in [
        format!("http://{full}"),
        format!("https://{}", open.local_addr().unwrap()),
    ] {
        let client = Client::builder(&base)
            .connect_timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let started = Instant::now();
        let calls = (0..50).map(|_| client.get("/").send());
        for result in resourceful::gather(50, calls).await {
            let error = result.unwrap_err();
            assert_eq!(error.status(), 504, "{base}: {error:?}");
        }
        let time = started.elapsed();
        assert!(time < Duration::from_secs(3), "{base}: {time:?}");
    }
}
