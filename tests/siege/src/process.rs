//! Observes a child process: memory, descriptors, exit.

use std::time::{Duration, Instant};

use resourceful_test_parts::Process;
use rustix::process::{Pid, Resource, Rlimit, Signal};
use tokio::time::{sleep, timeout};

use crate::Result;

/// Raises the soft limit of descriptors to the hard one, for this process and its children.
pub(crate) fn raise_descriptors() -> Result<()> {
    let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: hard,
        maximum: hard,
    };
    Ok(rustix::process::setrlimit(Resource::Nofile, raised)?)
}

/// Maximum number of descriptors of this process.
pub(crate) fn most_descriptors() -> usize {
    let limit = rustix::process::getrlimit(Resource::Nofile).current;
    limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX)
}

/// Number of open descriptors of a process.
pub(crate) fn descriptors(id: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{id}/fd"))?.count())
}

/// Waits until `is` accepts the number of a process's descriptors. Returns the elapsed time, or `None`
/// after `limit`.
pub(crate) async fn wait_for_descriptors(
    id: u32,
    limit: Duration,
    is: impl Fn(usize) -> bool,
) -> Result<Option<Duration>> {
    let started = Instant::now();
    while !is(descriptors(id)?) {
        if started.elapsed() > limit {
            return Ok(None);
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(Some(started.elapsed()))
}

/// Resident memory in KiB.
pub(crate) fn resident(id: u32) -> Result<u64> {
    memory(id, "VmRSS:")
}

fn memory(id: u32, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let figure = line.and_then(|line| line.split_whitespace().next());
    Ok(figure.ok_or("no memory in /proc")?.parse()?)
}

/// Processor time of a process.
pub(crate) fn processor_time(id: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // After the name of the program, which may contain spaces: user and system time in hundredths
    // of a second (proc(5)).
    let (_, rest) = stat.rsplit_once(')').ok_or("no name in /proc")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = 0;
    for _ in 0..2 {
        let field = fields.next().ok_or("no time in /proc")?;
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(10 * ticks))
}

/// Measures the growth of a process's memory from now on.
pub(crate) struct Growth {
    id: u32,
    before: u64,
}

impl Growth {
    pub(crate) fn from_now(id: u32) -> Result<Self> {
        // 5 resets the peak (proc(5)).
        std::fs::write(format!("/proc/{id}/clear_refs"), "5")?;
        let before = resident(id)?;
        Ok(Self { id, before })
    }

    /// Peak growth in KiB.
    pub(crate) fn at_most(&self) -> Result<u64> {
        Ok(memory(self.id, "VmHWM:")?.saturating_sub(self.before))
    }
}

/// Exit of a process.
pub(crate) struct End {
    pub(crate) printed: String,
    pub(crate) is_success: bool,
    /// Time since the signal.
    pub(crate) after: Duration,
}

/// Sends SIGTERM and waits. After `limit` it kills the process and returns `None`.
pub(crate) async fn terminate(process: Process, limit: Duration) -> Result<Option<End>> {
    let id = i32::try_from(process.id())?;
    let mut ending = tokio::task::spawn_blocking(|| {
        let started = Instant::now();
        let (printed, is_success) = process.stop("-TERM");
        End {
            printed,
            is_success,
            after: started.elapsed(),
        }
    });
    if let Ok(end) = timeout(limit, &mut ending).await {
        return Ok(Some(end?));
    }
    let id = Pid::from_raw(id).ok_or("a process has an id")?;
    rustix::process::kill_process(id, Signal::KILL)?;
    ending.await?;
    Ok(None)
}
