//! Memory of an idle process, and of each idle connection after a response.

use std::fs;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::client::{Connection, ITEM};
use crate::measure::server::Server;
use crate::measure::statistics::ratio;

const CLIENTS: u64 = 5000;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Idle {
    /// Memory of the process after its first response.
    pub(crate) kilobytes: f64,
    pub(crate) bytes_per_connection: f64,
}

pub(crate) fn measure(contender: Contender) -> Result<Idle> {
    allow_files(CLIENTS + 100)?;
    eprintln!("keeping connections to {}", contender.name);
    let server = Server::start(&mut Command::new(build::program(contender)?), 0)?;
    let clients = |number| {
        (0..number)
            .map(|_| {
                let mut client = Connection::open(server.address)?;
                client.call(&ITEM)?;
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

/// Resident memory in bytes, from `smaps_rollup`: the value in `statm` may be outdated.
fn resident(server: &Server) -> Result<u64> {
    let map = fs::read_to_string(format!("/proc/{}/smaps_rollup", server.id()))?;
    let line = map.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no resident memory")?.parse::<u64>()? * 1024)
}

/// Raises the limit of open files for this process and its children.
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
