//! Compile time and program size. Slow, because each contender is built from scratch.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::Contender;
use crate::measure::statistics::ratio;
use crate::measure::{build, command_time};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Size {
    /// Size of the stripped program.
    pub(crate) kilobytes: f64,
    /// Crates that are linked or run as macros, without the contender itself.
    pub(crate) crates: usize,
    pub(crate) processor_seconds: f64,
    pub(crate) wall_seconds: f64,
}

pub(crate) fn measure(contender: Contender) -> Result<Size> {
    eprintln!("building {}", contender.name);
    // In the target directory, whose disk may have more space. It is deleted afterwards.
    let directory = tempfile::tempdir_in(build::target()?)?;
    let time = command_time::measure(&mut build::command(contender, directory.path()))?;
    let program = directory.path().join("release").join(contender.name);
    command_time::measure(Command::new("strip").arg(&program))?;
    Ok(Size {
        kilobytes: ratio(fs::metadata(&program)?.len(), 1024).round(),
        crates: build::crates(contender, &[])?.len(),
        processor_seconds: time.processor,
        wall_seconds: time.wall,
    })
}
