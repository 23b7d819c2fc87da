//! Idle connections after one response.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{Client, Protocol};
use crate::findings::Findings;
use crate::process::{most_descriptors, resident};
use crate::raw::Raw;
use crate::{Result, target};

/// Maximum number of connections of the default server.
const CONNECTIONS: usize = 10_000;

/// Other descriptors of both processes.
const SPARE: usize = 64;

/// The idle timeout and two seconds.
const LIMIT: Duration = Duration::from_secs(17);

pub(crate) async fn connections() -> Result<Findings> {
    let count = CONNECTIONS.min(most_descriptors().saturating_sub(SPARE));
    let target = target::start().await?;
    warm_up(&target.address).await?;
    let before = resident(target.id())?;

    let (answered, mut all_answered) = mpsc::channel::<()>(1);
    let clients: JoinSet<_> = (0..count)
        .map(|_| stay(target.address.clone(), answered.clone()))
        .collect();
    drop(answered);
    // No message is sent: the channel closes when the last client has its response.
    all_answered.recv().await;
    let each = resident(target.id())?.saturating_sub(before) * 1024 / count as u64;
    let ends = clients.join_all().await.into_iter();
    let ends = ends.collect::<Result<Vec<_>>>()?;

    let mut findings = Findings::default();
    findings.note(format!("connections {count}"));
    findings.check("bytes each", each, ..=12 * 1024);
    let stayed = ends.iter().filter(|end| end.is_none()).count();
    findings.check("not closed in time", stayed, ..=0);
    let last = ends.iter().flatten().max().copied().unwrap_or_default();
    findings.note(format!("the last closed after {last:.1?}"));
    Ok(findings)
}

/// Warms up the server, so that its one-time allocations are not counted.
async fn warm_up(address: &str) -> Result<()> {
    let mut client = Client::connect(address, Protocol::Http1).await?;
    for _ in 0..1_000 {
        client.greet().await?;
    }
    Ok(())
}

/// Time that the connection was kept after its response, if it was closed in time.
async fn stay(address: String, answered: mpsc::Sender<()>) -> Result<Option<Duration>> {
    let mut raw = Raw::connect(&address).await?;
    raw.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    drop(answered);
    let started = Instant::now();
    let end = timeout(LIMIT, raw.rest()).await;
    Ok(end.is_ok().then(|| started.elapsed()))
}
