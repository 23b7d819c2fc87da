//! The stored figures, and their tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::databases::database::Engine;
use crate::databases::load::{REQUESTS, Request};
use crate::databases::peer::{OURS, PEERS};
use crate::databases::time::Times;
use crate::measure::build::workspace;
use crate::report::results::Machine;

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    machine: Machine,
    engines: BTreeMap<Engine, BTreeMap<String, Times>>,
}

/// Stores the times of a request at once, so that an interruption keeps them.
pub(crate) fn record(engine: Engine, request: &Request, times: Times) -> Result<()> {
    let machine = Machine::this()?;
    let mut stored = read()?
        .filter(|stored| stored.machine == machine)
        .unwrap_or(Stored {
            machine,
            engines: BTreeMap::new(),
        });
    let requests = stored.engines.entry(engine).or_default();
    requests
        .entry(request.name.to_owned())
        .or_default()
        .extend(times);
    let mut text = serde_json::to_string_pretty(&stored)?;
    text.push('\n');
    Ok(fs::write(path(), text)?)
}

/// Processor time by server, on PostgreSQL.
pub(crate) fn postgres() -> Result<String> {
    table(Engine::Postgres)
}

/// Processor time by server, on SQLite.
pub(crate) fn sqlite() -> Result<String> {
    table(Engine::Sqlite)
}

fn table(engine: Engine) -> Result<String> {
    let Some(stored) = read()? else {
        return Ok("Not measured yet: `databases`.".to_owned());
    };
    let measured = stored.engines.get(&engine);
    let peers: Vec<&str> = PEERS
        .iter()
        .filter(|peer| peer.supports(engine))
        .map(|peer| peer.name)
        .collect();
    let heads = peers.iter().map(|name| {
        let name = name.replace('-', " ");
        if name == OURS.name {
            format!("**{name}**")
        } else {
            name
        }
    });
    let heads: Vec<String> = heads.collect();
    let mut lines = vec![
        format!("| | {} |", heads.join(" | ")),
        format!("|---|{}", "---:|".repeat(peers.len())),
    ];
    for request in REQUESTS {
        let times = measured.and_then(|requests| requests.get(request.name));
        let cell = |name: &&str| {
            let time = times.and_then(|times| times.get(*name));
            time.map_or("-".to_owned(), |time| {
                format!(
                    "{:.0} ({:.2} ± {:.0} %)",
                    time.microseconds,
                    time.to_by_hand,
                    time.spread * 50.0
                )
            })
        };
        let cells: Vec<String> = peers.iter().map(cell).collect();
        lines.push(format!("| {} | {} |", request.name, cells.join(" | ")));
    }
    Ok(lines.join("\n"))
}

fn read() -> Result<Option<Stored>> {
    let path = path();
    if !path.exists() {
        return Ok(None);
    }
    let stored = serde_json::from_str(&fs::read_to_string(&path)?);
    Ok(Some(
        stored.map_err(|error| format!("{}: {error}", path.display()))?,
    ))
}

fn path() -> PathBuf {
    workspace().join("benches/results/databases.json")
}
