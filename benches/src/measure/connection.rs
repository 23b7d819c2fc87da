//! What a connection costs besides its request: user instructions from its opening to its end.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::callgrind::Callgrind;
use crate::measure::count::MANY_ROUTES;
use crate::measure::load::{CONNECTIONS, ITEM, Lockstep};
use crate::measure::number::ratio;
use crate::measure::server::Server;
use crate::report::results::Part;
use crate::report::tables;

const WARM_UP: usize = 3;
const ROUNDS: usize = 30;

/// Instructions of one connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Connecting {
    pub(crate) alone: f64,
    /// With more routes: a service that is copied for each connection costs as much as it is long.
    pub(crate) among_300: f64,
}

pub(crate) fn run(contenders: &[Contender]) -> Result<()> {
    for contender in contenders {
        eprintln!("connecting to {}", contender.name);
        let figures = Connecting {
            alone: cost(*contender, 0)?,
            among_300: cost(*contender, MANY_ROUTES)?,
        };
        Part::record("connection", *contender, figures)?;
    }
    println!("{}", tables::connection()?);
    Ok(())
}

/// A connection with one request, without what a request costs where the connection is kept.
fn cost(contender: Contender, routes: usize) -> Result<f64> {
    let mut callgrind = Callgrind::start(contender, routes)?;
    let connect = |server: &Server, rounds| {
        (0..rounds).try_for_each(|_| Lockstep::open(server.address)?.ask(server, &ITEM, 1))
    };
    connect(&callgrind.server, WARM_UP)?;
    let connected = callgrind.during(|server| connect(server, ROUNDS))?;
    let mut clients = Lockstep::open(callgrind.server.address)?;
    clients.ask(&callgrind.server, &ITEM, WARM_UP)?;
    let kept = callgrind.during(|server| clients.ask(server, &ITEM, ROUNDS))?;
    let connections = u64::try_from(CONNECTIONS * ROUNDS)?;
    Ok((ratio(connected.instructions - kept.instructions, connections)).round())
}
