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

use crate::contender::Contender;
use crate::measure::{count, gate};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "usage: resourceful-benches [PART [CONTENDER..]]

  count        instructions and allocations of a request
  gate         ours to bare hyper, and an error where it grew; `gate store` stores the ratios";

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
        ["count", ref names @ ..] => count::run(&Contender::named(names)?),
        ["gate"] => gate::run(),
        ["gate", "store"] => gate::store(),
        _ => Err(USAGE.into()),
    }
}
