//! Connections that hang: nothing is closed, and nothing is answered.

use std::time::{Duration, Instant};

use resourceful_client::Client;
use resourceful_test_parts::{Behaviour, Upstream};
use socket2::{Domain, Socket, Type};

use crate::client;
use crate::http2_upstream::Connection::{Answers, SilentAfter};
use crate::http2_upstream::{Http2Upstream, trusting};

#[test]
fn an_http2_connection_that_hangs_is_given_up() {
    trusting("hangs::an_http2_connection_that_hangs_is_given_up", async {
        // From its first byte on, or later.
        for answers in [0, 1] {
            let upstream = Http2Upstream::start([SilentAfter(answers), Answers]).await;
            let impatient = upstream.builder().timeout(Duration::from_secs(1));
            let client = impatient.build().unwrap();
            for _ in 0..answers {
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
    });
}

#[test]
fn a_safe_call_is_made_again_in_its_time_when_its_connection_hangs() {
    const NAME: &str = "hangs::a_safe_call_is_made_again_in_its_time_when_its_connection_hangs";
    trusting(NAME, async {
        let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
        let client = upstream.client();
        client.get("/").send().await.unwrap();
        let call = client.get("/").timeout(Duration::from_secs(10));
        assert_eq!(call.fetch::<i64>().await.unwrap(), 1);
        assert_eq!(upstream.connections(), 2);

        // A call that may have been done is not made twice.
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
fn an_idle_connection_that_hangs_is_given_up() {
    trusting("hangs::an_idle_connection_that_hangs_is_given_up", async {
        let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
        let client = upstream.client();
        client.get("/").send().await.unwrap();
        let closed = tokio::time::timeout(Duration::from_secs(7), upstream.connection_closed());
        closed.await.unwrap();
        let started = Instant::now();
        assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(upstream.connections(), 2);
    });
}

#[test]
fn many_calls_outlive_the_connection_that_they_share() {
    trusting(
        "hangs::many_calls_outlive_the_connection_that_they_share",
        async {
            let upstream = Http2Upstream::start([SilentAfter(1), Answers]).await;
            let patient = upstream.builder().timeout(Duration::from_secs(30));
            let client = patient.build().unwrap();
            client.get("/").send().await.unwrap();
            let calls = (0..100).map(|_| client.get("/").fetch::<i64>());
            for outcome in resourceful::gather(100, calls).await {
                assert_eq!(outcome.unwrap(), 1);
            }
        },
    );
}

#[tokio::test]
async fn an_http1_connection_that_timed_out_is_not_used_again() {
    let upstream = Upstream::start();
    let late = Box::new(Behaviour::Json("1".to_owned()));
    upstream.on("/late", Behaviour::After(Duration::from_millis(600), late));
    upstream.json("/", "2");
    let client = client(&upstream);
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 2);
    let short = client.get("/late").timeout(Duration::from_millis(300));
    assert!(short.send().await.unwrap_err().is_timeout());
    // On the same connection this call would read the late answer.
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 2);
}

#[tokio::test]
async fn a_connect_that_hangs_ends_by_its_own_limit() {
    // Nobody accepts: TLS gets no answer, and TCP gets none where the queue is full.
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
        for outcome in resourceful::gather(50, calls).await {
            let error = outcome.unwrap_err();
            assert_eq!(error.status(), 504, "{base}: {error:?}");
        }
        let time = started.elapsed();
        assert!(time < Duration::from_secs(3), "{base}: {time:?}");
    }
}
