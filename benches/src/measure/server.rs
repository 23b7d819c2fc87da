//! A running contender, which ends when its [`Server`] is dropped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::Result;

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Processor time since the start, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticks {
    pub(crate) user: u64,
    pub(crate) kernel: u64,
}

impl Server {
    /// Starts `command`: a contender, or a program that executes one, like `taskset`.
    pub(crate) fn start(command: &mut Command, routes: usize) -> Result<Self> {
        let mut child = command
            .args(["--routes", &routes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        if let Ok(address) = line.trim().parse() {
            return Ok(Self { child, address });
        }
        let errors = child.wait_with_output()?.stderr;
        let errors = String::from_utf8_lossy(&errors);
        Err(format!("{command:?} does not serve:\n{errors}").into())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Runs `work` while the server process is stopped.
    pub(crate) fn while_stopped<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::STOP)?;
        let result = work();
        kill_process(id, Signal::CONT)?;
        result
    }

    /// Waits until the server uses no more processor time.
    pub(crate) fn settle(&self) -> Result<()> {
        let mut before = self.ticks()?;
        loop {
            sleep(Duration::from_millis(50));
            let now = self.ticks()?;
            if now == before {
                return Ok(());
            }
            before = now;
        }
    }

    pub(crate) fn ticks(&self) -> Result<Ticks> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The second field is a name in parentheses, which may contain anything.
        let (_, fields) = stat.rsplit_once(')').ok_or("a process without a name")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut next = || fields.next().ok_or("a process without times");
        Ok(Ticks {
            user: next()?.parse()?,
            kernel: next()?.parse()?,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A contender ends when its standard input is closed.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
