//! User instructions and allocations of a request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::agreement;
use crate::measure::callgrind::{Callgrind, Count};
use crate::measure::load::{CONNECTIONS, ENDPOINTS, Endpoint, Lockstep};
use crate::measure::number::{median, ratio, rounded, spread};
use crate::report::results::Part;
use crate::report::tables;

/// Hashes and addresses differ from one process to the next.
const REPEATS: usize = 2;
const WARM_UP: usize = 10;
const ROUNDS: usize = 100;

/// Routes besides those that are asked, where that is what is measured.
pub(crate) const MANY_ROUTES: usize = 300;
/// The one in the middle of them: some routers look at one after the other. It is answered as
/// `item` is.
pub(crate) const ITEM_OF_MANY: Endpoint = Endpoint::get("item among 300", "/extra150/7");

/// What a request costs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    /// Between the repeats, as a share.
    pub(crate) spread: f64,
    pub(crate) allocations: f64,
}

/// By the name of the endpoint.
pub(crate) type Costs = BTreeMap<String, Cost>;

pub(crate) fn run(contenders: &[Contender]) -> Result<()> {
    agreement::check(contenders)?;
    for contender in contenders {
        eprintln!("counting {}", contender.name);
        let mut costs = of(*contender, &ENDPOINTS, 0)?;
        costs.extend(of(*contender, &[ITEM_OF_MANY], MANY_ROUTES)?);
        let spreads = costs.values().map(|cost| cost.spread);
        let widest = 100.0 * spreads.fold(0.0, f64::max);
        eprintln!("  two processes differ by at most {widest:.2} %");
        Part::<Costs>::record("count", *contender, costs)?;
    }
    println!("{}", tables::instructions()?);
    println!("{}", tables::allocations()?);
    Ok(())
}

pub(crate) fn of(contender: Contender, endpoints: &[Endpoint], routes: usize) -> Result<Costs> {
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

/// A process answers one sort of requests only: what was asked before lives on in the buffers of
/// connections and in the holes of the heap.
fn count(contender: Contender, endpoint: &Endpoint, routes: usize) -> Result<Count> {
    let mut callgrind = Callgrind::start(contender, routes)?;
    let mut clients = Lockstep::open(callgrind.server.address)?;
    clients.ask(&callgrind.server, endpoint, WARM_UP)?;
    callgrind.during(|server| clients.ask(server, endpoint, ROUNDS))
}
