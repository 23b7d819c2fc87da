//! Clients that request a hundred responses at once with a window of one byte for each.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Result;
use crate::client::Protocol;
use crate::deaf::hold_http2;
use crate::findings::Findings;
use crate::frames::{
    END_HEADERS, END_STREAM, Frame, HEADERS, Method, PREFACE, SETTINGS, header_block,
};
use crate::honest::Honest;
use crate::process::{Growth, descriptors, wait_for_descriptors};
use crate::{raw, target};

const CLIENTS: usize = 5;
const REQUESTS: u32 = 100;
const LIMIT: Duration = Duration::from_secs(30);

/// Maximum memory of one client in KiB.
const MEMORY: u64 = 40 * 1024;

pub(crate) async fn answers() -> Result<Findings> {
    let mut findings = Findings::default();
    let target = target::start().await?;
    let honest = Honest::start(&target.address, &[Protocol::Http1, Protocol::Http2]);
    // Wait until the honest clients' memory is allocated.
    sleep(Duration::from_secs(1)).await;
    let growth = Growth::from_now(target.id())?;
    let before = descriptors(target.id())?;
    let mut held = JoinSet::new();
    for _ in 0..CLIENTS {
        let stream = raw::connect(&target.address).await?;
        held.spawn(hold_http2(stream, requests()));
    }
    let accepted = wait_for_descriptors(target.id(), LIMIT, |now| now >= before + CLIENTS).await?;
    accepted.ok_or("not all of them were accepted")?;
    let closed = wait_for_descriptors(target.id(), LIMIT, |now| now <= before).await?;
    let left = descriptors(target.id())?.saturating_sub(before);
    let after = closed.unwrap_or(LIMIT);
    findings.check(&format!("of {CLIENTS} held after {after:.1?}"), left, ..=0);
    let each = growth.at_most()? / CLIENTS as u64;
    findings.check("memory in KiB each", each, ..MEMORY);
    honest.stop().await.check_errors(&mut findings);
    Ok(findings)
}

fn requests() -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    // 4: SETTINGS_INITIAL_WINDOW_SIZE
    Frame::of_connection(SETTINGS, 0, [0, 4, 0, 0, 0, 1]).write_to(&mut bytes);
    for number in 0..REQUESTS {
        let block = header_block(Method::Get, "/made");
        Frame::of_stream(2 * number + 1, HEADERS, END_HEADERS | END_STREAM, block)
            .write_to(&mut bytes);
    }
    bytes
}
