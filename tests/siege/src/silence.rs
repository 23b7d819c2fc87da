//! Connections that send a beginning, or no byte, and then stay silent.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Result;
use crate::findings::Findings;
use crate::frames::PREFACE;
use crate::raw::Raw;
use crate::target;

const CLIENTS_OF_EACH: usize = 20;

const LIMIT: Duration = Duration::from_secs(12);

struct Silence {
    name: &'static str,
    begin: &'static [u8],
    /// Required response.
    last_word: &'static [u8],
}

const SILENCES: [Silence; 4] = [
    Silence {
        name: "no byte",
        begin: b"",
        last_word: b"",
    },
    Silence {
        name: "half of the preface's first line",
        begin: PREFACE.split_at(8).0,
        last_word: b"",
    },
    Silence {
        name: "the preface but for a byte",
        begin: PREFACE.split_at(PREFACE.len() - 1).0,
        last_word: b"",
    },
    Silence {
        name: "half a body",
        begin: b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nhalf of it",
        last_word: b"HTTP/1.1 408 ",
    },
];

pub(crate) async fn kept() -> Result<Findings> {
    let target = target::start().await?;
    // All kinds at the same time.
    let sorts = SILENCES.iter().map(|silence| {
        let client = |_| keep(target.address.clone(), silence);
        let clients: JoinSet<_> = (0..CLIENTS_OF_EACH).map(client).collect();
        (silence, clients)
    });
    let mut findings = Findings::default();
    for (silence, clients) in sorts.collect::<Vec<_>>() {
        let ends = clients.join_all().await.into_iter();
        let ends = ends.collect::<io::Result<Vec<_>>>()?;
        let name = silence.name;
        let open = ends.iter().filter(|end| end.after.is_none()).count();
        findings.check(&format!("{name}: open after {LIMIT:?}"), open, ..=0);
        if let Some(last) = ends.iter().filter_map(|end| end.after).max() {
            findings.note(format!("the last closed after {last:.1?}"));
        }
        let told = ends.iter().filter(|end| end.is_told).count();
        if told < CLIENTS_OF_EACH {
            findings.fault(format!("{name}: only {told} were told 408"));
        }
    }
    Ok(findings)
}

struct End {
    /// Time until the connection was closed, if within the limit.
    after: Option<Duration>,
    is_told: bool,
}

async fn keep(address: String, silence: &Silence) -> io::Result<End> {
    let mut raw = Raw::connect(&address).await?;
    let started = Instant::now();
    raw.send(silence.begin).await?;
    let word = timeout(LIMIT, raw.rest()).await.ok();
    Ok(End {
        after: word.is_some().then(|| started.elapsed()),
        is_told: word.unwrap_or_default().starts_with(silence.last_word),
    })
}
