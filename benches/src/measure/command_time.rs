//! Wall and processor time of a command.

use std::fs;
use std::process::Command;
use std::time::Instant;

use rustix::param::clock_ticks_per_second;

use crate::Result;
use crate::measure::statistics::{ratio, rounded};

/// Times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandTime {
    pub(crate) wall: f64,
    /// User and kernel time of the command and of the children that it waited for.
    pub(crate) processor: f64,
}

/// Runs `command`, which must succeed.
pub(crate) fn measure(command: &mut Command) -> Result<CommandTime> {
    let before = children()?;
    let start = Instant::now();
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(CommandTime {
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
