//! Measures what resourceful costs, beside its peers on the same work.
//!
//! ```sh
//! cargo run --release -p resourceful-benches              # what was measured, as tables
//! cargo run --release -p resourceful-benches -- count     # measures one part
//! cargo run --release -p resourceful-benches -- count axum resourceful
//! ```
//!
//! Each part leaves its figures in `benches/results`; a part measured again for some
//! contenders keeps those of the others.

mod contender;
mod measure;
mod report;

use std::error::Error;
use std::process::ExitCode;

use crate::contender::{CONTENDERS, Contender};
use crate::measure::{connection, count, example, gate, idle, latency, size, time};
use crate::report::{page, pictures, tables};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "\
usage: resourceful-benches [PART [CONTENDER..]]

Without a part: prints all that was measured. Parts that may be measured at any time:

  count        instructions and allocations of a request
  connection   instructions of a connection
  idle         memory of the process, and of a connection that is kept
  size         of the program, number of crates, seconds to compile
  example      seconds to compile the README's first example

On an idle machine:

  time         processor time of a request, requests per second
  latency      at a rate that is given

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
        ["count", ref names @ ..] => count::run(&Contender::named(names)?),
        ["connection", ref names @ ..] => connection::run(&Contender::named(names)?),
        ["idle", ref names @ ..] => idle::run(&Contender::named(names)?),
        ["size", ref names @ ..] => size::run(&Contender::named(names)?),
        ["example"] => example::run(),
        ["time", ref names @ ..] => time::run(&Contender::named(names)?),
        ["latency", ref names @ ..] => latency::run(&Contender::named(names)?),
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
    count::run(contenders)?;
    connection::run(contenders)?;
    idle::run(contenders)?;
    size::run(contenders)?;
    example::run()?;
    time::run(contenders)?;
    latency::run(contenders)
}
