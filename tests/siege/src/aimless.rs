//! HTTP/2 clients that reply to pings and send no request.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Result;
use crate::deaf::hold_http2;
use crate::findings::Findings;
use crate::{frames, raw, target};

const CLIENTS: usize = 20;

/// The idle timeout, plus a second for the clock's ticks, a second after the GOAWAY, and a margin.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) async fn clients() -> Result<Findings> {
    let mut findings = Findings::default();
    let target = target::start().await?;
    let started = Instant::now();
    let mut held = JoinSet::new();
    for _ in 0..CLIENTS {
        let stream = raw::connect(&target.address).await?;
        // The end of the connection is an error, too.
        held.spawn(timeout(LIMIT, hold_http2(stream, frames::opening())));
    }
    let ends = held.join_all().await;
    let open = ends.iter().filter(|end| end.is_err()).count();
    findings.check(&format!("of {CLIENTS} open after {LIMIT:?}"), open, ..=0);
    findings.note(format!("the last closed after {:.1?}", started.elapsed()));
    Ok(findings)
}
