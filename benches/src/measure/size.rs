//! What a contender costs before its first request: to compile, and to ship. Slow: each is
//! built from nothing.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::number::ratio;
use crate::measure::{build, work};
use crate::report::results::Part;
use crate::report::tables;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Size {
    /// Of the stripped program.
    pub(crate) kilobytes: f64,
    /// What is compiled into it or runs as a macro, without itself.
    pub(crate) crates: usize,
    pub(crate) processor_seconds: f64,
    pub(crate) wall_seconds: f64,
}

pub(crate) fn run(contenders: &[Contender]) -> Result<()> {
    for contender in contenders {
        eprintln!("building {}", contender.name);
        Part::record("size", *contender, size(*contender)?)?;
    }
    println!("{}", tables::size()?);
    Ok(())
}

fn size(contender: Contender) -> Result<Size> {
    // Beside the other target directory, which may be on a disk that has more room; gone after it.
    let directory = tempfile::tempdir_in(build::target()?)?;
    let work = work::of(&mut build::command(contender, directory.path()))?;
    let program = directory.path().join("release").join(contender.name);
    work::of(Command::new("strip").arg(&program))?;
    Ok(Size {
        kilobytes: ratio(fs::metadata(&program)?.len(), 1024).round(),
        crates: build::crates(contender, &[])?.len(),
        processor_seconds: work.processor,
        wall_seconds: work.wall,
    })
}
