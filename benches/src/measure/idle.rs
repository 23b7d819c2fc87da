//! Memory: of the process that waits, and of each client that has been answered and stays.

use std::fs;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::load::{Connection, ITEM};
use crate::measure::number::ratio;
use crate::measure::server::Server;
use crate::report::results::Part;
use crate::report::tables;

const CLIENTS: u64 = 5000;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Idle {
    /// Of the process, after its first answer.
    pub(crate) kilobytes: f64,
    pub(crate) bytes_per_connection: f64,
}

pub(crate) fn run(contenders: &[Contender]) -> Result<()> {
    allow_files(CLIENTS + 100)?;
    for contender in contenders {
        eprintln!("keeping connections to {}", contender.name);
        Part::record("idle", *contender, idle(*contender)?)?;
    }
    println!("{}", tables::idle()?);
    Ok(())
}

fn idle(contender: Contender) -> Result<Idle> {
    let server = Server::start(&mut Command::new(build::program(contender)?), 0)?;
    let clients = |number| {
        (0..number)
            .map(|_| {
                let mut client = Connection::open(server.address)?;
                client.ask(&ITEM)?;
                Ok(client)
            })
            .collect::<Result<Vec<Connection>>>()
    };
    let first = clients(1)?;
    server.settle()?;
    let before = resident(&server)?;
    let many = clients(CLIENTS)?;
    server.settle()?;
    let bytes = resident(&server)?.saturating_sub(before);
    drop((first, many));
    Ok(Idle {
        kilobytes: ratio(before, 1024).round(),
        bytes_per_connection: ratio(bytes, CLIENTS).round(),
    })
}

/// Bytes that are in memory. `smaps_rollup` counts them; what `statm` says may be late.
fn resident(server: &Server) -> Result<u64> {
    let map = fs::read_to_string(format!("/proc/{}/smaps_rollup", server.id()))?;
    let line = map.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no resident memory")?.parse::<u64>()? * 1024)
}

/// For this process and for those that it starts.
fn allow_files(number: u64) -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= number) {
        return Ok(());
    }
    let limit = Rlimit {
        current: Some(number),
        maximum: maximum.map(|maximum| maximum.max(number)),
    };
    setrlimit(Resource::Nofile, limit).map_err(|error| {
        format!("{number} open files are needed, and {current:?} allowed: {error}").into()
    })
}
