//! A client that starts a thousand changes and disconnects, and another that makes one change.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::findings::Findings;
use crate::frames::{END_HEADERS, END_STREAM, Frame, HEADERS, Method, header_block, opening};
use crate::raw::{self, Raw};
use crate::target;

const CONNECTIONS: u32 = 11;
const REQUESTS: u32 = 100;

/// Address of the other client.
const OTHER: [u8; 4] = [127, 0, 0, 2];

const WORK: &str = "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) async fn requests() -> Result<Findings> {
    let mut findings = Findings::default();
    let target = target::start().await?;
    let mut other = Raw::connect_from(OTHER, &target.address).await?;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = raw::connect(&target.address).await?;
        stream.write_all(&begin()).await?;
        held.push(stream);
    }
    let begun = CONNECTIONS * REQUESTS;
    wait_until(&mut other, |(now, _)| now == begun).await?;
    drop(held);
    let mut again = Raw::connect(&target.address).await?;
    let refused = wait_until_refused(&mut again).await?;
    findings.note(format!("refused with Retry-After {refused}"));

    // One request is dropped, too; another waits.
    let mut leaving = Raw::connect_from(OTHER, &target.address).await?;
    leaving.send(WORK).await?;
    wait_until(&mut other, |(now, _)| now > begun).await?;
    drop(leaving);
    let status = other.ask(WORK).await?.status;
    findings.check("another client's status", status, 204..=204);
    let done = timeout(LIMIT, wait_until(&mut other, |(begun, done)| begun == done)).await;
    let (begun, done) = match done {
        Ok(figures) => figures?,
        Err(_elapsed) => figures(&mut other).await?,
    };
    findings.check("cut", begun - done, ..=0);
    findings.note(format!("of {begun}"));
    Ok(findings)
}

fn begin() -> Vec<u8> {
    let mut bytes = opening();
    for number in 0..REQUESTS {
        let block = header_block(Method::Post, "/work");
        Frame::of_stream(2 * number + 1, HEADERS, END_HEADERS | END_STREAM, block)
            .write_to(&mut bytes);
    }
    bytes
}

/// Numbers of started and finished changes.
async fn figures(client: &mut Raw) -> Result<(u32, u32)> {
    let answer = client.ask("GET /work HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let text = String::from_utf8(answer.body)?;
    let (begun, done) = text.split_once(' ').ok_or("two figures")?;
    Ok((begun.parse()?, done.parse()?))
}

async fn wait_until(client: &mut Raw, is: impl Fn((u32, u32)) -> bool) -> Result<(u32, u32)> {
    loop {
        let figures = figures(client).await?;
        if is(figures) {
            return Ok(figures);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Makes small changes until one is refused.
async fn wait_until_refused(client: &mut Raw) -> Result<String> {
    loop {
        let change = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        let answer = client.ask(change).await?;
        if answer.status == 503 {
            let after = answer.header("retry-after").unwrap_or("missing");
            return Ok(after.to_owned());
        }
    }
}
