//! Heads at one byte per second.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::Result;
use crate::client::Protocol;
use crate::findings::Findings;
use crate::honest::Honest;
use crate::raw::Raw;
use crate::target;

const CLIENTS: usize = 2_000;

/// Twelve seconds, plus the resolution of a clock that ticks once a second.
const LIMIT: Duration = Duration::from_millis(13_500);

pub(crate) async fn heads() -> Result<Findings> {
    let target = target::start().await?;
    let honest = Honest::start(&target.address, &[Protocol::Http1; 4]);
    let clients: JoinSet<_> = (0..CLIENTS)
        .map(|number| drip(target.address.clone(), number))
        .collect();
    let mut alive = 0;
    let mut last = Duration::ZERO;
    for lived in clients.join_all().await {
        match lived? {
            Some(lived) => last = last.max(lived),
            None => alive += 1,
        }
    }
    let mut tally = honest.stop().await;

    let mut findings = Findings::default();
    findings.note(format!("clients {CLIENTS}"));
    findings.check("alive at the limit", alive, ..=0);
    findings.check("the last closed after", last, ..=LIMIT);
    tally.check_errors(&mut findings);
    tally.check_p99(&mut findings, Duration::from_millis(50));
    Ok(findings)
}

/// Lifetime of the connection; `None` at the limit.
async fn drip(address: String, number: usize) -> io::Result<Option<Duration>> {
    // Every second client begins like HTTP/2: the protocol is known after twelve bytes.
    let head = ["GET / HTTP/1.1\r\nHost: ", "PRI * HTTP/1.1\r\nHost: "][number % 2];
    let mut raw = Raw::connect(&address).await?;
    let connected = Instant::now();
    let mut seconds = interval(Duration::from_secs(1));
    for byte in head.bytes() {
        seconds.tick().await;
        // A write after the end fails; the read below sees the end.
        let _ = raw.send([byte]).await;
        if timeout(Duration::from_millis(900), raw.rest())
            .await
            .is_ok()
        {
            return Ok(Some(connected.elapsed()));
        }
        if connected.elapsed() > LIMIT {
            break;
        }
    }
    Ok(None)
}
