//! `kill -9` of the blog while it writes, again and again on the same file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Result;
use crate::blog::{self, Posts, creation};
use crate::findings::Findings;
use crate::raw::Raw;

const ROUNDS: usize = 50;

const WRITERS: usize = 8;

pub(crate) async fn again_and_again() -> Result<Findings> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("blog.sqlite3");
    let numbers = Arc::new(AtomicU32::new(0));
    let mut acknowledged = Vec::new();
    let mut damaged = 0;
    for _ in 0..ROUNDS {
        let blog = blog::start(&database).await?;
        damaged += usize::from(!is_intact(&database).await?);
        let writers: JoinSet<_> = (0..WRITERS)
            .map(|_| write(blog.address.clone(), Arc::clone(&numbers)))
            .collect();
        sleep(Duration::from_millis(fastrand::u64(30..150))).await;
        blog::kill(blog).await?;
        acknowledged.extend(writers.join_all().await.into_iter().flatten());
    }

    let blog = blog::start(&database).await?;
    damaged += usize::from(!is_intact(&database).await?);
    let posts = Posts::read(&blog).await?;
    let lost = acknowledged
        .iter()
        .filter(|&&number| !posts.contains(number));
    let mut findings = Findings::default();
    findings.note(format!("kills {ROUNDS}"));
    findings.note(format!("posts {}", posts.count()));
    findings.check("acknowledged", acknowledged.len(), ROUNDS..);
    findings.check("acknowledged and not there", lost.count(), ..=0);
    findings.check("not whole, or twice", posts.faults().count(), ..=0);
    findings.check("failed integrity checks", damaged, ..=0);
    Ok(findings)
}

/// Writes until the connection breaks. Returns the numbers of the acknowledged posts.
async fn write(address: String, numbers: Arc<AtomicU32>) -> Vec<u32> {
    let mut acknowledged = Vec::new();
    let Ok(mut raw) = Raw::connect(&address).await else {
        return acknowledged;
    };
    loop {
        let number = numbers.fetch_add(1, Relaxed);
        match raw.ask(creation(number)).await {
            Ok(answer) if answer.status == 201 => acknowledged.push(number),
            Ok(_) => {}
            Err(_) => return acknowledged,
        }
    }
}

/// Checks the file by SQLite's own program instead of the library that wrote it.
async fn is_intact(database: &Path) -> Result<bool> {
    let output = Command::new("sqlite3")
        .arg(database)
        .arg("PRAGMA integrity_check")
        .output()
        .await
        .map_err(|error| format!("sqlite3 cannot be started: {error}"))?;
    Ok(output.stdout.trim_ascii() == b"ok")
}
