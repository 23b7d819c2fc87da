//! User instructions and allocations per request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::callgrind::{Callgrind, Count};
use crate::measure::client::{
    CONNECTIONS, ENDPOINTS, Endpoint, ITEM_OF_MANY, Lockstep, MANY_ROUTES,
};
use crate::measure::statistics::{median, ratio, rounded, spread};

/// Number of processes: hashes and addresses differ between processes.
const REPEATS: usize = 2;
const WARM_UP: usize = 10;
const ROUNDS: usize = 100;

/// Cost of a request.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    /// Relative difference between the processes.
    pub(crate) spread: f64,
    pub(crate) allocations: f64,
}

/// Costs by the name of the endpoint.
pub(crate) type Costs = BTreeMap<String, Cost>;

/// Measures all endpoints, and an item among many routes.
pub(crate) fn measure(contender: Contender) -> Result<Costs> {
    eprintln!("counting {}", contender.name);
    let mut costs = measure_endpoints(contender, &ENDPOINTS, 0)?;
    costs.extend(measure_endpoints(contender, &[ITEM_OF_MANY], MANY_ROUTES)?);
    let spreads = costs.values().map(|cost| cost.spread);
    let widest = 100.0 * spreads.fold(0.0, f64::max);
    eprintln!("  two processes differ by at most {widest:.2} %");
    Ok(costs)
}

pub(crate) fn measure_endpoints(
    contender: Contender,
    endpoints: &[Endpoint],
    routes: usize,
) -> Result<Costs> {
    let cost = |endpoint: &Endpoint| {
        let cost = cost(contender, endpoint, routes)?;
        Ok((endpoint.name.to_owned(), cost))
    };
    endpoints.iter().map(cost).collect()
}

fn cost(contender: Contender, endpoint: &Endpoint, routes: usize) -> Result<Cost> {
    let requests = u64::try_from(CONNECTIONS * ROUNDS)?;
    let mut instructions = Vec::new();
    let mut allocations = Vec::new();
    for _ in 0..REPEATS {
        let count = count(contender, endpoint, routes)?;
        instructions.push(ratio(count.instructions, requests));
        allocations.push(ratio(count.allocations, requests));
    }
    Ok(Cost {
        instructions: median(&instructions).round(),
        spread: rounded(spread(&instructions), 4),
        allocations: rounded(median(&allocations), 1),
    })
}

/// Counts one kind of request per process: earlier requests would affect the buffers of connections
/// and the fragmentation of the heap.
fn count(contender: Contender, endpoint: &Endpoint, routes: usize) -> Result<Count> {
    let mut callgrind = Callgrind::start(contender, routes)?;
    let mut clients = Lockstep::open(callgrind.server.address)?;
    clients.run(&callgrind.server, endpoint, WARM_UP)?;
    callgrind.count_during(|server| clients.run(server, endpoint, ROUNDS))
}
