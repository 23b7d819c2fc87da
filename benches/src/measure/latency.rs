//! Latency at a fixed rate of requests that does not depend on responses (open loop), measured from
//! the scheduled time of a request. Needs an idle machine.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use crate::contender::Contender;
use crate::measure::client::{CONNECTIONS, ITEM};
use crate::measure::server::Server;
use crate::measure::statistics::{median, rounded, spread};
use crate::measure::{agreement, pinned, tool};

/// About half the capacity of the slowest contender.
pub(crate) const REQUESTS_PER_SECOND: u32 = 10_000;
const SECONDS: u32 = 5;
const ROUNDS: usize = 5;

/// Medians of the rounds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50_microseconds: f64,
    pub(crate) p99_microseconds: f64,
    /// Relative difference of p99 between the rounds.
    pub(crate) spread: f64,
}

pub(crate) fn measure(contenders: &[Contender]) -> Result<Vec<(Contender, Latency)>> {
    let oha = tool::cargo_install("oha")?;
    let oha = oha.to_string_lossy();
    agreement::check(contenders)?;
    let servers = pinned::servers(contenders)?;
    let mut rounds: Vec<Vec<(f64, f64)>> = Vec::new();
    for round in 1..=ROUNDS {
        eprintln!("waiting, round {round}");
        let round = servers.iter().map(|server| percentiles(server, &oha));
        rounds.push(round.collect::<Result<_>>()?);
    }
    let latency = |(index, contender): (usize, &Contender)| {
        let p50: Vec<f64> = rounds.iter().map(|round| round[index].0).collect();
        let p99: Vec<f64> = rounds.iter().map(|round| round[index].1).collect();
        let latency = Latency {
            p50_microseconds: median(&p50).round(),
            p99_microseconds: median(&p99).round(),
            spread: rounded(spread(&p99), 3),
        };
        (*contender, latency)
    };
    Ok(contenders.iter().enumerate().map(latency).collect())
}

/// Returns p50 and p99 in microseconds.
fn percentiles(server: &Server, oha: &str) -> Result<(f64, f64)> {
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
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    if report["summary"]["successRate"] != 1.0 {
        return Err(format!("not all requests succeeded: {}", report["summary"]).into());
    }
    let percentile = |name: &str| {
        let seconds = report["latencyPercentiles"][name].as_f64();
        seconds.map(|seconds| seconds * 1_000_000.0)
    };
    let both = percentile("p50").zip(percentile("p99"));
    both.ok_or_else(|| "oha reports no percentiles".into())
}
