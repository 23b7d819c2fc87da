//! Runs a contender under callgrind to count user instructions and allocations.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::Result;
use crate::contender::Contender;
use crate::measure::server::Server;
use crate::measure::{build, tool};

/// Allocation functions of the C library: no contender has another allocator.
const ALLOCATORS: [&str; 6] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
];

#[derive(Debug)]
pub(crate) struct Callgrind {
    pub(crate) server: Server,
    directory: TempDir,
    dumps: usize,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
}

impl Callgrind {
    pub(crate) fn start(contender: Contender, routes: usize) -> Result<Self> {
        Self::run(&build::program(contender)?, &[], routes)
    }

    /// Starts a program with these environment variables.
    pub(crate) fn run(program: &Path, variables: &[(&str, &str)], routes: usize) -> Result<Self> {
        tool::ensure_installed("valgrind")?;
        let directory = tempfile::tempdir()?;
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--dump-line=no"])
            .arg(format!(
                "--callgrind-out-file={}",
                directory.path().join("dump").display()
            ))
            .arg(program)
            .envs(variables.iter().copied());
        Ok(Self {
            server: Server::start(&mut valgrind, routes)?,
            directory,
            dumps: 0,
        })
    }

    /// Counts what the server does during `work`.
    pub(crate) fn count_during(
        &mut self,
        work: impl FnOnce(&Server) -> Result<()>,
    ) -> Result<Count> {
        self.dump()?;
        work(&self.server)?;
        let dump = self.dump()?;
        Ok(Count {
            instructions: instructions(&dump)?,
            allocations: allocations(&dump)?,
        })
    }

    /// Returns the counts since the last dump, and resets them.
    fn dump(&mut self) -> Result<String> {
        self.server.settle()?;
        self.dumps += 1;
        // `callgrind_control` is a script around `vgdb`, but it prints to our terminal.
        let status = Command::new("vgdb")
            .arg(format!("--pid={}", self.server.id()))
            .arg("dump")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            return Err("vgdb cannot connect to valgrind".into());
        }
        self.read(&format!("dump.{}", self.dumps))
    }

    fn read(&self, name: &str) -> Result<String> {
        let path = self.directory.path().join(name);
        let dump = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        fs::remove_file(path)?;
        Ok(dump)
    }
}

fn instructions(dump: &str) -> Result<u64> {
    let total = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind counted nothing")?.trim().parse()?)
}

/// A call is two lines, `cfn=(12) malloc` and `calls=3 0`. Only the first occurrence has the name.
fn allocations(dump: &str) -> Result<u64> {
    let mut allocators = HashSet::new();
    let mut calls = 0;
    let mut allocates = false;
    for line in dump.lines() {
        if let Some((kind @ ("fn" | "cfn"), name)) = line.split_once('=') {
            let (number, name) = name.split_once(' ').unwrap_or((name, ""));
            // callgrind writes `malloc'2` for a recursive call.
            let name = name.split('\'').next().unwrap_or_default();
            if ALLOCATORS.contains(&name) {
                allocators.insert(number);
            }
            allocates = kind == "cfn" && allocators.contains(number);
        } else if let Some(call) = line.strip_prefix("calls=").filter(|_| allocates) {
            let number = call.split(' ').next().unwrap_or_default();
            calls += number.parse::<u64>()?;
        }
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
fn=(1) main
0 5
cfn=(2) malloc
calls=3 0
0 30
cfn=(3) free
calls=7 0
0 30
fn=(2)
0 90
fn=(4) other
cfn=(2)
calls=2 0
0 20
totals: 145
";

    #[test]
    fn a_dump_has_instructions_and_allocator_calls() {
        assert_eq!(instructions(DUMP).unwrap(), 145);
        assert_eq!(allocations(DUMP).unwrap(), 5);
    }
}
