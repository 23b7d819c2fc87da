//! Programs of others that are measured with.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::measure::build::target;

/// Has `program` here, of the Debian package of the same name.
pub(crate) fn installed(program: &str) -> Result<()> {
    if needed(program).is_ok() {
        return Ok(());
    }
    eprintln!("installing {program}");
    // Whether that went well is seen by whether it is there.
    for arguments in [&["update"][..], &["install", "--yes", program]] {
        let _ = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output();
    }
    needed(program)
}

/// # Errors
/// Where it is not here: says how to get it.
fn needed(program: &str) -> Result<()> {
    // Whatever it says of its version.
    let started = Command::new(program).arg("--version").output();
    started.map_err(|error| {
        format!("{program} is needed: {error}. On Debian: apt-get install {program}")
    })?;
    Ok(())
}

/// The path of `program`, of the crate of the same name, built into the target directory.
pub(crate) fn cargo(program: &str) -> Result<PathBuf> {
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
