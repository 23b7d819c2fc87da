//! Measures resourceful and its peers on the same work.
//!
//! ```sh
//! cargo run --release -p resourceful-benches              # prints the stored figures as tables
//! cargo run --release -p resourceful-benches -- count     # measures one part
//! cargo run --release -p resourceful-benches -- count axum resourceful
//! ```
//!
//! Each part stores its figures in `benches/results`. A new measurement of some contenders keeps the
//! figures of the others.

mod contender;
mod databases;
mod measure;
mod report;

use std::error::Error;
use std::process::ExitCode;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contender::{CONTENDERS, Contender, OURS};
use crate::measure::{agreement, callers, connection, count, example, idle, latency, size, time};
use crate::report::results::Part;
use crate::report::{gate, page, pictures, tables};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "\
usage: resourceful-benches [PART [CONTENDER..]]

Without a part: prints all that was measured. Parts that may be measured at any time:

  count        instructions and allocations of a request
  connection   instructions of a connection
  idle         memory of the process, and of a connection that is kept
  size         of the program, number of crates, seconds to compile
  callers      instructions of a request with an API key, a session, a JWT, a rate, an idempotency key
  example      seconds to compile the README's first example

On an idle machine:

  time         processor time of a request, requests per second
  latency      at a rate that is given

On any machine, since a round compares: servers with a database behind them (benches/databases)

  databases    processor time of a request
  databases gate
               instructions of our requests to those by hand, and an error where they grew;
               `databases gate store` stores the ratios

  all          all of these
  gate         ours to bare hyper, and an error where it grew; `gate store` stores the ratios
  pictures     draws docs/performance/*.svg
  page         puts the tables into docs/performance.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match *arguments {
        [] => print(),
        ["help"] => {
            println!("{USAGE}");
            Ok(())
        }
        ["all"] => all(),
        ["count", ref names @ ..] => measure_count(&Contender::named(names)?),
        ["connection", ref names @ ..] => measure_connection(&Contender::named(names)?),
        ["idle", ref names @ ..] => measure_idle(&Contender::named(names)?),
        ["size", ref names @ ..] => measure_size(&Contender::named(names)?),
        ["example"] => measure_example(),
        ["time", ref names @ ..] => measure_time(&Contender::named(names)?),
        ["latency", ref names @ ..] => measure_latency(&Contender::named(names)?),
        ["callers"] => measure_callers(),
        ["databases", "gate"] => databases::count::gate(),
        ["databases", "gate", "store"] => databases::count::store(),
        ["databases", ref names @ ..] => {
            databases::time::measure(&databases::time::peers(names)?, databases::table::record)
        }
        ["gate"] => gate::run(),
        ["gate", "store"] => gate::store(),
        ["pictures"] => pictures::draw(),
        ["page"] => page::write(),
        _ => Err(USAGE.into()),
    }
}

fn print() -> Result<()> {
    for (name, table) in tables::TABLES {
        println!("{name}\n\n{}\n", table()?);
    }
    Ok(())
}

fn all() -> Result<()> {
    let contenders = &CONTENDERS;
    measure_count(contenders)?;
    measure_connection(contenders)?;
    measure_idle(contenders)?;
    measure_size(contenders)?;
    measure_example()?;
    measure_time(contenders)?;
    measure_latency(contenders)
}

fn measure_count(contenders: &[Contender]) -> Result<()> {
    agreement::check(contenders)?;
    record_each("count", contenders, count::measure)?;
    println!("{}", tables::instructions()?);
    println!("{}", tables::allocations()?);
    Ok(())
}

fn measure_connection(contenders: &[Contender]) -> Result<()> {
    record_each("connection", contenders, connection::measure)?;
    println!("{}", tables::connection()?);
    Ok(())
}

fn measure_idle(contenders: &[Contender]) -> Result<()> {
    record_each("idle", contenders, idle::measure)?;
    println!("{}", tables::idle()?);
    Ok(())
}

fn measure_size(contenders: &[Contender]) -> Result<()> {
    record_each("size", contenders, size::measure)?;
    println!("{}", tables::size()?);
    Ok(())
}

fn measure_callers() -> Result<()> {
    let figures = callers::measure()?;
    let public = figures
        .first()
        .map_or(0.0, |(_, instructions)| *instructions);
    println!("{:24}{:>14}{:>14}", "", "instructions", "over Public");
    for (name, instructions) in figures {
        println!("{name:24}{instructions:>14}{:>14}", instructions - public);
    }
    Ok(())
}

fn measure_example() -> Result<()> {
    Part::record("example", OURS, example::measure()?)?;
    println!("{}", tables::example()?);
    Ok(())
}

fn measure_time(contenders: &[Contender]) -> Result<()> {
    for (contender, times) in time::measure(contenders)? {
        Part::record("time", contender, times)?;
    }
    println!("{}", tables::time()?);
    Ok(())
}

fn measure_latency(contenders: &[Contender]) -> Result<()> {
    for (contender, latency) in latency::measure(contenders)? {
        Part::record("latency", contender, latency)?;
    }
    println!("{}", tables::latency()?);
    Ok(())
}

/// Stores the figures of each contender at once, so that an interruption keeps them.
fn record_each<F: Serialize + DeserializeOwned>(
    part: &str,
    contenders: &[Contender],
    measure: impl Fn(Contender) -> Result<F>,
) -> Result<()> {
    contenders
        .iter()
        .try_for_each(|contender| Part::record(part, *contender, measure(*contender)?))
}
