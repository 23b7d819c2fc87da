//! External programs that the measurements need.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::measure::build::target;

/// Installs `program` from the Debian package of the same name, if it is missing.
pub(crate) fn ensure_installed(program: &str) -> Result<()> {
    if require(program).is_ok() {
        return Ok(());
    }
    eprintln!("installing {program}");
    // The check below reports a failure.
    for arguments in [&["update"][..], &["install", "--yes", program]] {
        let _ = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output();
    }
    require(program)
}

/// # Errors
/// If it is missing; the message has the command to install it.
fn require(program: &str) -> Result<()> {
    // The output does not matter.
    let started = Command::new(program).arg("--version").output();
    started.map_err(|error| {
        format!("{program} is needed: {error}. On Debian: apt-get install {program}")
    })?;
    Ok(())
}

/// Installs `program` from the crate of the same name into the target directory, and returns its path.
pub(crate) fn cargo_install(program: &str) -> Result<PathBuf> {
    let root = target()?.join("tools");
    let path = root.join("bin").join(program);
    if path.exists() {
        return Ok(path);
    }
    eprintln!("installing {program}");
    let status = Command::new("cargo")
        .args(["install", "--quiet", "--locked", program])
        .arg("--root")
        .arg(root)
        .status()?;
    if !status.success() {
        return Err(format!("{program} is needed, and cargo cannot install it").into());
    }
    Ok(path)
}
