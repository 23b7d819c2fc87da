//! Processor time of a request, as the scheduler counts it for all threads of the server. Each round measures
//! every server, so that a disturbance affects them alike.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use crate::databases::database::{Database, ENGINES, Engine};
use crate::databases::load::{Clients, LARGE, REQUESTS, ROWS, Request};
use crate::databases::peer::{BY_HAND, PEERS, Peer};
use crate::measure::client::CONNECTIONS;
use crate::measure::server::Server;
use crate::measure::statistics::{median, ratio, rounded, spread};

const ROUNDS: usize = 11;

/// Medians of the rounds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Time {
    pub(crate) microseconds: f64,
    /// Ratio to by hand in the same round.
    pub(crate) to_by_hand: f64,
    /// Relative difference of that ratio between the rounds.
    pub(crate) spread: f64,
}

/// Times by server, of one kind of request.
pub(crate) type Times = BTreeMap<String, Time>;

/// Measures these servers, and by hand for comparison.
pub(crate) fn measure(
    peers: &[Peer],
    record: impl Fn(Engine, &Request, Times) -> Result<()>,
) -> Result<()> {
    for engine in ENGINES {
        let mut peers: Vec<Peer> = peers
            .iter()
            .copied()
            .filter(|peer| peer.supports(engine))
            .collect();
        if !peers.contains(&BY_HAND) {
            peers.insert(0, BY_HAND);
        }
        for (rows, is_large) in [(ROWS, false), (LARGE, true)] {
            let database = Database::create(engine, rows)?;
            let start = |peer: &Peer| peer.start(&database);
            let servers: Vec<Server> = peers.iter().map(start).collect::<Result<_>>()?;
            for request in REQUESTS
                .iter()
                .filter(|request| request.is_large == is_large)
            {
                let times = time(&peers, &servers, request)?;
                println!(
                    "{}, {}: load {}",
                    engine.name(),
                    request.name,
                    load_average()?
                );
                for peer in &peers {
                    let Time {
                        microseconds,
                        to_by_hand,
                        spread,
                    } = times[peer.name];
                    println!(
                        "  {:16}{microseconds:>8.1} µs{to_by_hand:>8.3} ± {:.1} %",
                        peer.name,
                        spread * 50.0
                    );
                }
                record(engine, request, times)?;
            }
        }
    }
    Ok(())
}

fn time(peers: &[Peer], servers: &[Server], request: &Request) -> Result<Times> {
    let mut clients = Vec::new();
    let mut expected: Option<Value> = None;
    for (peer, server) in peers.iter().zip(servers) {
        let mut connected = Clients::connect(server.address, request)?;
        let response = comparable(request, &connected.sample()?.body)?;
        if *expected.get_or_insert(response.clone()) != response {
            return Err(format!(
                "{} differs on {}: {response}, not {expected:?}",
                peer.name, request.name
            )
            .into());
        }
        connected.run(request.requests() / 2)?;
        clients.push(connected);
    }
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
    for _ in 0..ROUNDS {
        for ((server, clients), round) in servers.iter().zip(&mut clients).zip(&mut rounds) {
            clients.renew()?;
            let before = processor_time(server.id())?;
            clients.run(request.requests())?;
            let used = processor_time(server.id())? - before;
            let requests = u64::try_from(CONNECTIONS * request.requests())? * 1000;
            round.push(ratio(used, requests));
        }
    }
    let by_hand = peers.iter().position(|peer| *peer == BY_HAND);
    let by_hand = rounds[by_hand.ok_or("by hand is not among the servers")?].clone();
    let time = |(peer, round): (&Peer, &Vec<f64>)| {
        let ratios: Vec<f64> = round
            .iter()
            .zip(&by_hand)
            .map(|(one, by_hand)| one / by_hand)
            .collect();
        let time = Time {
            microseconds: rounded(median(round), 1),
            to_by_hand: rounded(median(&ratios), 3),
            spread: rounded(spread(&ratios), 3),
        };
        (peer.name.to_owned(), time)
    };
    Ok(peers.iter().zip(&rounds).map(time).collect())
}

/// A response without the values that differ between two requests: of a new row, and cursors.
fn comparable(request: &Request, body: &str) -> Result<Value> {
    let mut value: Value = serde_json::from_str(body)?;
    if request.writes() {
        for member in ["id", "slug", "created_at", "version"] {
            value[member] = Value::Null;
        }
    }
    if let Some(next) = value.pointer_mut("/pagination/next") {
        *next = Value::Null;
    }
    // The total grows, since posts are created.
    if let Some(total) = value.pointer_mut("/pagination/total") {
        *total = Value::Null;
    }
    Ok(value)
}

/// Nanoseconds on processors, of all threads and of the processes that the server has started.
fn processor_time(process: u32) -> Result<u64> {
    let mut total = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let thread = thread?.path();
        // A thread may have ended.
        if let Ok(times) = fs::read_to_string(thread.join("schedstat")) {
            total += times.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        let children = fs::read_to_string(thread.join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            total += processor_time(child.parse()?)?;
        }
    }
    Ok(total)
}

fn load_average() -> Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().unwrap_or_default().to_owned())
}

/// All servers, or those with these names.
pub(crate) fn peers(names: &[&str]) -> Result<Vec<Peer>> {
    if names.is_empty() {
        return Ok(PEERS.to_vec());
    }
    let find = |name: &&str| {
        Peer::named(name).ok_or_else(|| format!("there is no server {name:?}").into())
    };
    names.iter().map(find).collect()
}
