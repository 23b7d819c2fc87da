//! Bodies over the size limit.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::JoinSet;

use crate::client::{Client, Protocol};
use crate::findings::Findings;
use crate::process::Growth;
use crate::raw::{Answer, Raw};
use crate::{Result, target};

const AT_ONCE: Duration = Duration::from_millis(100);

/// Announces 10 GB and never sends them.
pub(crate) async fn announced() -> Result<Findings> {
    let target = target::start().await?;
    let mut findings = Findings::default();
    for (name, expect) in [
        ("plain", ""),
        ("expecting to continue", "Expect: 100-continue\r\n"),
    ] {
        let head = head("/body", &format!("{expect}Content-Length: 10000000000"));
        let mut raw = Raw::connect(&target.address).await?;
        let started = Instant::now();
        let answer = raw.ask(head).await?;
        findings.check(
            &format!("{name}: answered after"),
            started.elapsed(),
            ..AT_ONCE,
        );
        // A 100 would be the first response.
        findings.check(&format!("{name}: status"), answer.status, 413..=413);
    }
    Ok(findings)
}

/// Sends 3 MB, and gzip bombs of 1 GiB.
pub(crate) async fn sent() -> Result<Findings> {
    let bomb = tokio::task::spawn_blocking(bomb).await??;
    let target = target::start().await?;
    let address = &target.address;
    Client::connect(address, Protocol::Http1)
        .await?
        .greet()
        .await?;
    let growth = Growth::from_now(target.id())?;

    let three = vec![b'x'; 3_000_000];
    let by_length = format!("Content-Length: {}", three.len());
    let by_length = [head("/body", &by_length).as_bytes(), &three].concat();
    let size = format!("{:x}\r\n", three.len());
    let chunked = head("/body", "Transfer-Encoding: chunked") + &size;
    let chunked = [chunked.as_bytes(), &three, b"\r\n0\r\n\r\n"].concat();
    let gzip = format!("Content-Encoding: gzip\r\nContent-Length: {}", bomb.len());
    let bomb = [head("/unzip", &gzip).as_bytes(), &bomb].concat();

    let mut findings = Findings::default();
    let sizes = [
        ("by length", by_length, 1),
        ("chunked", chunked, 1),
        ("gzip bomb", bomb, 8),
    ];
    for (name, request, times) in sizes {
        let clients: JoinSet<_> = (0..times)
            .map(|_| send(address.clone(), request.clone()))
            .collect();
        for answer in clients.join_all().await {
            findings.check(name, answer?.status, 413..=413);
        }
        findings.note(format!("memory + {} KiB", growth.at_most()?));
    }
    findings.check("memory growth in KiB", growth.at_most()?, ..10_000);
    Ok(findings)
}

/// Sends the whole request before reading, as most clients do.
async fn send(address: String, request: Vec<u8>) -> Result<Answer> {
    let mut raw = Raw::connect(&address).await?;
    Ok(raw.ask(request).await?)
}

/// Head of a request with additional lines.
fn head(path: &str, lines: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n")
}

/// A compressed gibibyte of zeros.
fn bomb() -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mebibyte = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&mebibyte)?;
    }
    Ok(encoder.finish()?)
}
