//! How long a client waits where requests come at a rate of their own, whether or not those
//! before are answered: counted from when a request was to be sent. Only on an idle machine.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use crate::contender::Contender;
use crate::measure::load::{CONNECTIONS, ITEM};
use crate::measure::number::{median, rounded, spread};
use crate::measure::server::Server;
use crate::measure::{agreement, pinned, tool};
use crate::report::results::Part;
use crate::report::tables;

/// About half of what the slowest can.
pub(crate) const REQUESTS_PER_SECOND: u32 = 10_000;
const SECONDS: u32 = 5;
const ROUNDS: usize = 5;

/// Medians of the rounds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50_microseconds: f64,
    pub(crate) p99_microseconds: f64,
    /// Of the 99 % between the rounds, as a share.
    pub(crate) spread: f64,
}

pub(crate) fn run(contenders: &[Contender]) -> Result<()> {
    let oha = tool::cargo("oha")?;
    let oha = oha.to_string_lossy();
    agreement::check(contenders)?;
    let servers = pinned::servers(contenders)?;
    let mut rounds: Vec<Vec<(f64, f64)>> = Vec::new();
    for round in 1..=ROUNDS {
        eprintln!("waiting, round {round}");
        let waits = servers.iter().map(|server| wait(server, &oha));
        rounds.push(waits.collect::<Result<_>>()?);
    }
    for (index, contender) in contenders.iter().enumerate() {
        let p50: Vec<f64> = rounds.iter().map(|round| round[index].0).collect();
        let p99: Vec<f64> = rounds.iter().map(|round| round[index].1).collect();
        let figures = Latency {
            p50_microseconds: median(&p50).round(),
            p99_microseconds: median(&p99).round(),
            spread: rounded(spread(&p99), 3),
        };
        Part::record("latency", *contender, figures)?;
    }
    println!("{}", tables::latency()?);
    Ok(())
}

/// Microseconds that half of the requests, and 99 of 100, took at most.
fn wait(server: &Server, oha: &str) -> Result<(f64, f64)> {
    let output = pinned::client(oha)
        .args([
            "--no-tui",
            "--output-format",
            "json",
            "--latency-correction",
        ])
        .args(["-c", &CONNECTIONS.to_string()])
        .args(["-q", &REQUESTS_PER_SECOND.to_string()])
        .args([
            "-z",
            &format!("{SECONDS}s"),
            "--wait-ongoing-requests-after-deadline",
        ])
        .arg(format!("http://{}{}", server.address, ITEM.path))
        .output()?;
    let said: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    if said["summary"]["successRate"] != 1.0 {
        return Err(format!("not all were answered: {}", said["summary"]).into());
    }
    let percentile = |name: &str| {
        let seconds = said["latencyPercentiles"][name].as_f64();
        seconds.map(|seconds| seconds * 1_000_000.0)
    };
    let both = percentile("p50").zip(percentile("p99"));
    both.ok_or_else(|| "oha says no percentiles".into())
}
