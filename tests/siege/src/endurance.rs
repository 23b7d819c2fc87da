//! Very many valid requests: all succeed, and memory does not grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use tokio::task::JoinSet;

use crate::client::{Client, Protocol};
use crate::findings::Findings;
use crate::process::resident;
use crate::{Result, target};

const REQUESTS: u64 = 1_000_000;

const CONNECTIONS: usize = 32;

pub(crate) async fn requests() -> Result<Findings> {
    let count = match std::env::var("SIEGE_REQUESTS") {
        Ok(count) => count.parse()?,
        Err(_) => REQUESTS,
    };
    let mut findings = Findings::default();
    findings.note(format!("requests {count} each"));
    for (name, protocol) in [("HTTP/1", Protocol::Http1), ("HTTP/2", Protocol::Http2)] {
        let started = Instant::now();
        let target = target::start().await?;
        // Keep the same connections: new ones would need memory.
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(&target.address, protocol).await?);
        }
        let clients = ask(clients, count / 10).await?;
        let before = resident(target.id())?;
        drop(ask(clients, count - count / 10).await?);
        let after = resident(target.id())?;

        // In thousandths, to use integers.
        let drift = after.abs_diff(before) * 1000 / before;
        findings.check(&format!("{name} memory drift per mille"), drift, ..50);
        let time = started.elapsed();
        findings.note(format!("{name}: {before} to {after} KiB in {time:.0?}"));
    }
    Ok(findings)
}

/// Distributes the requests among the clients. The first error ends the row.
async fn ask(clients: Vec<Client>, count: u64) -> Result<Vec<Client>> {
    let asked = Arc::new(AtomicU64::new(0));
    let run = |mut client: Client| {
        let asked = Arc::clone(&asked);
        async move {
            while asked.fetch_add(1, Relaxed) < count {
                client.greet().await?;
            }
            Ok(client)
        }
    };
    let clients: JoinSet<_> = clients.into_iter().map(run).collect();
    clients.join_all().await.into_iter().collect()
}
