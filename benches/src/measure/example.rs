//! How long a user waits: the first example of the README, in a crate of its own, from nothing
//! and after an edit.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::OURS;
use crate::measure::build::workspace;
use crate::measure::number::median;
use crate::measure::work::{self, Work};
use crate::report::results::Part;
use crate::report::tables;

const EDITS: usize = 5;

/// Seconds of a debug build.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Example {
    pub(crate) cold_wall: f64,
    pub(crate) cold_processor: f64,
    pub(crate) warm_wall: f64,
    pub(crate) warm_processor: f64,
}

pub(crate) fn run() -> Result<()> {
    // Outside the workspace, which cargo would make it a member of.
    let directory = tempfile::tempdir()?;
    let package = directory.path().join("my-api");
    set_up(&package)?;
    let cold = work::of(&mut cargo(&package, "build --quiet"))?;
    let source = fs::File::options()
        .append(true)
        .open(package.join("src/main.rs"))?;
    let mut warm = Vec::new();
    for _ in 0..EDITS {
        source.set_modified(SystemTime::now())?;
        warm.push(work::of(&mut cargo(&package, "build --quiet"))?);
    }
    let all = |figure: fn(&Work) -> f64| median(&warm.iter().map(figure).collect::<Vec<_>>());
    let figures = Example {
        cold_wall: cold.wall,
        cold_processor: cold.processor,
        warm_wall: all(|work| work.wall),
        warm_processor: all(|work| work.processor),
    };
    Part::record("example", OURS, figures)?;
    println!("{}", tables::example()?);
    Ok(())
}

/// What the README tells the reader to do, with the versions of this workspace's lock.
fn set_up(package: &Path) -> Result<()> {
    fs::create_dir(package)?;
    work::of(&mut cargo(package, "init --quiet --name my-api"))?;
    fs::copy(workspace().join("Cargo.lock"), package.join("Cargo.lock"))?;
    let ours = workspace().join("crates/resourceful");
    work::of(cargo(package, "add --quiet resourceful --path").arg(ours))?;
    for add in [
        "add --quiet serde --features derive",
        "add --quiet garde@0.23 --features derive",
        "add --quiet schemars@1",
        "add --quiet tokio --features full",
    ] {
        work::of(&mut cargo(package, add))?;
    }
    let readme = fs::read_to_string(workspace().join("README.md"))?;
    let example = readme
        .split_once("```rust,no_run\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (example, _) = example.ok_or("the README has no example")?;
    Ok(fs::write(package.join("src/main.rs"), example)?)
}

/// As a user has it, whatever this process was told.
fn cargo(package: &Path, arguments: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(package).args(arguments.split(' '));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PROFILE_")
            || ["CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "RUSTFLAGS"].contains(&&*text)
        {
            cargo.env_remove(name);
        }
    }
    cargo
}
