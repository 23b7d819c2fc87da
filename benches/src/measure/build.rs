//! Builds a contender, alone: its peers' features never reach it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::contender::Contender;

const PACKAGE: &str = "resourceful-benches";

/// Where the workspace is.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("benches is in the workspace")
}

/// Cargo, about one contender and nothing else.
pub(crate) fn cargo(command: &str, contender: Contender) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace())
        .args([command, "--locked", "--package", PACKAGE])
        .args(["--no-default-features", "--features", contender.name]);
    cargo
}

/// The target directory that this program was built into.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target
        .ok_or("this program is not where cargo puts programs")?
        .to_owned())
}

/// The program of a contender, built for release beside this one.
pub(crate) fn program(contender: Contender) -> Result<PathBuf> {
    let target = target()?;
    let status = command(contender, &target).status()?;
    if !status.success() {
        return Err(format!("{} does not build", contender.name).into());
    }
    Ok(target.join("release").join(contender.name))
}

/// What builds it for release.
pub(crate) fn command(contender: Contender, target: &Path) -> Command {
    let mut build = cargo("build", contender);
    build
        .args(["--release", "--quiet", "--bin", contender.name])
        .env("CARGO_TARGET_DIR", target);
    build
}

/// The crates of a contender, as `name v1.2.3`, without the bench's own: what `cargo tree` lists
/// for `edges`, each version once.
pub(crate) fn crates(contender: Contender, edges: &[&str]) -> Result<Vec<String>> {
    let output = cargo("tree", contender)
        .args(["--edges", "normal", "--prefix", "none", "--no-dedupe"])
        .args(edges)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo tree fails for {}", contender.name).into());
    }
    let tree = String::from_utf8(output.stdout)?;
    // A path or `(proc-macro)` may follow the version.
    let crates = tree.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').take(2).collect();
        words.join(" ")
    });
    let mut crates: Vec<String> = crates.filter(|name| !name.starts_with(PACKAGE)).collect();
    crates.sort();
    crates.dedup();
    Ok(crates)
}

/// The version of what the contender is called after.
pub(crate) fn version(contender: Contender) -> Result<String> {
    let direct = crates(contender, &["--depth", "1"])?;
    let version = direct.iter().find_map(|line| {
        let (name, version) = line.split_once(" v")?;
        (name == contender.package).then(|| version.to_owned())
    });
    version.ok_or_else(|| format!("{} does not depend on itself", contender.name).into())
}
