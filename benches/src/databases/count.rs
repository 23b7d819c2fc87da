//! User instructions of requests, in ratio to those by hand. The database's own server is not counted; SQLite is a
//! part of the process, and so of both.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::Result;
use crate::databases::database::{Database, ENGINES, Engine};
use crate::databases::load::{COUNTED, Clients, GATE_ROWS, Request};
use crate::databases::peer::{BY_HAND, OURS, Peer};
use crate::measure::build::workspace;
use crate::measure::callgrind::Callgrind;
use crate::measure::client::CONNECTIONS;
use crate::measure::statistics::{check_growth, median, ratio, rounded, spread};

/// Relative difference between two runs of the same code: how many writes share a commit, and how many replies arrive at
/// once, depends on the moment.
const TOLERANCE: f64 = 0.1;
/// Number of processes: hashes and addresses differ between processes.
const REPEATS: usize = 2;
const WARM_UP: usize = 5;
const ROUNDS: usize = 30;

/// # Errors
/// If a ratio has grown by more than the tolerance.
pub(crate) fn gate() -> Result<()> {
    let path = path();
    let text = fs::read_to_string(&path).map_err(|error| {
        format!(
            "{}: {error}; `databases gate store` writes it",
            path.display()
        )
    })?;
    let stored: BTreeMap<String, f64> = serde_json::from_str(&text)?;
    check_growth(&stored, &measure()?, TOLERANCE)
}

/// Stores the current ratios.
pub(crate) fn store() -> Result<()> {
    let mut text = serde_json::to_string_pretty(&measure()?)?;
    text.push('\n');
    Ok(fs::write(path(), text)?)
}

fn measure() -> Result<BTreeMap<String, f64>> {
    let mut ratios = BTreeMap::new();
    for engine in ENGINES {
        for request in COUNTED {
            let (by_hand, ours) = (
                count(BY_HAND, engine, &request)?,
                count(OURS, engine, &request)?,
            );
            let ratio = rounded(ours / by_hand, 3);
            let name = format!("{}, {}", request.name, engine.name());
            println!("{name:26}{by_hand:>10.0}{ours:>10.0}{ratio:>8.3}");
            ratios.insert(name, ratio);
        }
    }
    Ok(ratios)
}

fn count(peer: Peer, engine: Engine, request: &Request) -> Result<f64> {
    let database = Database::create(engine, GATE_ROWS)?;
    let mut counts = Vec::new();
    for _ in 0..REPEATS {
        let variables = [("DATABASE_URL", database.url.as_str())];
        let mut callgrind = Callgrind::run(&peer.program()?, &variables, 0)?;
        let mut clients = Clients::connect(callgrind.server.address, request)?;
        clients.run(WARM_UP)?;
        let count = callgrind.count_during(|_| clients.run(ROUNDS))?;
        counts.push(ratio(
            count.instructions,
            u64::try_from(CONNECTIONS * ROUNDS)?,
        ));
    }
    eprintln!(
        "  {}: two processes differ by {:.1} %",
        peer.name,
        spread(&counts) * 100.0
    );
    Ok(median(&counts))
}

fn path() -> PathBuf {
    workspace().join("benches/results/databases-gate.json")
}
