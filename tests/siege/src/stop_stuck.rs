//! SIGTERM while something does not end.
//!
//! The exit code must match the clients' view: 0 if and only if every response was complete.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::findings::Findings;
use crate::process::terminate;
use crate::raw::Raw;
use crate::{Result, target};

/// The shutdown deadline and half a second.
const LIMIT: Duration = Duration::from_millis(10_500);

struct Stuck {
    name: &'static str,
    request: &'static str,
    /// Last bytes of a complete response.
    end: &'static str,
}

const ALL: [Stuck; 6] = [
    // Without a request no response is due.
    Stuck {
        name: "half a header",
        request: "GET / HTTP/1.1\r\nHost: ",
        end: "",
    },
    Stuck {
        name: "half a body",
        request: "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nhalf of it",
        end: "}",
    },
    Stuck {
        name: "a hung handler",
        request: "GET /hang HTTP/1.1\r\nHost: x\r\n\r\n",
        end: "}",
    },
    Stuck {
        name: "an open stream",
        request: "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
        end: "\r\n0\r\n\r\n",
    },
    Stuck {
        name: "a stream of events",
        request: "GET /events HTTP/1.1\r\nHost: x\r\n\r\n",
        end: "\r\n0\r\n\r\n",
    },
    Stuck {
        name: "a WebSocket",
        request: "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        end: "The server stops.",
    },
];

pub(crate) async fn terminated() -> Result<Findings> {
    let mut findings = Findings::default();
    // One at a time, so that the exit code has one cause.
    let stopped = join_all(ALL.iter().map(Stuck::stop)).await;
    for (stuck, stopped) in ALL.iter().zip(stopped) {
        let name = stuck.name;
        let Some(stopped) = stopped? else {
            findings.fault(format!("{name}: not out after {LIMIT:?}"));
            continue;
        };
        let word = if stopped.is_success { "0" } else { "not 0" };
        findings.note(format!(
            "{name}: out after {:.1?}, code {word}",
            stopped.after
        ));
        if stopped.is_success != stopped.is_finished {
            let finished = if stopped.is_finished {
                "finished"
            } else {
                "left unfinished"
            };
            findings.fault(format!("{name}: {finished}, but the code is {word}"));
        }
    }
    Ok(findings)
}

struct Stopped {
    after: Duration,
    is_success: bool,
    is_finished: bool,
}

impl Stuck {
    async fn stop(&self) -> Result<Option<Stopped>> {
        let target = target::start().await?;
        let mut raw = Raw::connect(&target.address).await?;
        raw.send(self.request).await?;
        // Give the handler time to reach the point where it hangs.
        sleep(Duration::from_millis(500)).await;
        let (end, seen) = tokio::join!(terminate(target, LIMIT), raw.rest());
        let is_finished = seen.ends_with(self.end.as_bytes());
        Ok(end?.map(|end| Stopped {
            after: end.after,
            is_success: end.is_success,
            is_finished,
        }))
    }
}
