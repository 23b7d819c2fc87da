//! Processor time of a request, and requests per second: wrk on one processor, the server on
//! another. Only on an idle machine.

use std::collections::BTreeMap;
use std::io::Write;

use rustix::param::clock_ticks_per_second;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::Result;
use crate::contender::{Contender, HYPER};
use crate::measure::load::{CONNECTIONS, ENDPOINTS, Endpoint};
use crate::measure::number::{median, ratio, rounded, spread};
use crate::measure::server::Server;
use crate::measure::{agreement, pinned, tool};
use crate::report::results::Part;
use crate::report::tables;

/// Odd, so that one of them is the median.
const ROUNDS: usize = 7;
const SECONDS: u64 = 3;

/// Medians of the rounds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Time {
    pub(crate) user_microseconds: f64,
    pub(crate) kernel_microseconds: f64,
    pub(crate) requests_per_second: f64,
    /// User and kernel, to bare hyper of the same round.
    pub(crate) to_hyper: f64,
    /// Of that ratio between the rounds, as a share.
    pub(crate) spread: f64,
}

/// By the name of the endpoint.
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

pub(crate) fn run(contenders: &[Contender]) -> Result<()> {
    tool::installed("wrk")?;
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
    for contender in contenders {
        let times = times.remove(contender.name).unwrap_or_default();
        Part::record("time", contender, times)?;
    }
    println!("{}", tables::time()?);
    Ok(())
}

/// Round by round, each contender in each: what disturbs one disturbs its neighbours too.
fn time(contenders: &[Contender], endpoint: &Endpoint) -> Result<Vec<(Contender, Time)>> {
    let script = script(endpoint)?;
    let servers = pinned::servers(contenders)?;
    let mut rounds: Vec<Vec<Round>> = Vec::new();
    for _ in 0..ROUNDS {
        let round = servers.iter().map(|server| ask(server, endpoint, &script));
        rounds.push(round.collect::<Result<_>>()?);
    }
    let hyper = contenders.iter().position(|contender| *contender == HYPER);
    let hyper = hyper.ok_or("hyper is not among them")?;
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

fn ask(server: &Server, endpoint: &Endpoint, script: &NamedTempFile) -> Result<Round> {
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
    let said = String::from_utf8_lossy(&output.stdout);
    let requests = said
        .lines()
        .find_map(|line| line.split_once(" requests in "))
        .ok_or_else(|| format!("wrk says no requests: {said}"))?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(format!("wrk was not answered: {said}").into());
    }
    let requests: u64 = requests.0.trim().parse()?;
    let microseconds = |ticks: u64| ratio(ticks * 1_000_000, requests * clock_ticks_per_second());
    Ok(Round {
        user: microseconds(after.user - before.user),
        kernel: microseconds(after.kernel - before.kernel),
        throughput: ratio(requests, SECONDS),
    })
}

/// The request as wrk is told it. It makes it once: a function in Lua, called for each, would keep
/// wrk busier than the server.
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
