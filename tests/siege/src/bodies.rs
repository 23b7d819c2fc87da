//! JSON bodies of ordinary size that are expensive to deserialize.

use std::time::{Duration, Instant};

use crate::findings::Findings;
use crate::process::{Growth, processor_time};
use crate::raw::Raw;
use crate::{Result, target};

const LENGTH: usize = 2_000_000;

/// Time limit for 20 bodies. The target is not optimised, so it is about ten times slower.
const COUNT: usize = 20;

struct Body {
    name: &'static str,
    path: &'static str,
    json: fn() -> String,
    status: u16,
    /// Processor time of one body.
    work: Duration,
    /// Maximum growth of the process in KiB.
    memory: u64,
}

const BODIES: [Body; 6] = [
    Body {
        name: "nested, each level wrong",
        path: "/filter",
        json: || nested(40, "1", ""),
        status: 422,
        work: Duration::from_millis(100),
        memory: 4_000,
    },
    Body {
        name: "nested, with an ignored array",
        path: "/filter",
        json: || nested(40, LEAF, r#","x":[]"#),
        status: 204,
        work: Duration::from_millis(100),
        memory: 4_000,
    },
    Body {
        name: "wrong among many values",
        path: "/filter",
        json: || {
            let values = "0,".repeat(LENGTH / 2);
            format!(r#"{{"op":"Any","of":[{values}0],"at":5}}"#)
        },
        status: 422,
        work: Duration::from_secs(2),
        // Serde buffers the members of a tagged enum, 32 bytes each.
        memory: 100_000,
    },
    Body {
        name: "untagged, in vain",
        path: "/either",
        json: || (0..60).fold("1".to_owned(), |next, _| format!(r#"{{"next":{next}}}"#)),
        status: 400,
        work: Duration::from_millis(100),
        memory: 4_000,
    },
    Body {
        name: "floats near the middle",
        path: "/filter",
        json: || {
            let floats = "76135265714062501267e267,".repeat(LENGTH / 25);
            format!(r#"{{"op":"Eq","value":1,"x":[{floats}0]}}"#)
        },
        status: 204,
        work: Duration::from_secs(2),
        memory: 48_000,
    },
    Body {
        name: "small objects beside a fault",
        path: "/value",
        json: || {
            let objects = r#"{"":0},"#.repeat(LENGTH / 8);
            format!(r#"{{"value":"x","x":[{objects}0]}}"#)
        },
        status: 422,
        work: Duration::from_secs(2),
        memory: 48_000,
    },
];

const LEAF: &str = r#"{"op":"Eq","value":1}"#;

fn nested(depth: usize, right: &str, more: &str) -> String {
    (0..depth).fold(LEAF.to_owned(), |left, _| {
        format!(r#"{{"op":"And","left":{left},"right":{right}{more}}}"#)
    })
}

pub(crate) async fn read() -> Result<Findings> {
    let mut findings = Findings::default();
    for body in &BODIES {
        body.send(&mut findings).await?;
    }
    Ok(findings)
}

impl Body {
    async fn send(&self, findings: &mut Findings) -> Result<()> {
        let target = target::start().await?;
        let json = (self.json)();
        let growth = Growth::from_now(target.id())?;
        let before = processor_time(target.id())?;
        let started = Instant::now();
        for _ in 0..COUNT {
            let mut raw = Raw::connect(&target.address).await?;
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                self.path,
                json.len()
            );
            raw.send(head + &json).await?;
            let status = raw.answer().await?.map(|answer| answer.status);
            if status != Some(self.status) {
                findings.fault(format!("{}: answered {status:?}", self.name));
            }
        }
        let count = u32::try_from(COUNT).unwrap_or(u32::MAX);
        let work = processor_time(target.id())?.saturating_sub(before) / count;
        let name = self.name;
        findings.check(&format!("{name}: processor time of one"), work, ..self.work);
        let memory = format!("{name}: memory growth in KiB");
        findings.check(&memory, growth.at_most()?, ..self.memory);
        findings.check(
            &format!("{name}: all"),
            started.elapsed(),
            ..Duration::from_secs(60),
        );
        Ok(())
    }
}
