//! Processor time per request, and requests per second: wrk on one processor, the server on another.
//! Needs an idle machine.

use std::collections::BTreeMap;
use std::io::Write;

use rustix::param::clock_ticks_per_second;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::Result;
use crate::contender::{Contender, HYPER};
use crate::measure::client::{CONNECTIONS, ENDPOINTS, Endpoint};
use crate::measure::server::Server;
use crate::measure::statistics::{median, ratio, rounded, spread};
use crate::measure::{agreement, pinned, tool};

/// Odd, so that one round is the median.
const ROUNDS: usize = 7;
const SECONDS: u64 = 3;

/// Medians of the rounds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Time {
    pub(crate) user_microseconds: f64,
    pub(crate) kernel_microseconds: f64,
    pub(crate) requests_per_second: f64,
    /// Ratio of user and kernel time to bare hyper's of the same round.
    pub(crate) to_hyper: f64,
    /// Relative difference of that ratio between the rounds.
    pub(crate) spread: f64,
}

/// Times by the name of the endpoint.
pub(crate) type Times = BTreeMap<String, Time>;

struct Round {
    user: f64,
    kernel: f64,
    throughput: f64,
}

impl Round {
    fn processor(&self) -> f64 {
        self.user + self.kernel
    }
}

/// Measures the contenders, and bare hyper for comparison.
pub(crate) fn measure(contenders: &[Contender]) -> Result<Vec<(Contender, Times)>> {
    tool::ensure_installed("wrk")?;
    let mut contenders = contenders.to_vec();
    if !contenders.contains(&HYPER) {
        contenders.insert(0, HYPER);
    }
    agreement::check(&contenders)?;
    let mut times: BTreeMap<&str, Times> = BTreeMap::new();
    for endpoint in &ENDPOINTS {
        eprintln!("timing {}", endpoint.name);
        for (contender, time) in time(&contenders, endpoint)? {
            let times = times.entry(contender.name).or_default();
            times.insert(endpoint.name.to_owned(), time);
        }
    }
    let times = contenders.into_iter().map(|contender| {
        let times = times.remove(contender.name).unwrap_or_default();
        (contender, times)
    });
    Ok(times.collect())
}

/// Each round measures all contenders, so that a disturbance affects them alike.
fn time(contenders: &[Contender], endpoint: &Endpoint) -> Result<Vec<(Contender, Time)>> {
    let script = script(endpoint)?;
    let servers = pinned::servers(contenders)?;
    let mut rounds: Vec<Vec<Round>> = Vec::new();
    for _ in 0..ROUNDS {
        let round = servers
            .iter()
            .map(|server| run_wrk(server, endpoint, &script));
        rounds.push(round.collect::<Result<_>>()?);
    }
    let hyper = contenders.iter().position(|contender| *contender == HYPER);
    let hyper = hyper.ok_or("hyper is not among the contenders")?;
    let time = |(index, contender): (usize, &Contender)| {
        let all = |figure: fn(&Round) -> f64| -> Vec<f64> {
            rounds.iter().map(|round| figure(&round[index])).collect()
        };
        let to_hyper: Vec<f64> = rounds
            .iter()
            .map(|round| round[index].processor() / round[hyper].processor())
            .collect();
        let time = Time {
            user_microseconds: rounded(median(&all(|round| round.user)), 2),
            kernel_microseconds: rounded(median(&all(|round| round.kernel)), 2),
            requests_per_second: median(&all(|round| round.throughput)).round(),
            to_hyper: rounded(median(&to_hyper), 3),
            spread: rounded(spread(&to_hyper), 3),
        };
        (*contender, time)
    };
    Ok(contenders.iter().enumerate().map(time).collect())
}

fn run_wrk(server: &Server, endpoint: &Endpoint, script: &NamedTempFile) -> Result<Round> {
    let url = format!("http://{}{}", server.address, endpoint.path);
    let before = server.ticks()?;
    let output = pinned::client("wrk")
        .args(["--threads", "1"])
        .args(["--connections", &CONNECTIONS.to_string()])
        .args(["--duration", &format!("{SECONDS}s")])
        .arg("--script")
        .arg(script.path())
        .arg(url)
        .output()?;
    let after = server.ticks()?;
    let output_text = String::from_utf8_lossy(&output.stdout);
    let requests = output_text
        .lines()
        .find_map(|line| line.split_once(" requests in "))
        .ok_or_else(|| format!("wrk reports no requests: {output_text}"))?;
    if output_text.contains("Non-2xx") || output_text.contains("Socket errors") {
        return Err(format!("wrk reports errors: {output_text}").into());
    }
    let requests: u64 = requests.0.trim().parse()?;
    let microseconds = |ticks: u64| ratio(ticks * 1_000_000, requests * clock_ticks_per_second());
    Ok(Round {
        user: microseconds(after.user - before.user),
        kernel: microseconds(after.kernel - before.kernel),
        throughput: ratio(requests, SECONDS),
    })
}

/// Writes a script that makes wrk build the request once. A Lua function per request would make wrk
/// slower than the server.
fn script(endpoint: &Endpoint) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    writeln!(file, r#"wrk.method = "{}""#, endpoint.method)?;
    for (name, value) in endpoint.headers() {
        writeln!(file, r#"wrk.headers["{name}"] = "{value}""#)?;
    }
    if let Some(body) = endpoint.body {
        writeln!(file, "wrk.body = [[{body}]]")?;
    }
    Ok(file)
}
