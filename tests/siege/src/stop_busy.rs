//! SIGTERM while many clients send requests without end.
//!
//! Each request has a number, and the target prints the numbers that its handler started. A request is
//! * answered, if its whole response was read;
//! * refused, if its connection was closed before any byte of a response, and no handler started it:
//!   its client knows that it may retry elsewhere;
//! * lost in every other case. If it was started without a response, its work may have been done. If
//!   it was reset without being started, its client cannot distinguish that from the former.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::findings::Findings;
use crate::process::terminate;
use crate::raw::Raw;
use crate::{Result, target};

const CLIENTS: u32 = 150;

/// The shutdown deadline and half a second.
const LIMIT: Duration = Duration::from_millis(10_500);

/// Moments of SIGTERM. All clients start together, so at two seconds many are between a response and
/// the next request, where a closing server may disconnect them.
const MOMENTS: [Duration; 5] = [
    Duration::from_millis(1_500),
    Duration::from_millis(1_995),
    Duration::from_millis(2_005),
    Duration::from_millis(2_015),
    Duration::from_millis(2_025),
];

pub(crate) async fn terminated() -> Result<Findings> {
    let mut findings = Findings::default();
    let mut fates = Vec::new();
    for moment in MOMENTS {
        let target = target::start().await?;
        let numbers = Arc::new(AtomicU32::new(0));
        let client = |_| ask_until_refused(target.address.clone(), Arc::clone(&numbers));
        let clients: JoinSet<_> = (0..CLIENTS).map(client).collect();
        sleep(moment).await;
        let end = terminate(target, LIMIT).await?;
        let end = end.ok_or("it did not stop in time")?;
        findings.note(format!("stopped after {:.1?}", end.after));
        if !end.is_success {
            findings.fault("the exit code is not 0");
        }
        let begun: HashSet<u32> = end.printed.lines().filter_map(begun).collect();
        let requests = clients.join_all().await.into_iter().flatten();
        fates.extend(requests.map(|request| request.fate(&begun)));
    }
    let count = |fate| fates.iter().filter(|&&one| one == fate).count();
    findings.note(format!("answered {}", count(Fate::Answered)));
    findings.note(format!("refused {}", count(Fate::Refused)));
    findings.check("begun and not answered", count(Fate::Abandoned), ..=0);
    findings.check("reset, not begun", count(Fate::Reset), ..=0);
    Ok(findings)
}

fn begun(line: &str) -> Option<u32> {
    line.strip_prefix("began ")?.parse().ok()
}

struct Request {
    number: u32,
    outcome: Outcome,
}

/// Outcome of a request for its client.
enum Outcome {
    Answered,
    /// The connection was closed before the first byte of a response.
    Closed,
    /// The connection was reset, or broke in the response.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Refused,
    Abandoned,
    Reset,
}

impl Request {
    fn fate(&self, begun: &HashSet<u32>) -> Fate {
        match self.outcome {
            Outcome::Answered => Fate::Answered,
            _ if begun.contains(&self.number) => Fate::Abandoned,
            Outcome::Closed => Fate::Refused,
            Outcome::Broken => Fate::Reset,
        }
    }
}

/// Every client keeps its connection as long as the server does.
async fn ask_until_refused(address: String, numbers: Arc<AtomicU32>) -> Vec<Request> {
    let mut requests = Vec::new();
    while let Ok(mut raw) = Raw::connect(&address).await {
        let mut is_kept = true;
        while is_kept {
            let number = numbers.fetch_add(1, Relaxed);
            // Every second request sends `Connection: close`.
            let connection = ["keep-alive", "close"][number as usize % 2];
            let request = format!(
                "GET /slow?{number} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n"
            );
            let outcome;
            (outcome, is_kept) = ask(&mut raw, &request).await;
            requests.push(Request { number, outcome });
        }
    }
    requests
}

/// Outcome of a request, and whether its connection is kept.
async fn ask(raw: &mut Raw, request: &str) -> (Outcome, bool) {
    // If sending fails, reading fails, too.
    let _ = raw.send(request).await;
    match raw.answer().await {
        Ok(Some(answer)) if answer.status == 200 => {
            let is_kept = answer.header("connection") != Some("close");
            (Outcome::Answered, is_kept)
        }
        Ok(None) => (Outcome::Closed, false),
        Ok(Some(_)) | Err(_) => (Outcome::Broken, false),
    }
}
