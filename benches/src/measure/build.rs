//! Builds each contender alone, so that features of its peers do not affect it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::Result;
use crate::contender::Contender;

const PACKAGE: &str = "resourceful-benches";

/// Root directory of the workspace. A program that another clone has built and left in the target directory is run,
/// too, so cargo says it at run time.
pub(crate) fn workspace() -> &'static Path {
    static PACKAGE: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR");
        package.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
    });
    PACKAGE.parent().expect("benches is in the workspace")
}

/// A cargo command for one contender.
pub(crate) fn cargo(command: &str, contender: Contender) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace())
        .args([command, "--locked", "--package", PACKAGE])
        .args(["--no-default-features", "--features", contender.name]);
    cargo
}

/// Target directory of this program.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target
        .ok_or("this program is not in a target directory of cargo")?
        .to_owned())
}

/// Builds a contender for release and returns the path of its program.
pub(crate) fn program(contender: Contender) -> Result<PathBuf> {
    let target = target()?;
    let status = command(contender, &target).status()?;
    if !status.success() {
        return Err(format!("{} does not build", contender.name).into());
    }
    Ok(target.join("release").join(contender.name))
}

/// Cargo command that builds a contender for release.
pub(crate) fn command(contender: Contender, target: &Path) -> Command {
    let mut build = cargo("build", contender);
    build
        .args(["--release", "--quiet", "--bin", contender.name])
        .env("CARGO_TARGET_DIR", target);
    build
}

/// Crates of a contender, as `name v1.2.3`, without this package: each version that `cargo tree`
/// lists for `edges`, once.
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

/// Version of the contender's package.
pub(crate) fn version(contender: Contender) -> Result<String> {
    let direct = crates(contender, &["--depth", "1"])?;
    let version = direct.iter().find_map(|line| {
        let (name, version) = line.split_once(" v")?;
        (name == contender.package).then(|| version.to_owned())
    });
    version.ok_or_else(|| format!("{} does not depend on its own package", contender.name).into())
}
