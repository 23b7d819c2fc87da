//! What a command costs while it runs.

use std::fs;
use std::process::Command;
use std::time::Instant;

use rustix::param::clock_ticks_per_second;

use crate::Result;
use crate::measure::number::{ratio, rounded};

/// Seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) wall: f64,
    /// User and kernel, of the command and of all that it started and waited for.
    pub(crate) processor: f64,
}

/// Runs `command`, which must succeed.
pub(crate) fn of(command: &mut Command) -> Result<Work> {
    let before = children()?;
    let start = Instant::now();
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(Work {
        wall: rounded(start.elapsed().as_secs_f64(), 2),
        processor: rounded(ratio(children()? - before, clock_ticks_per_second()), 2),
    })
}

/// Clock ticks of the children that this process has waited for.
fn children() -> Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("a process without a name")?;
    let ticks = fields.split_whitespace().skip(13).take(2);
    ticks
        .map(|ticks| Ok(ticks.parse::<u64>()?))
        .sum::<Result<u64>>()
}
