//! Clients that write to the blog and disconnect at a random moment.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Result;
use crate::blog::{Posts, creation, start};
use crate::findings::Findings;
use crate::process::terminate;
use crate::raw::Raw;

const CLIENTS: u32 = 1_000;

/// Concurrent clients, so many that some wait for the database.
const AT_ONCE: usize = 64;

/// A third disconnects within this time, while it waits for the response.
const HASTE: Duration = Duration::from_millis(50);

/// A third waits for the response.
const PATIENCE: Duration = Duration::from_secs(10);

/// Knowledge of a client about its post when it disconnects.
#[derive(PartialEq, Eq)]
enum Known {
    /// It sent a part of the request: the post must not exist.
    Absent,
    /// It read the 201: the post must exist.
    Present,
    Neither,
}

pub(crate) async fn clients() -> Result<Findings> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("blog.sqlite3");
    let blog = start(&database).await?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let clients: JoinSet<_> = (0..CLIENTS)
        .map(|number| {
            let (address, places) = (blog.address.clone(), Arc::clone(&places));
            async move {
                let _place = places.acquire().await;
                Ok((number, write_and_go(&address, number).await?))
            }
        })
        .collect();
    let known = clients.join_all().await.into_iter();
    let known = known.collect::<io::Result<Vec<_>>>()?;

    let mut findings = Findings::default();
    let mut raw = Raw::connect(&blog.address).await?;
    let status = raw.ask(creation(CLIENTS)).await?.status;
    findings.check("an honest client afterwards", status, 201..=201);
    drop(raw);
    // The shutdown waits for running writes, so none happens while the posts are read.
    let end = terminate(blog, Duration::from_secs(11)).await?;
    if !end.is_some_and(|end| end.is_success) {
        findings.fault("the blog did not stop well");
    }
    let blog = start(&database).await?;
    let posts = Posts::read(&blog).await?;
    let count = |which: Known, is_there: bool| {
        let all = known.iter().filter(|(_, known)| *known == which);
        all.filter(|(number, _)| posts.contains(*number) == is_there)
            .count()
    };
    findings.note(format!("posts {} of {CLIENTS}", posts.count() - 1));
    findings.note(format!("acknowledged {}", count(Known::Present, true)));
    let written = count(Known::Neither, true);
    let waited = written + count(Known::Neither, false);
    findings.note(format!(
        "cut off while waiting {waited}, of these written {written}"
    ));
    let lost = count(Known::Present, false);
    let invented = count(Known::Absent, true);
    findings.check("acknowledged and not there", lost, ..=0);
    findings.check("there without a whole request", invented, ..=0);
    findings.check("not whole, or twice", posts.faults().count(), ..=0);
    posts.faults().for_each(|fault| findings.fault(fault));
    Ok(findings)
}

async fn write_and_go(address: &str, number: u32) -> io::Result<Known> {
    let mut raw = Raw::connect(address).await?;
    let request = creation(number);
    let whole = request.len();
    let (bytes, wait) = match number % 3 {
        0 => (fastrand::usize(1..whole), Duration::ZERO),
        1 => (whole, HASTE.mul_f64(fastrand::f64())),
        _ => (whole, PATIENCE),
    };
    raw.send(&request[..bytes]).await?;
    let answer = timeout(wait, raw.answer()).await;
    if fastrand::bool() {
        raw.reset()?;
    }
    Ok(match answer {
        Ok(Ok(Some(answer))) if answer.status == 201 => Known::Present,
        _ if bytes < whole => Known::Absent,
        _ => Known::Neither,
    })
}
