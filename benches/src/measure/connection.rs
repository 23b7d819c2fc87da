//! User instructions of a connection, from its opening to its end, without its request.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::callgrind::Callgrind;
use crate::measure::client::{CONNECTIONS, ITEM, Lockstep, MANY_ROUTES};
use crate::measure::server::Server;
use crate::measure::statistics::ratio;

const WARM_UP: usize = 3;
const ROUNDS: usize = 30;

/// Instructions of one connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConnectionCost {
    pub(crate) alone: f64,
    /// With more routes: copying the service for each connection costs more with its size.
    pub(crate) among_300: f64,
}

pub(crate) fn measure(contender: Contender) -> Result<ConnectionCost> {
    eprintln!("connecting to {}", contender.name);
    Ok(ConnectionCost {
        alone: cost(contender, 0)?,
        among_300: cost(contender, MANY_ROUTES)?,
    })
}

/// Cost of a connection with one request, minus the cost of a request on a kept connection.
fn cost(contender: Contender, routes: usize) -> Result<f64> {
    let mut callgrind = Callgrind::start(contender, routes)?;
    let connect = |server: &Server, rounds| {
        (0..rounds).try_for_each(|_| Lockstep::open(server.address)?.run(server, &ITEM, 1))
    };
    connect(&callgrind.server, WARM_UP)?;
    let connected = callgrind.count_during(|server| connect(server, ROUNDS))?;
    let mut clients = Lockstep::open(callgrind.server.address)?;
    clients.run(&callgrind.server, &ITEM, WARM_UP)?;
    let kept = callgrind.count_during(|server| clients.run(server, &ITEM, ROUNDS))?;
    let connections = u64::try_from(CONNECTIONS * ROUNDS)?;
    Ok((ratio(connected.instructions - kept.instructions, connections)).round())
}
