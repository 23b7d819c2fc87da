//! Compile time of the README's first example in a separate crate: a cold build, and after an edit.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::measure::build::workspace;
use crate::measure::command_time::{self, CommandTime};
use crate::measure::statistics::median;

const EDITS: usize = 5;

/// Seconds of a debug build.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Example {
    pub(crate) cold_wall: f64,
    pub(crate) cold_processor: f64,
    pub(crate) warm_wall: f64,
    pub(crate) warm_processor: f64,
}

pub(crate) fn measure() -> Result<Example> {
    // Outside the workspace, or cargo would make it a member.
    let directory = tempfile::tempdir()?;
    let package = directory.path().join("my-api");
    set_up(&package)?;
    let cold = command_time::measure(&mut cargo(&package, "build --quiet"))?;
    let source = fs::File::options()
        .append(true)
        .open(package.join("src/main.rs"))?;
    let mut warm = Vec::new();
    for _ in 0..EDITS {
        source.set_modified(SystemTime::now())?;
        warm.push(command_time::measure(&mut cargo(
            &package,
            "build --quiet",
        ))?);
    }
    let all =
        |figure: fn(&CommandTime) -> f64| median(&warm.iter().map(figure).collect::<Vec<_>>());
    Ok(Example {
        cold_wall: cold.wall,
        cold_processor: cold.processor,
        warm_wall: all(|time| time.wall),
        warm_processor: all(|time| time.processor),
    })
}

/// Follows the README's instructions, with the versions of this workspace's lock file.
fn set_up(package: &Path) -> Result<()> {
    fs::create_dir(package)?;
    command_time::measure(&mut cargo(package, "init --quiet --name my-api"))?;
    fs::copy(workspace().join("Cargo.lock"), package.join("Cargo.lock"))?;
    let ours = workspace().join("crates/resourceful");
    command_time::measure(cargo(package, "add --quiet resourceful --path").arg(ours))?;
    for add in [
        "add --quiet serde --features derive",
        "add --quiet garde@0.23 --features derive",
        "add --quiet schemars@1",
        "add --quiet tokio --features full",
    ] {
        command_time::measure(&mut cargo(package, add))?;
    }
    let readme = fs::read_to_string(workspace().join("README.md"))?;
    let example = readme
        .split_once("```rust,no_run\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (example, _) = example.ok_or("the README has no example")?;
    Ok(fs::write(package.join("src/main.rs"), example)?)
}

/// A cargo command without this process's settings.
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
