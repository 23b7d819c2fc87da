//! Forms that arrive almost completely, then byte by byte. Each new byte must not cause a new scan of
//! the others.

use std::time::{Duration, Instant};

use tokio::time::{interval, timeout};

use crate::findings::Findings;
use crate::process::{Growth, processor_time};
use crate::raw::Raw;
use crate::{Result, target};

/// Length below the limit of a part.
const LENGTH: usize = 7_000_000;

/// Duration of sending one byte every 20 ms.
const TIME: Duration = Duration::from_secs(10);

/// One percent of a core, plus the time to read the form once.
const WORK: Duration = Duration::from_millis(500);

const AT_ONCE: Duration = Duration::from_secs(1);

struct Form {
    name: &'static str,
    begin: &'static str,
    /// Text that is repeated up to [`LENGTH`].
    piece: &'static str,
    is_refused: bool,
}

const FORMS: [Form; 4] = [
    Form {
        name: "preamble",
        begin: "",
        piece: "x",
        is_refused: true,
    },
    Form {
        name: "head",
        begin: "--XX\r\nA: ",
        piece: "x",
        is_refused: true,
    },
    Form {
        name: "many heads",
        begin: "--XX\r\n",
        piece: "a:b\r\n",
        is_refused: true,
    },
    Form {
        name: "content like delimiters",
        begin: "--XX\r\n\r\n",
        piece: "\r\n--X",
        is_refused: false,
    },
];

pub(crate) async fn dripped() -> Result<Findings> {
    let mut findings = Findings::default();
    for form in &FORMS {
        form.drip(&mut findings).await?;
    }
    Ok(findings)
}

impl Form {
    async fn drip(&self, findings: &mut Findings) -> Result<()> {
        let target = target::start().await?;
        let growth = Growth::from_now(target.id())?;
        let before = processor_time(target.id())?;
        let mut raw = Raw::connect(&target.address).await?;
        let started = Instant::now();
        raw.send(
            "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\
             Content-Type: multipart/form-data; boundary=XX\r\n\r\n",
        )
        .await?;
        let begin = self.begin.to_owned() + &self.piece.repeat(LENGTH / self.piece.len());
        // After a refusal the server reads no more.
        let _ = raw.send(begin).await;
        let mut ticks = interval(Duration::from_millis(20));
        let mut refused = None;
        while started.elapsed() < TIME && refused.is_none() {
            ticks.tick().await;
            let _ = raw.send("x").await;
            if let Ok(answer) = timeout(Duration::from_millis(1), raw.answer()).await {
                let status = answer?.map(|answer| answer.status);
                refused = Some((status, started.elapsed()));
            }
        }
        let name = self.name;
        match refused {
            Some((status, after)) if self.is_refused => {
                findings.check(&format!("{name}: status"), status, Some(413)..=Some(413));
                findings.check(&format!("{name}: answered after"), after, ..AT_ONCE);
            }
            Some((status, _)) => findings.fault(format!("{name}: answered {status:?}")),
            None if self.is_refused => findings.fault(format!("{name}: not refused")),
            None => {}
        }
        let work = processor_time(target.id())?.saturating_sub(before);
        findings.check(&format!("{name}: processor time"), work, ..WORK);
        let what = format!("{name}: memory growth in KiB");
        findings.check(&what, growth.at_most()?, ..2_000);
        Ok(())
    }
}
