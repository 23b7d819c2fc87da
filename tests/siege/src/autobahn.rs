//! Autobahn's fuzzing client, which tests WebSockets (RFC 6455) in 500 cases.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::fs;
use tokio::process::Command;

use crate::Result;
use crate::findings::Findings;
use crate::target;

const AGENT: &str = "resourceful";

/// Number of all cases, including those of compression, which we do not offer.
const CASES: usize = 517;

/// Accepted verdicts of Autobahn. `NON-STRICT`: refused, but later than possible. `INFORMATIONAL`:
/// the RFC leaves the behaviour open. `UNIMPLEMENTED`: compression.
const GOOD: [&str; 4] = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"];

pub(crate) async fn cases() -> Result<Findings> {
    let target = target::start().await?;
    let directory = tempfile::tempdir()?;
    let url = format!("ws://{}/mirror", target.address);
    run(directory.path(), &url).await?;

    let index = read(&directory.path().join("index.json")).await?;
    let cases = index[AGENT]
        .as_object()
        .ok_or("a report without our name")?;
    let mut findings = Findings::default();
    findings.check("cases", cases.len(), CASES..);
    for verdict in GOOD {
        let count = cases.values().filter(|case| case["behavior"] == verdict);
        findings.note(format!("{verdict} {}", count.count()));
    }
    let mut failed = 0;
    for (name, case) in cases {
        let is_good = |verdict: &Value| GOOD.iter().any(|good| verdict == good);
        // Verdicts on the case, and on the close of its connection.
        if !is_good(&case["behavior"]) || !is_good(&case["behaviorClose"]) {
            failed += 1;
            findings.fault(reason(directory.path(), name, case).await?);
        }
    }
    findings.note(format!("FAILED {failed}"));
    Ok(findings)
}

/// Autobahn's `wstest`: the value of `WSTEST`, else the one in `PATH`.
async fn run(directory: &Path, url: &str) -> Result<()> {
    let spec = directory.join("spec.json");
    let content = json!({
        "outdir": directory,
        "servers": [{"agent": AGENT, "url": url}],
        "cases": ["*"],
    });
    fs::write(&spec, content.to_string()).await?;
    let program = std::env::var_os("WSTEST").unwrap_or_else(|| "wstest".into());
    let status = Command::new(program)
        .args(["--mode", "fuzzingclient", "--spec"])
        .arg(&spec)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|error| format!("wstest of PyPI's autobahntestsuite: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("wstest: {status}").into())
    }
}

/// Autobahn's explanation of a failed case.
async fn reason(directory: &Path, name: &str, case: &Value) -> Result<String> {
    let file = case["reportfile"]
        .as_str()
        .ok_or("a case without a report")?;
    let report = read(&directory.join(file)).await?;
    let text = |name: &str| report[name].as_str().unwrap_or_default().to_owned();
    Ok(format!(
        "{name} {} ({}), close {} ({})",
        text("behavior"),
        text("result"),
        text("behaviorClose"),
        text("resultClose"),
    ))
}

async fn read(file: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(file).await?)?)
}
