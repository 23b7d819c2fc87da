//! More connections than the server has descriptors.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::Result;
use crate::client::{Client, Protocol};
use crate::findings::Findings;
use crate::process::{descriptors, wait_for_descriptors};
use crate::raw::Raw;
use crate::target;

const DESCRIPTORS: usize = 100;

const CONNECTIONS: usize = 200;

/// The server retries a failed accept within a second; plus 0.2 s.
const LIMIT: Duration = Duration::from_millis(1_200);

pub(crate) async fn used_up() -> Result<Findings> {
    let target = target::start_with_descriptors(DESCRIPTORS).await?;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        open.push(Raw::connect(&target.address).await?);
    }
    // Long enough for the pause between two attempts to reach its maximum.
    sleep(Duration::from_secs(3)).await;
    let used = descriptors(target.id())?;
    drop(open);
    // The server is idle, so it uses a free descriptor soon.
    let free = wait_for_descriptors(target.id(), LIMIT, |count| count < used).await?;
    let started = Instant::now();
    let mut client = Client::connect(&target.address, Protocol::Http1).await?;
    client.greet().await?;

    let mut findings = Findings::default();
    // An inherited descriptor may be above the limit.
    findings.check("descriptors used", used, DESCRIPTORS..);
    findings.note(format!(
        "the first was free after {:.1?}",
        free.unwrap_or(LIMIT)
    ));
    findings.check("answered after", started.elapsed(), ..LIMIT);
    Ok(findings)
}
