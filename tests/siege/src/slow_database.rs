//! Five thousand clients of the blog, whose PostgreSQL server answers after ten seconds.

use std::time::{Duration, Instant};

use resourceful_test_parts::Postgres;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::Result;
use crate::blog::{self, creation};
use crate::findings::Findings;
use crate::process::{Growth, resident};
use crate::raw::Raw;

const CLIENTS: u64 = 5_000;
/// Those for which the application has no place by default: 2,000 run, and 1,000 wait.
const BEYOND: u64 = CLIENTS - 3_000;
const PAUSE: Duration = Duration::from_secs(10);

const LIST: &str = "GET /api/post-list/ HTTP/1.1\r\nHost: x\r\n\r\n";

pub(crate) async fn paused() -> Result<Findings> {
    let mut findings = Findings::default();
    let server = spawn_blocking(Postgres::start).await?;
    let blog = blog::start_on(server.url()).await?;
    let mut writer = Raw::connect(&blog.address).await?;
    for number in 0..20 {
        let status = writer.ask(creation(number)).await?.status;
        if status != 201 {
            return Err(format!("a new post is {status}").into());
        }
    }
    // The memory of the connections is not that of the requests that wait.
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Raw::connect(&blog.address).await?;
        client.ask(LIST).await?;
        clients.push(client);
    }
    findings.note(format!("before {} KiB", resident(blog.id())?));
    let growth = Growth::from_now(blog.id())?;

    server.pause();
    let begun = Instant::now();
    let requests: JoinSet<_> = clients
        .into_iter()
        .map(|client| list(client, begun))
        .collect();
    sleep(PAUSE).await;
    server.resume();
    let resumed = Instant::now();
    while Raw::connect(&blog.address).await?.ask(LIST).await?.status != 200 {
        sleep(Duration::from_millis(10)).await;
    }
    findings.check(
        "s until it is healthy",
        resumed.elapsed().as_secs_f64(),
        ..=1.0,
    );

    let (mut good, mut unavailable, mut at_once) = (0, 0, 0);
    for outcome in requests.join_all().await {
        match outcome? {
            (200, _) => good += 1,
            (503, time) => {
                unavailable += 1;
                at_once += u64::from(time < Duration::from_secs(2));
            }
            (status, _) => findings.fault(format!("status {status}")),
        }
    }
    findings.note(format!("200: {good}, 503: {unavailable}"));
    findings.check("refused within 2 s", at_once, BEYOND..);
    let per_request = growth.at_most()? / (CLIENTS - BEYOND);
    findings.check(
        "KiB for each request that ran or waited",
        per_request,
        ..=16,
    );
    Ok(findings)
}

/// The status of a list, and the time to it.
async fn list(mut client: Raw, begun: Instant) -> Result<(u16, Duration)> {
    let status = client.ask(LIST).await?.status;
    Ok((status, begun.elapsed()))
}
